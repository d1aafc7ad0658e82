// Package plot draws line charts as SVG, for docs/fleet.md: panels one below the
// other that share the horizontal axis. The same chart is the same bytes.
package plot

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Chart is a picture, 800 units wide.
type Chart struct {
	Title, Subtitle string
	// X is the axis that all panels share.
	X Axis
	// Band is a stretch of it that is shaded in all panels; none if it has no
	// label.
	Band   Band
	Panels []Panel
}

// Axis is a scale with its marks.
type Axis struct {
	Label string
	// Log makes it logarithmic. Then Min must be more than 0; what is less is
	// drawn at Min.
	Log      bool
	Min, Max float64
	Ticks    []float64
}

// Band is a stretch of the horizontal axis.
type Band struct {
	From, To float64
	Label    string
}

// Panel is one diagram.
type Panel struct {
	Title  string
	Y      Axis
	Height int // of the plotting area
	Series []Series
}

// Series is one line, or the area below it.
type Series struct {
	Name   string
	Color  string
	Dashed bool
	Filled bool
	Dots   bool // marks each point
	Points []Point
}

// Point is one point of a series.
type Point struct{ X, Y float64 }

// Where things are.
const (
	width     = 800
	left      = 78
	right     = 30
	headroom  = 62 // title and subtitle
	panelHead = 34 // a panel's title and legend
	footroom  = 46 // the horizontal axis' marks and label
)

// SVG returns the picture.
func (c *Chart) SVG() []byte {
	height := headroom + footroom
	for i := range c.Panels {
		height += panelHead + c.Panels[i].Height
	}
	d := &drawing{}
	d.add(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="Helvetica, Arial, sans-serif" font-size="13" fill="#24292f">`,
		width, height, width, height)
	d.add(`<rect width="%d" height="%d" fill="#ffffff"/>`, width, height)
	d.text(left, 26, `font-size="17" font-weight="bold"`, c.Title)
	d.text(left, 47, `fill="#57606a"`, c.Subtitle)
	top := headroom
	for i := range c.Panels {
		top += panelHead
		c.panel(d, &c.Panels[i], top, i == len(c.Panels)-1)
		top += c.Panels[i].Height
	}
	d.text((left+width-right)/2, float64(top+39), `text-anchor="middle"`, c.X.Label)
	d.add(`</svg>`)
	return d.Bytes()
}

func (c *Chart) panel(d *drawing, p *Panel, top int, last bool) {
	x := func(v float64) float64 { return left + c.X.at(v)*(width-right-left) }
	y := func(v float64) float64 { return float64(top+p.Height) - p.Y.at(v)*float64(p.Height) }
	bottom := float64(top + p.Height)

	if c.Band.Label != "" {
		d.add(`<rect x="%s" y="%d" width="%s" height="%d" fill="#f3e3e1"/>`,
			num(x(c.Band.From)), top, num(x(c.Band.To)-x(c.Band.From)), p.Height)
	}
	for _, v := range p.Y.Ticks {
		d.add(`<path d="M%d %sH%d" stroke="#d8dee4" stroke-width="1"/>`, left, num(y(v)), width-right)
		d.text(left-8, y(v)+4, `text-anchor="end" font-size="12"`, label(v))
	}
	for _, v := range c.X.Ticks {
		d.add(`<path d="M%s %sv5" stroke="#57606a"/>`, num(x(v)), num(bottom))
		if last {
			d.text(x(v), bottom+19, `text-anchor="middle" font-size="12"`, label(v))
		}
	}
	for _, s := range p.Series {
		s.draw(d, x, y, bottom)
	}
	if c.Band.Label != "" { // on top, with a halo
		d.text((x(c.Band.From)+x(c.Band.To))/2, float64(top+18),
			`text-anchor="middle" fill="#a4564b" font-size="12" stroke="#f3e3e1" stroke-width="5" paint-order="stroke"`, c.Band.Label)
	}
	d.add(`<path d="M%d %dV%sH%d" fill="none" stroke="#57606a"/>`, left, top, num(bottom), width-right)
	d.add(`<text transform="translate(18 %s) rotate(-90)" text-anchor="middle">%s</text>`,
		num(float64(top)+float64(p.Height)/2), escape(p.Y.Label))
	d.text(left, float64(top-10), `font-weight="bold"`, p.Title)
	p.legend(d, float64(top-10))
}

// legend names the series, from the right.
func (p *Panel) legend(d *drawing, y float64) {
	x := float64(width - right)
	for i := len(p.Series) - 1; i >= 0; i-- {
		s := &p.Series[i]
		if s.Name == "" {
			continue
		}
		x -= 7.2 * float64(len([]rune(s.Name)))
		d.text(x, y, `font-size="12"`, s.Name)
		dash := ""
		if s.Dashed {
			dash = ` stroke-dasharray="5 3"`
		}
		thickness := 2.5
		if s.Filled {
			thickness = 9
		}
		d.add(`<path d="M%s %sh18" stroke="%s" stroke-width="%s"%s/>`, num(x-24), num(y-4), s.Color, num(thickness), dash)
		x -= 40
	}
}

func (s *Series) draw(d *drawing, x, y func(float64) float64, bottom float64) {
	if len(s.Points) == 0 {
		return
	}
	var path strings.Builder
	for i, p := range s.Points {
		path.WriteString(map[bool]string{true: "M", false: "L"}[i == 0] + num(x(p.X)) + " " + num(y(p.Y)))
	}
	if s.Filled {
		first, last := s.Points[0], s.Points[len(s.Points)-1]
		d.add(`<path d="%sL%s %sL%s %sZ" fill="%s" stroke="%s" stroke-width="0.8"/>`,
			path.String(), num(x(last.X)), num(bottom), num(x(first.X)), num(bottom), s.Color, s.Color)
		return
	}
	dash := ""
	if s.Dashed {
		dash = ` stroke-dasharray="5 3"`
	}
	d.add(`<path d="%s" fill="none" stroke="%s" stroke-width="2" stroke-linejoin="round"%s/>`, path.String(), s.Color, dash)
	if s.Dots {
		for _, p := range s.Points {
			d.add(`<circle cx="%s" cy="%s" r="3.5" fill="%s"/>`, num(x(p.X)), num(y(p.Y)), s.Color)
		}
	}
}

// at returns where v is on the axis: 0 at Min, 1 at Max, and no further.
func (a *Axis) at(v float64) float64 {
	v = min(max(v, a.Min), a.Max)
	if a.Log {
		return math.Log(v/a.Min) / math.Log(a.Max/a.Min)
	}
	return (v - a.Min) / (a.Max - a.Min)
}

type drawing struct{ bytes.Buffer }

func (d *drawing) add(format string, args ...any) {
	_, _ = fmt.Fprintf(d, format+"\n", args...) // a Buffer takes everything
}

func (d *drawing) text(x, y float64, attributes, text string) {
	d.add(`<text x="%s" y="%s" %s>%s</text>`, num(x), num(y), attributes, escape(text))
}

// num writes a coordinate to a tenth: more is not seen, and might differ between
// machines.
func num(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// label writes a mark's number with commas.
func label(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	whole, rest, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest != "" {
		whole += "." + rest
	}
	return whole
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
