package soak

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/promptcache/promptcache-go/fakes/faultnet"
	"github.com/promptcache/promptcache-go/promptcache"
)

// Report is what a run saw.
type Report struct {
	Seed    uint64        `json:"seed"`
	Began   time.Time     `json:"began"`
	Length  time.Duration `json:"length_ns"`
	Prompts int           `json:"prompts"`
	Readers int           `json:"readers"`
	Machine string        `json:"machine"` // what it ran on

	Sides []SideReport `json:"registries"`

	// Converged is how long after the last fault every prompt was up to date.
	Converged time.Duration `json:"converged_ns"`
	// Before and After are the calms before and after the faults, with all
	// readers at work.
	Before Resources `json:"before"`
	After  Resources `json:"after"`
	// GoroutinesLeft is how many did not end with the run.
	GoroutinesLeft int `json:"goroutines_left"`
	// Late is by how much a goroutine ran late at worst.
	Late time.Duration `json:"late_ns"`
	// Excused is how many limits of time were passed by no more than goroutines
	// ran late, which is no violation.
	Excused int64 `json:"excused"`
	// Searched is how many bytes of logs, errors, events, metrics and dumps were
	// searched for credentials.
	Searched int64 `json:"searched_bytes"`

	Counts     map[Invariant]int `json:"violations_by_invariant"`
	Violations []Violation       `json:"violations"`
}

// SideReport is what one registry and its cache saw.
type SideReport struct {
	Registry string              `json:"registry"`
	Requests int                 `json:"requests"` // that reached the registry
	Edits    int64               `json:"edits"`
	Ops      map[string]int64    `json:"operations"`
	Saw      []FaultReport       `json:"faults"`
	Outages  []Outage            `json:"outages"`
	Metrics  promptcache.Metrics `json:"metrics"`
	Network  faultnet.Stats      `json:"network"`
}

// FaultReport is what readers saw while one kind of fault went on.
type FaultReport struct {
	Kind     Kind          `json:"kind"`
	Episodes int64         `json:"episodes"`
	Span     time.Duration `json:"span_ns"`
	Fetches  int64         `json:"fetches"`
	Requests int64         `json:"requests"` // of these fetches, whether they arrived or not
	Reads    int64         `json:"reads"`
	Stale    int64         `json:"stale"`  // of the Lookups
	Misses   int64         `json:"misses"` // of Get and Lookup: not cached, or too old
	Errors   int64         `json:"errors"` // of calls that fetch
	Oldest   time.Duration `json:"oldest_ns"`
	P50      time.Duration `json:"p50_ns"` // of Get and Lookup, up to a factor of 2
	P99      time.Duration `json:"p99_ns"`
	Max      time.Duration `json:"max_ns"`
}

// Passed reports whether no invariant was breached.
func (r *Report) Passed() bool { return len(r.Violations) == 0 }

// finish fills in what is known last.
func (r *Report) finish(s *soak) {
	r.Late = s.court.lag.most()
	r.Excused = s.court.excused.Load()
	r.Searched = s.customs.checked.Load()
	r.Counts, r.Violations = s.court.verdict()
}

// shutdown ends the cache and checks its counters.
func (r *rig[V]) shutdown(ctx context.Context) {
	r.customs.checkError("Shutdown", r.cache.Shutdown(ctx))
	end := time.Now().Add(settle)
	for r.cache.Status().InFlight > 0 && time.Now().Before(end) { // those that ignore their context
		rest(ctx, 10*time.Millisecond)
	}
	r.balance()
}

func (r *rig[V]) report() SideReport {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := SideReport{
		Registry: r.name, Edits: r.edits.Load(), Outages: append([]Outage{}, r.outages...), Metrics: r.cache.Metrics(),
		Ops: map[string]int64{
			"pushes": r.ops.Pushes.Load(), "sets": r.ops.Sets.Load(), "invalidates": r.ops.Invalidates.Load(),
			"refreshes": r.ops.Refreshes.Load(), "mark-stales": r.ops.MarkStales.Load(), "prefetches": r.ops.Prefetches.Load(),
			"stops": r.ops.Stops.Load(), "configures": r.ops.Configures.Load(), "clears": r.ops.Clears.Load(),
			"subscriptions": r.ops.Subscriptions.Load(), "dumps": r.ops.Dumps.Load(), "snapshots": r.ops.Snapshots.Load(), "air-gaps": r.ops.AirGaps.Load(),
		},
	}
	for kind, t := range r.saw {
		out.Saw = append(out.Saw, FaultReport{
			Kind: kind, Episodes: t.episodes.Load(), Span: time.Duration(t.span.Load()), Fetches: t.fetches.Load(), Requests: t.requests.Load(),
			Reads: t.reads.Load(), Stale: t.stale.Load(), Misses: t.misses.Load(), Errors: t.errs.Load(),
			Oldest: time.Duration(t.oldest.Load()), P50: t.latency.quantile(0.5), P99: t.latency.quantile(0.99), Max: time.Duration(t.latency.most.Load()),
		})
	}
	slices.SortFunc(out.Saw, func(a, b FaultReport) int { return strings.Compare(string(a.Kind), string(b.Kind)) })
	return out
}

// WriteJSON writes the report as JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("seed %d, %v of faults, %d prompts, %d readers", r.Seed, r.Length, r.Prompts, r.Readers)
	for _, side := range r.Sides {
		side.write(&b)
	}
	line("\nall prompts were up to date %.1f s after the last fault", r.Converged.Seconds())
	line("goroutines %d → %d, heap %.1f → %.1f MiB, connections %d → %d, goroutines left at the end %d",
		r.Before.Goroutines, r.After.Goroutines, mib(r.Before.Heap), mib(r.After.Heap), r.Before.Connections, r.After.Connections, r.GoroutinesLeft)
	line("goroutines ran up to %v late, which excused %d delays", r.Late.Round(time.Millisecond), r.Excused)
	line("searched %.1f MiB of logs, errors, events, metrics and dumps for credentials", mib(uint64(max(0, r.Searched))))
	total := 0
	for _, inv := range invariants {
		total += r.Counts[inv]
	}
	line("violations: %d", total)
	for _, inv := range invariants {
		if n := r.Counts[inv]; n > 0 {
			line("  %6d  %s", n, inv)
		}
	}
	for _, v := range r.Violations {
		line("%8.2fs %s %v: %s", v.At.Seconds(), v.Invariant, v.During, v.What)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r SideReport) write(w io.Writer) {
	m := r.Metrics
	_, _ = fmt.Fprintf(w, "\n%s: %d reads (%d hits, %d of them stale), %d fetches (%d failed, %d canceled), %d requests, %d edits\n",
		r.Registry, m.TotalRequests(), m.Hits, m.StaleHits, m.Fetches, m.FetchErrors, m.FetchesCanceled, r.Requests, r.Edits)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "fault\ttimes\tseconds\tfetches\trequests\treads\tstale\tmisses\terrors\toldest\tp50\tp99\tmax\t")
	for _, f := range r.Saw {
		_, _ = fmt.Fprintf(table, "%s\t%d\t%.1f\t%d\t%d\t%d\t%d\t%d\t%d\t%.1fs\t%v\t%v\t%v\t\n", f.Kind, f.Episodes, f.Span.Seconds(), f.Fetches, f.Requests,
			f.Reads, f.Stale, f.Misses, f.Errors, f.Oldest.Seconds(), f.P50, f.P99, f.Max.Round(time.Microsecond))
	}
	_ = table.Flush() // what it writes to takes everything
	for _, o := range r.Outages {
		_, _ = fmt.Fprintf(w, "  outage: %s: %d fetches, at most %d allowed\n", o.Episode, o.Fetches, o.Bound)
	}
	_, _ = fmt.Fprintf(w, "  %v\n", r.Ops)
}

func mib(n uint64) float64 { return float64(n) / (1 << 20) }
