package plot_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/sim/plot"
)

// element is one element of a picture.
type element struct {
	name string
	attr map[string]string
	text string
}

// draw returns the elements of a chart's picture, which must be XML.
func draw(t *testing.T, c plot.Chart) []element {
	t.Helper()
	var out []element
	dec := xml.NewDecoder(strings.NewReader(string(c.SVG())))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			e := element{name: token.Name.Local, attr: map[string]string{}}
			for _, a := range token.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			out = append(out, e)
		case xml.CharData:
			if len(out) > 0 {
				out[len(out)-1].text += strings.TrimSpace(string(token))
			}
		}
	}
}

func find(elements []element, match func(e element) bool) []element {
	var out []element
	for _, e := range elements {
		if match(e) {
			out = append(out, e)
		}
	}
	return out
}

func texts(elements []element) []string {
	var out []string
	for _, e := range elements {
		if e.name == "text" {
			out = append(out, e.text)
		}
	}
	return out
}

// chart is one panel of 100 by 692 units with the origin at 78, 196.
func chart(s ...plot.Series) plot.Chart {
	return plot.Chart{
		Title: "A < B & C", Subtitle: "sub",
		X:      plot.Axis{Label: "minutes", Max: 100, Ticks: []float64{0, 50, 100}},
		Panels: []plot.Panel{{Title: "panel", Height: 100, Y: plot.Axis{Label: "things", Min: 1, Max: 10_000, Log: true, Ticks: []float64{1, 0.5, 1000}}, Series: s}},
	}
}

func TestChart(t *testing.T) {
	t.Run("it says what it shows", func(t *testing.T) {
		got := texts(draw(t, chart(plot.Series{Name: "line", Color: "red"})))
		require.Subset(t, got, []string{"A < B & C", "sub", "minutes", "things", "panel", "line", "0", "50", "100", "1", "0.5", "1,000"})
	})
	t.Run("points lie where the axes say", func(t *testing.T) {
		c := chart(plot.Series{Name: "line", Color: "red", Points: []plot.Point{{0, 1}, {50, 100}, {100, 10_000}}})
		lines := find(draw(t, c), func(e element) bool { return e.attr["stroke"] == "red" && e.attr["fill"] == "none" })
		require.Len(t, lines, 1)
		require.Equal(t, "M78.0 196.0L424.0 146.0L770.0 96.0", lines[0].attr["d"])
		c.Panels[0].Y.Min = 0.01
		lines = find(draw(t, c), func(e element) bool { return e.attr["stroke"] == "red" && e.attr["fill"] == "none" })
		require.Equal(t, "M78.0 162.7L424.0 129.3L770.0 96.0", lines[0].attr["d"])
		c.Panels[0].Y.Log, c.Panels[0].Y.Min = false, 0
		lines = find(draw(t, c), func(e element) bool { return e.attr["stroke"] == "red" && e.attr["fill"] == "none" })
		require.Equal(t, "M78.0 196.0L424.0 195.0L770.0 96.0", lines[0].attr["d"])
	})
	t.Run("what is off the axes is drawn at their ends", func(t *testing.T) {
		c := chart(plot.Series{Color: "red", Points: []plot.Point{{-1, 0}, {200, 1e9}}})
		lines := find(draw(t, c), func(e element) bool { return e.attr["stroke"] == "red" })
		require.Equal(t, "M78.0 196.0L770.0 96.0", lines[0].attr["d"])
	})
	t.Run("areas are closed at the bottom, dots mark points, dashes are dashed", func(t *testing.T) {
		points := []plot.Point{{0, 10}, {100, 10}}
		all := draw(t, chart(
			plot.Series{Name: "area", Color: "red", Filled: true, Points: points},
			plot.Series{Name: "dots", Color: "blue", Dots: true, Points: points},
			plot.Series{Name: "dashes", Color: "green", Dashed: true, Points: points},
		))
		area := find(all, func(e element) bool { return e.attr["fill"] == "red" })
		require.Equal(t, "M78.0 171.0L770.0 171.0L770.0 196.0L78.0 196.0Z", area[0].attr["d"])
		require.Len(t, find(all, func(e element) bool { return e.name == "circle" && e.attr["fill"] == "blue" }), 2)
		require.Len(t, find(all, func(e element) bool { return e.attr["stroke"] == "green" && e.attr["stroke-dasharray"] != "" }), 2, "the line and its key")
	})
	t.Run("a band shades its stretch of every panel", func(t *testing.T) {
		c := chart()
		c.Panels = append(c.Panels, c.Panels[0])
		c.Band = plot.Band{From: 25, To: 75, Label: "outage"}
		all := draw(t, c)
		bands := find(all, func(e element) bool { return e.name == "rect" && e.attr["x"] == "251.0" && e.attr["width"] == "346.0" })
		require.Len(t, bands, 2)
		require.Len(t, find(all, func(e element) bool { return e.text == "outage" }), 2)
		require.Equal(t, "0 0 800 376", all[0].attr["viewBox"])
	})
}
