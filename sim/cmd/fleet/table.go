package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What lies between these lines of docs/fleet.md is written by this command.
const (
	tableBegin = "<!-- numbers: begin, written by make fleet -->\n"
	tableEnd   = "<!-- numbers: end -->\n"
)

// titles are the tables', by limit.
var titles = map[string]string{
	"none":       "No limit",
	"above need": "A limit of 1.5 times the need",
	"below need": "A limit of 0.75 times the need",
}

// insert returns the document with the tables in their place.
func insert(document []byte, n numbers) ([]byte, error) {
	before, rest, begins := bytes.Cut(document, []byte(tableBegin))
	_, after, ends := bytes.Cut(rest, []byte(tableEnd))
	if !begins || !ends {
		return nil, fmt.Errorf("the document has no place for the tables; want the lines %q and %q", tableBegin, tableEnd)
	}
	return bytes.Join([][]byte{before, []byte(tableBegin), n.tables(), []byte(tableEnd), after}, nil), nil
}

// tables returns a table in Markdown for each limit.
func (n numbers) tables() []byte {
	var b bytes.Buffer
	for _, l := range limits {
		fmt.Fprintf(&b, "\n### %s\n\n", titles[l.name])
		b.WriteString("| instances | policy | requests/s: busiest | p99 | mean | requests in the outage | refused | age read: p50 | p99 | max | stale reads | failed reads | back after |\n")
		b.WriteString("|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
		for _, r := range n {
			if r["limit"] != l.name {
				continue
			}
			cells := []string{
				commas(r["instances"]), r["policy"], commas(r["peak_rps"]), commas(r["p99_rps"]), commas(r["mean_rps"]),
				commas(r["outage_requests"]), commas(r["refused_requests"]),
				clock(r["age_p50_s"]), clock(r["age_p99_s"]), clock(r["age_max_s"]),
				r["stale_reads_pct"] + " %", r["failed_reads_pct"] + " %", clock(r["back_after_s"]),
			}
			b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
		}
	}
	b.WriteString("\n")
	return b.Bytes()
}

// clock writes seconds as h:mm:ss; none as a dash.
func clock(seconds string) string {
	n, err := strconv.Atoi(seconds)
	if err != nil {
		return "–"
	}
	d := time.Duration(n) * time.Second
	return fmt.Sprintf("%d:%02d:%02d", d/time.Hour, d/time.Minute%60, d/time.Second%60)
}

// commas writes a number with a comma before each three digits.
func commas(number string) string {
	whole, rest, fraction := strings.Cut(number, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction {
		whole += "." + rest
	}
	return whole
}
