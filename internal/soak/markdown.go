package soak

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WriteMarkdown writes what the report says as the section of a document: the
// run, one table of all faults, and the verdict on each invariant.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("`go run ./internal/cmd/soak -length %v -prompts %d -readers %d -seed %d`", r.Length, r.Prompts, r.Readers, r.Seed)
	line("on %s, %s.\n", r.Began.UTC().Format("2 January 2006"), r.Machine)
	line("| fault | times | seconds | reads | stale lookups | misses | errors | oldest read | p99 read | longest read | fetches | requests |")
	line("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	for _, f := range r.faults() {
		line("| %s | %s | %.0f | %s | %s | %s | %s | %.1f s | %s | %s | %s | %s |", f.Kind, thousands(f.Episodes), f.Span.Seconds(), thousands(f.Reads),
			thousands(f.Stale), thousands(f.Misses), thousands(f.Errors), f.Oldest.Seconds(), brief(f.P99), brief(f.Max), thousands(f.Fetches), thousands(f.Requests))
	}
	requests, edits, outages, spent, bound := 0, int64(0), 0, int64(0), int64(0)
	for _, side := range r.Sides {
		requests += side.Requests
		edits += side.Edits
		outages += len(side.Outages)
		for _, o := range side.Outages {
			spent += o.Fetches
			bound += o.Bound
		}
	}
	line("\n- %s requests reached the registries, in which prompts were edited %s times.", thousands(requests), thousands(edits))
	line("- %d outages were long enough to count their fetches: %s, where %s are allowed.", outages, thousands(spent), thousands(bound))
	line("- All prompts were up to date %.1f s after the last fault.", r.Converged.Seconds())
	line("- Goroutines %d before the faults, %d after; heap %.1f and %.1f MiB; connections %d and %d. %d goroutines were left at the end.",
		r.Before.Goroutines, r.After.Goroutines, mib(r.Before.Heap), mib(r.After.Heap), r.Before.Connections, r.After.Connections, r.GoroutinesLeft)
	line("- %.1f MiB of logs, errors, events, metrics and snapshots were searched for credentials.", mib(uint64(max(0, r.Searched))))
	line("- The machine ran goroutines up to %s late; %d limits of time were passed by no more than that explains.\n", brief(r.Late), r.Excused)
	line("| invariant | violations |")
	line("|---|---:|")
	for _, inv := range invariants {
		line("| %s | %d |", inv, r.Counts[inv])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// faults returns what readers saw of each fault, whichever registry had it, in
// the order of the kinds; calm is the last. A quantile is that of the worse one.
func (r *Report) faults() []FaultReport {
	order := make([]Kind, 0, len(kinds)+1)
	for _, k := range kinds {
		order = append(order, k.kind)
	}
	order = append(order, calm)
	out := make([]FaultReport, 0, len(order))
	for _, kind := range order {
		sum := FaultReport{Kind: kind}
		for _, side := range r.Sides {
			i := slices.IndexFunc(side.Saw, func(f FaultReport) bool { return f.Kind == kind })
			if i < 0 {
				continue
			}
			f := side.Saw[i]
			sum.Episodes += f.Episodes
			sum.Span += f.Span
			sum.Fetches += f.Fetches
			sum.Requests += f.Requests
			sum.Reads += f.Reads
			sum.Stale += f.Stale
			sum.Misses += f.Misses
			sum.Errors += f.Errors
			sum.Oldest = max(sum.Oldest, f.Oldest)
			sum.P50 = max(sum.P50, f.P50)
			sum.P99 = max(sum.P99, f.P99)
			sum.Max = max(sum.Max, f.Max)
		}
		out = append(out, sum)
	}
	return out
}

// thousands writes a number with commas: 1,234,567.
func thousands[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// brief writes a duration in two or three digits: 1.2 µs, 34 ms, 2.5 s.
func brief(d time.Duration) string {
	for _, unit := range []struct {
		name string
		of   time.Duration
	}{{"s", time.Second}, {"ms", time.Millisecond}, {"µs", time.Microsecond}} {
		if d >= unit.of {
			n := float64(d) / float64(unit.of)
			if n >= 10 {
				return fmt.Sprintf("%.0f %s", n, unit.name)
			}
			return fmt.Sprintf("%.1f %s", n, unit.name)
		}
	}
	return fmt.Sprintf("%d ns", d.Nanoseconds())
}
