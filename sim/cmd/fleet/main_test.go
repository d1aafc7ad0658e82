package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/sim"
)

// docs is where the committed numbers are.
const docs = "../../../docs/fleet"

func TestTheCommittedNumbersAreTrue(t *testing.T) {
	committed, err := readNumbers(filepath.Join(docs, "numbers.csv"))
	require.NoError(t, err)
	for _, p := range sim.Policies() {
		for _, l := range limits {
			for _, instances := range []int{1, 100, 1000, 100_000} {
				require.NotNil(t, committed.find(l.name, instances, p.Name()), "%s, %d instances, %s", l.name, instances, p.Name())
			}
		}
	}
	files, err := produce(docs, []int{1, 100}, io.Discard) // make fleet-check does 1,000, too
	require.NoError(t, err)
	require.Len(t, files, 2)
	require.NoError(t, compare(files), "make fleet writes them anew")
}

func TestCommand(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "fleet")
	page := dir + ".md"
	require.ErrorContains(t, run([]string{"-out", dir, "-instances", "1"}, io.Discard), "fleet.md", "a page has to be there")
	require.NoError(t, os.WriteFile(page, []byte("# Fleets\n"), 0o600))
	require.ErrorContains(t, run([]string{"-out", dir, "-instances", "1"}, io.Discard), "no place for the tables")
	require.NoFileExists(t, filepath.Join(dir, "numbers.csv"), "nothing is written by half")

	require.NoError(t, os.WriteFile(page, []byte("# Fleets\n"+tableBegin+"old\n"+tableEnd+"end\n"), 0o600))
	var log strings.Builder
	require.NoError(t, run([]string{"-out", dir, "-instances", "2,1"}, &log))
	require.Contains(t, log.String(), "limit: below need, 2 instances, Langfuse's")
	require.NoError(t, run([]string{"-out", dir, "-instances", "1,2", "-check"}, io.Discard))

	n, err := readNumbers(filepath.Join(dir, "numbers.csv"))
	require.NoError(t, err)
	require.Len(t, n, 2*3*3)
	require.Equal(t, "1", n[0]["instances"], "in order")
	require.Equal(t, "LangSmith's", n[1]["policy"])
	require.Equal(t, "560", n.find("none", 1, "LangSmith's")["outage_requests"])
	document, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Contains(t, string(document), "| 1 | LangSmith's | 9 | 7 | 0.12 | 560 | 0 | 0:03:52 |")
	require.NotContains(t, string(document), "old")
	require.True(t, strings.HasSuffix(string(document), tableEnd+"end\n"))

	n[0]["peak_rps"] = "999"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "numbers.csv"), n.encode(), 0o600))
	require.ErrorContains(t, run([]string{"-out", dir, "-instances", "1", "-check"}, io.Discard), "numbers.csv is not what this command writes")
	require.NoError(t, run([]string{"-out", dir, "-instances", "1"}, io.Discard))
	require.NoError(t, run([]string{"-out", dir, "-instances", "2,1", "-check"}, io.Discard), "the other fleet's are kept")

	for _, sizes := range []string{"", "0", "1,x"} {
		require.ErrorContains(t, run([]string{"-out", dir, "-instances", sizes}, io.Discard), "no size of a fleet")
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "numbers.csv"), []byte("a,b\n"), 0o600))
	require.ErrorContains(t, run([]string{"-out", dir, "-instances", "1"}, io.Discard), "the columns are not")
	require.ErrorContains(t, compare(map[string][]byte{filepath.Join(dir, "none"): nil}), "none")
}

func TestNumbersAsText(t *testing.T) {
	for in, want := range map[string]string{"1": "1", "123": "123", "1234": "1,234", "1234567.89": "1,234,567.89"} {
		require.Equal(t, want, commas(in))
	}
	require.Equal(t, "1:01:01", clock("3661"))
	require.Equal(t, "–", clock(""))
}
