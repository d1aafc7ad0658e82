package term

// Colour is one of the colours that every terminal has, and that can be read on
// light and dark ones.
type Colour string

// The colours.
const (
	Red     Colour = "31"
	Green   Colour = "32"
	Yellow  Colour = "33"
	Blue    Colour = "34"
	Magenta Colour = "35"
	Cyan    Colour = "36"
)

// In returns text in a colour.
func (s Style) In(c Colour, text string) string { return s.paint(string(c), text) }

// Heading returns text in a colour and bold.
func (s Style) Heading(c Colour, text string) string { return s.paint("1;"+string(c), text) }
