// Package term knows how text may look on a stream: with colours and marks on a
// terminal, in plain ASCII anywhere else.
package term

import (
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"
)

// plainWidth is how wide text is where nobody says, and at most.
const plainWidth = 100

// Style is how text looks on one stream. The zero Style is plain ASCII, 100
// columns wide.
type Style struct {
	fancy bool
	width int
}

// StyleOf returns what fits w: colours and marks if w is a terminal, unless the
// environment has a NO_COLOR that is not empty (https://no-color.org) or says
// that the terminal is dumb. Windows consoles do not understand colours unless
// they are told to, and get plain text.
func StyleOf(w io.Writer, getenv func(string) string) Style {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return Style{}
	}
	s := Style{fancy: fancy(runtime.GOOS, getenv)}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil {
		s.width = width
	}
	return s
}

// fancy reports whether a terminal may be sent more than plain text.
func fancy(goos string, getenv func(string) string) bool {
	return goos != "windows" && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

// Fancy is the style of a terminal of this width.
func Fancy(width int) Style { return Style{fancy: true, width: width} }

// Terminal reports whether it is the style of a terminal, with or without colours.
func (s Style) Terminal() bool { return s.width > 0 }

// Width returns how many columns a line may have: the terminal's, 100 at most.
func (s Style) Width() int {
	if s.width <= 0 {
		return plainWidth
	}
	return min(s.width, plainWidth)
}

// Bold returns text, bold.
func (s Style) Bold(text string) string { return s.paint("1", text) }

// Dim returns text, dimmed.
func (s Style) Dim(text string) string { return s.paint("2", text) }

// Good returns text in green.
func (s Style) Good(text string) string { return s.paint("32", text) }

// Bad returns text in red and bold.
func (s Style) Bad(text string) string { return s.paint("1;31", text) }

func (s Style) paint(code, text string) string {
	if !s.fancy {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Mark returns what stands before something that is as it should be, or is not.
func (s Style) Mark(ok bool) string {
	switch {
	case ok && s.fancy:
		return s.Good("✓")
	case ok:
		return "ok"
	case s.fancy:
		return s.Bad("✗")
	default:
		return "FAILED"
	}
}

// MarkWidth is the width of a column of marks.
func (s Style) MarkWidth() int {
	if s.fancy {
		return 5
	}
	return 8
}

// Clean returns text from elsewhere as it may be shown: without control
// characters and, in plain style, in ASCII.
func (s Style) Clean(text string) string {
	text = strings.NewReplacer("…", "...", "→", "->", "\t", " ", "\n", " ").Replace(text)
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r > 0x7f && !s.fancy {
			return '?'
		}
		return r
	}, text)
}
