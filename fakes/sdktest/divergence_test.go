package sdktest_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documented returns the first cells of the table below a heading of
// docs/semantics.md.
func documented(t *testing.T, heading string) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "docs", "semantics.md"))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(content), "\n### "+heading+"\n")
	require.True(t, found, "docs/semantics.md has no heading %q", heading)
	section, _, _ = strings.Cut(section, "\n#")
	var cells []string
	for line := range strings.Lines(section) {
		cell, found := strings.CutPrefix(line, "| ")
		if !found {
			continue
		}
		if cell, _, _ = strings.Cut(cell, " | "); !strings.HasPrefix(cell, "|") {
			cells = append(cells, cell)
		}
	}
	require.NotEmpty(t, cells, heading)
	return cells
}

// TestDivergencesAreDocumented keeps docs/semantics.md and the rows honest: each
// difference of a row is one of the document, and each of the document is shown
// by a row.
func TestDivergencesAreDocumented(t *testing.T) {
	compile := slices.Concat(textRows, chatRows)
	requireDocumented(t, "Langfuse's two syntaxes", compile, func(r compileRow) string { return r.pythonWhy })
	requireDocumented(t, "Langfuse's JavaScript SDKs and `SyntaxMustacheJS`", compile, func(r compileRow) string { return r.sdkWhy })
	requireDocumented(t, "LangSmith's prompts in LangChain", manifestRows, func(r manifestRow) string { return r.why })
}

// requireDocumented wants the table below a heading to have exactly the
// differences of the rows.
func requireDocumented[R any](t *testing.T, heading string, rows []R, why func(R) string) {
	t.Helper()
	named := map[string]bool{}
	for _, r := range rows {
		if w := why(r); w != "" {
			named[w] = true
		}
	}
	require.ElementsMatch(t, documented(t, heading), slices.Collect(maps.Keys(named)), heading)
}

// TestEnoughRows keeps the tables from shrinking, and each name for one row.
func TestEnoughRows(t *testing.T) {
	require.GreaterOrEqual(t, len(textRows), 60)
	require.GreaterOrEqual(t, len(chatRows), 25)
	require.GreaterOrEqual(t, len(manifestRows), 60)
	requireDistinct(t, slices.Concat(textRows, chatRows), func(r compileRow) string { return r.name })
	requireDistinct(t, manifestRows, func(r manifestRow) string { return r.name })
}

func requireDistinct[R any](t *testing.T, rows []R, name func(R) string) {
	t.Helper()
	seen := map[string]bool{}
	for _, r := range rows {
		require.False(t, seen[name(r)], name(r))
		seen[name(r)] = true
	}
}
