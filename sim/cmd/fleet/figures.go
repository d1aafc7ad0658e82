package main

import (
	"strconv"
	"time"

	"github.com/promptcache/promptcache-go/sim"
	"github.com/promptcache/promptcache-go/sim/plot"
)

// drawn is the size of the fleet that is drawn.
const drawn = 1000

// looks are how each policy is drawn.
var looks = map[string]struct{ line, area string }{
	"promptcache": {"#0969da", "#9fc7f5"},
	"LangSmith's": {"#bc4c00", "#f5c9a6"},
	"Langfuse's":  {"#6f42c1", "#d3c2ee"},
}

// results are what came of the fleets that are drawn, by limit and policy.
type results map[string]map[string]*sim.Result

// figures returns the pictures by file name.
func figures(rs results, n numbers) map[string][]byte {
	return map[string][]byte{
		"rate.svg":  rateFigure(rs),
		"age.svg":   ageFigure(rs),
		"limit.svg": limitFigure(rs),
		"size.svg":  sizeFigure(n),
		"back.svg":  backFigure(n),
	}
}

func overTime(title, subtitle string) plot.Chart {
	return plot.Chart{
		Title: title, Subtitle: subtitle,
		X:    plot.Axis{Label: "minutes since the deploy", Max: 120, Ticks: []float64{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120}},
		Band: plot.Band{From: 40, To: 70, Label: "registry down"},
	}
}

// rateFigure shows what the registry gets in each second.
func rateFigure(rs results) []byte {
	c := overTime("Requests per second at the registry", "1,000 instances × 20 prompts, all started at once, TTL 5 min, no limit")
	for _, p := range sim.Policies() {
		r, look := rs["none"][p.Name()], looks[p.Name()]
		c.Panels = append(c.Panels, plot.Panel{
			Title: p.Name(), Height: 150,
			Y: plot.Axis{Label: "requests/s (log)", Log: true, Min: 1, Max: 20_000, Ticks: []float64{1, 10, 100, 1000, 10_000}},
			Series: []plot.Series{
				{Name: "busiest second of 10", Color: look.area, Filled: true, Points: busiest(r, 10*time.Second)},
				{Name: "mean of a minute", Color: look.line, Points: meanRate(r)},
			},
		})
	}
	return c.SVG()
}

// busiest returns the busiest second of each span.
func busiest(r *sim.Result, span time.Duration) []plot.Point {
	var out []plot.Point
	for from := time.Duration(0); from < r.Scenario.Duration; from += span {
		peak := float64(r.Rate(from, from+span).Peak)
		out = append(out, plot.Point{X: from.Minutes(), Y: peak}, plot.Point{X: (from + span).Minutes(), Y: peak})
	}
	return out
}

// meanRate returns the mean rate of each minute.
func meanRate(r *sim.Result) []plot.Point {
	return eachMinute(r, func(from time.Duration) float64 { return r.Rate(from, from+time.Minute).Mean })
}

func eachMinute(r *sim.Result, y func(from time.Duration) float64) []plot.Point {
	var out []plot.Point
	for from := time.Duration(0); from < r.Scenario.Duration; from += time.Minute {
		out = append(out, plot.Point{X: from.Minutes() + 0.5, Y: y(from)})
	}
	return out
}

// ageFigure shows how old what readers get is.
func ageFigure(rs results) []byte {
	c := overTime("Age of the prompts that readers get", "99 % of each minute's reads are no older; 1,000 instances × 20 prompts, TTL 5 min")
	for _, l := range limits {
		panel := plot.Panel{
			Title: titles[l.name], Height: 170,
			Y: plot.Axis{Label: "minutes", Max: 95, Ticks: []float64{0, 15, 30, 45, 60, 75, 90}},
		}
		for _, p := range sim.Policies() {
			r := rs[l.name][p.Name()]
			panel.Series = append(panel.Series, plot.Series{
				Name: p.Name(), Color: looks[p.Name()].line,
				Points: eachMinute(r, func(from time.Duration) float64 { return r.AgeInMinute(int(from/time.Minute), 0.99).Minutes() }),
			})
		}
		c.Panels = append(c.Panels, panel)
	}
	return c.SVG()
}

// limitFigure shows requests where the registry limits them.
func limitFigure(rs results) []byte {
	c := overTime("Requests per minute at a registry that limits them", "1,000 instances × 20 prompts need 4,000 a minute; what is over the limit is refused (429)")
	for _, l := range limits[1:] {
		panel := plot.Panel{
			Title: titles[l.name], Height: 190,
			Y: plot.Axis{Label: "requests/min (log)", Log: true, Min: 100, Max: 200_000, Ticks: []float64{100, 1000, 10_000, 100_000}},
		}
		for _, p := range sim.Policies() {
			r := rs[l.name][p.Name()]
			panel.Series = append(panel.Series, plot.Series{
				Name: p.Name(), Color: looks[p.Name()].line,
				Points: eachMinute(r, func(from time.Duration) float64 { return float64(r.Rate(from, from+time.Minute).Total) }),
			})
		}
		line := float64(rs[l.name]["promptcache"].Scenario.Limit)
		panel.Series = append(panel.Series, plot.Series{
			Name: "limit", Color: "#57606a", Dashed: true, Points: []plot.Point{{X: 0, Y: line}, {X: 120, Y: line}},
		})
		c.Panels = append(c.Panels, panel)
	}
	return c.SVG()
}

// sizeFigure shows the busiest second of fleets of all sizes.
func sizeFigure(n numbers) []byte {
	c := plot.Chart{
		Title: "The busiest second", Subtitle: "from the first minute after the deploy on; the need is one fetch per prompt and TTL",
		X: plot.Axis{Label: "instances (log)", Log: true, Min: 1, Max: 100_000, Ticks: []float64{1, 10, 100, 1000, 10_000, 100_000}},
	}
	mean := plot.Series{Name: "the need", Color: "#57606a", Dashed: true}
	for _, x := range c.X.Ticks {
		mean.Points = append(mean.Points, plot.Point{X: x, Y: x * 20 / 300})
	}
	for _, l := range limits {
		panel := plot.Panel{
			Title: titles[l.name], Height: 220,
			Y: plot.Axis{Label: "requests/s (log)", Log: true, Min: 0.05, Max: 1_000_000, Ticks: []float64{0.1, 1, 10, 100, 1000, 10_000, 100_000, 1_000_000}},
		}
		for _, p := range sim.Policies() {
			panel.Series = append(panel.Series, plot.Series{
				Name: p.Name(), Color: looks[p.Name()].line, Dots: true, Points: n.bySize(l.name, p.Name(), "peak_rps"),
			})
		}
		panel.Series = append(panel.Series, mean)
		c.Panels = append(c.Panels, panel)
	}
	return c.SVG()
}

// bySize returns a column of the fleets of all sizes, where it says something.
func (n numbers) bySize(limit, policy, column string) []plot.Point {
	var out []plot.Point
	for _, r := range n {
		if r["limit"] == limit && r["policy"] == policy && r[column] != "" {
			out = append(out, plot.Point{X: number(r["instances"]), Y: number(r[column])})
		}
	}
	return out
}

// backFigure shows how long fleets of all sizes take to come back from the
// outage.
func backFigure(n numbers) []byte {
	c := plot.Chart{
		Title: "Back from the outage", Subtitle: "when the last reader in the fleet gets a prompt from after it",
		X: plot.Axis{Label: "instances (log)", Log: true, Min: 1, Max: 100_000, Ticks: []float64{1, 10, 100, 1000, 10_000, 100_000}},
	}
	for _, l := range limits {
		panel := plot.Panel{
			Title: titles[l.name], Height: 130,
			Y: plot.Axis{Label: "minutes", Max: 35, Ticks: []float64{0, 5, 10, 15, 20, 25, 30, 35}},
		}
		for _, p := range sim.Policies() {
			points := n.bySize(l.name, p.Name(), "back_after_s")
			for i := range points {
				points[i].Y /= 60
			}
			panel.Series = append(panel.Series, plot.Series{Name: p.Name(), Color: looks[p.Name()].line, Dots: true, Points: points})
		}
		c.Panels = append(c.Panels, panel)
	}
	return c.SVG()
}

// number reads what this command has written.
func number(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return v
}
