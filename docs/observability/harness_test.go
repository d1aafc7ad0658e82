package observability_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// query is one of queries.md.
type query struct{ what, expr string }

var promql = regexp.MustCompile("(?m)^([^`\n#].*(?:\n[^`\n].*)*)?\n*^```promql\n((?s:.*?))^```$")

// queries returns those of queries.md, each with the text before it.
func queries(t *testing.T) []query {
	t.Helper()
	found := promql.FindAllStringSubmatch(read(t, "queries.md"), -1)
	out := make([]query, 0, len(found))
	for _, m := range found {
		out = append(out, query{m[1], m[2]})
	}
	require.GreaterOrEqual(t, len(out), 20)
	return out
}
