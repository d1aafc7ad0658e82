package observability_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/metrics"
	"github.com/promptcache/promptcache-go/promptcache"
)

// instruments returns all that there are.
func instruments() []metrics.Instrument {
	return append(metrics.Instruments(), metrics.FetchDuration(), metrics.PromptFetches())
}

func TestREADMEListsEveryMetric(t *testing.T) {
	kinds := []string{metrics.Counter: "counter", metrics.Gauge: "gauge", metrics.Histogram: "histogram"}
	_, table, ok := strings.Cut(read(t, "README.md"), "| name | type | labels | |\n|---|---|---|---|\n")
	require.True(t, ok)
	var want strings.Builder
	for _, i := range instruments() {
		labels := make([]string, len(i.Labels))
		for n, l := range i.Labels {
			labels[n] = "`" + l + "`"
		}
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s |\n", i.Prometheus(), kinds[i.Kind], strings.Join(labels, ", "), i.Help)
	}
	require.Equal(t, want.String(), table)
}

func TestREADMEListsEveryOutcome(t *testing.T) {
	readme := read(t, "README.md")
	for _, outcome := range []string{metrics.OutcomeOK, metrics.OutcomeUnchanged, metrics.OutcomeCanceled, metrics.OutcomeFallback} {
		require.Contains(t, readme, "`"+outcome+"`")
	}
	for kind := promptcache.ErrorKind(0); !strings.HasPrefix(kind.String(), "ErrorKind("); kind++ {
		require.Contains(t, readme, "`"+metrics.KindName(&promptcache.FetchError{Kind: kind})+"`")
	}
}

// name matches the name of a metric, also as a part of a histogram.
var name = regexp.MustCompile(`\bpromptcache_[a-z_]+`)

// metricsIn returns the metrics that a text uses, without the suffixes of a
// histogram's parts.
func metricsIn(text string) []string {
	found := name.FindAllString(text, -1)
	out := make([]string, 0, len(found))
	for _, n := range found {
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			n = strings.TrimSuffix(n, suffix)
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestOnlyMetricsThatThereAreAreAskedFor(t *testing.T) {
	all := instruments()
	known := make([]string, 0, len(all))
	for _, i := range all {
		known = append(known, i.Prometheus())
	}
	for _, path := range []string{"queries.md", "rules.yml", "rules_test.yml", "../operations.md"} {
		used := metricsIn(read(t, path))
		require.NotEmpty(t, used, path)
		require.Subset(t, known, used, path)
	}
	for _, q := range queries(t) {
		require.NotEmpty(t, metricsIn(q.expr), "%s", q.what)
	}
}

func TestEveryAlertIsTestedAndExplained(t *testing.T) {
	alerts := regexp.MustCompile(`(?m)^      - alert: (\w+)$`).FindAllStringSubmatch(read(t, "rules.yml"), -1)
	require.GreaterOrEqual(t, len(alerts), 10)
	cases, operations := read(t, "rules_test.yml"), read(t, "../operations.md")
	names := make([]string, 0, len(alerts))
	for _, a := range alerts {
		alert := a[1]
		names = append(names, alert)
		require.Regexp(t, `alertname: `+alert+`\n        exp_alerts: \[\]`, cases, "a case in which %s is quiet", alert)
		require.Regexp(t, `alertname: `+alert+`\n        exp_alerts:\n`, cases, "a case in which %s fires", alert)
	}
	rows := regexp.MustCompile("(?m)^\\| `(PromptCache\\w+)` \\|").FindAllStringSubmatch(operations, -1)
	explained := make([]string, 0, len(rows))
	for _, m := range rows {
		explained = append(explained, m[1])
	}
	require.Equal(t, names, explained, "docs/operations.md has a line for each, in their order")
}
