package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/sim"
)

// limit is what the registry limits requests to, in words and as a share of the
// need.
type limit struct {
	name  string
	share float64
}

var limits = []limit{
	{"none", sim.Unlimited},
	{"above need", sim.AboveNeed},
	{"below need", sim.BelowNeed},
}

// columns are those of numbers.csv. The first three say which fleet.
var columns = []string{
	"limit", "instances", "policy",
	"peak_rps", "p99_rps", "mean_rps", "outage_requests", "refused_requests",
	"age_p50_s", "age_p99_s", "age_max_s", "stale_reads_pct", "failed_reads_pct", "back_after_s",
}

// row is one fleet's numbers, by column.
type row map[string]string

// settled is when the deploy is over: rates are counted from then on.
const settled = time.Minute

// numbersOf returns what a fleet came to.
func numbersOf(name string, r *sim.Result) row {
	s := r.Scenario
	rate := r.Rate(settled, s.Duration)
	refused := 0
	for _, n := range r.Refused {
		refused += n
	}
	back := ""
	if r.BackAfter >= 0 {
		back = seconds(r.BackAfter)
	}
	return row{
		"limit":            name,
		"instances":        strconv.Itoa(s.Instances),
		"policy":           r.Policy,
		"peak_rps":         strconv.Itoa(rate.Peak),
		"p99_rps":          strconv.Itoa(rate.P99),
		"mean_rps":         strconv.FormatFloat(rate.Mean, 'f', 2, 64),
		"outage_requests":  strconv.Itoa(r.Rate(s.Outages[0].From, s.Outages[0].To).Total),
		"refused_requests": strconv.Itoa(refused),
		"age_p50_s":        seconds(r.Age(0.5)),
		"age_p99_s":        seconds(r.Age(0.99)),
		"age_max_s":        seconds(r.Oldest),
		"stale_reads_pct":  percent(r.StaleReads, r.Reads),
		"failed_reads_pct": percent(r.FailedReads, r.Reads),
		"back_after_s":     back,
	}
}

func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

func percent(n, of int) string {
	return strconv.FormatFloat(100*float64(n)/float64(of), 'f', 2, 64)
}

// numbers are the rows of numbers.csv.
type numbers []row

// readNumbers reads a file; there are none if it is not there.
func readNumbers(path string) (numbers, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the user's own choice
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	records, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(records) == 0 || !slices.Equal(records[0], columns) {
		return nil, fmt.Errorf("%s: the columns are not %s", path, strings.Join(columns, ", "))
	}
	var out numbers
	for _, record := range records[1:] {
		r := make(row, len(columns))
		for i, column := range columns {
			r[column] = record[i]
		}
		out = append(out, r)
	}
	return out, nil
}

// encode returns the file.
func (n numbers) encode() []byte {
	var b strings.Builder
	b.WriteString(strings.Join(columns, ",") + "\n")
	for _, r := range n {
		fields := make([]string, len(columns))
		for i, column := range columns {
			fields[i] = r[column]
		}
		b.WriteString(strings.Join(fields, ",") + "\n")
	}
	return []byte(b.String())
}

// find returns the row of a fleet, nil if there is none.
func (n numbers) find(limit string, instances int, policy string) row {
	for _, r := range n {
		if r["limit"] == limit && r["instances"] == strconv.Itoa(instances) && r["policy"] == policy {
			return r
		}
	}
	return nil
}

// with returns the numbers with those of the given rows, which replace older
// ones, in order.
func (n numbers) with(rows numbers) numbers {
	instances := func(r row) int {
		i, err := strconv.Atoi(r["instances"])
		if err != nil {
			return 0
		}
		return i
	}
	out := slices.Clone(rows)
	for _, r := range n {
		if rows.find(r["limit"], instances(r), r["policy"]) == nil {
			out = append(out, r)
		}
	}
	order := func(r row) int {
		at := slices.IndexFunc(limits, func(l limit) bool { return l.name == r["limit"] })
		which := slices.IndexFunc(sim.Policies(), func(p sim.Policy) bool { return p.Name() == r["policy"] })
		return (at*1_000_000_000+instances(r))*10 + which
	}
	slices.SortStableFunc(out, func(a, b row) int { return order(a) - order(b) })
	return out
}
