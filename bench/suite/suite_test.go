package suite_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/bench/clients"
	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
	"github.com/promptcache/promptcache-go/bench/suite"
	"github.com/promptcache/promptcache-go/bench/target"
	"github.com/promptcache/promptcache-go/bench/trace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tiny measures nothing well, and everything.
func tiny() suite.Settings {
	return suite.Settings{Rounds: 2, Time: 200 * time.Microsecond, Quick: true, Largest: 1_000}
}

// found runs one section.
func found(t *testing.T, name string, s suite.Settings) suite.Found {
	t.Helper()
	for _, section := range suite.Sections() {
		if section.Name == name {
			f, err := section.Run(t.Context(), s)
			require.NoError(t, err)
			require.NotEmpty(t, f.Tables)
			for _, table := range f.Tables {
				complete(t, table)
			}
			return f
		}
	}
	t.Fatalf("there is no section %q", name)
	return suite.Found{}
}

// complete checks that every row of a table says something in every column, and
// that all that was compared with ours has a ratio.
func complete(t *testing.T, table report.Table) {
	t.Helper()
	require.NotEmpty(t, table.Title)
	require.NotEmpty(t, table.Rows, table.Title)
	ours := 0
	for _, row := range table.Rows {
		require.Len(t, row.Cells, len(table.Columns), "%s: %s", table.Title, row.Name)
		for i, cell := range row.Cells {
			require.NotEqual(t, "–", cell.String(), "%s: %s: %s", table.Title, row.Name, table.Columns[i].Name)
			require.Equal(t, table.Columns[i].Ratio, cell.Ratio > 0, "%s: %s: %s", table.Title, row.Name, table.Columns[i].Name)
			require.NotContains(t, cell.Text, "missed", row.Name)
		}
		if row.Ours && !row.Unranked {
			ours++
			for _, own := range row.Cells {
				require.Contains(t, []float64{0, 1}, own.Ratio, "the base is ours")
			}
		}
	}
	require.Positive(t, ours, "%s: ours is not in it", table.Title)
}

func names(table report.Table) []string {
	out := make([]string, len(table.Rows))
	for i, row := range table.Rows {
		out[i] = row.Name
	}
	return out
}

// cell returns what stands in a row's column, whose name begins so.
func cell(t *testing.T, table report.Table, row, column string) report.Cell {
	t.Helper()
	for _, r := range table.Rows {
		for i, c := range table.Columns {
			if r.Name == row && strings.HasPrefix(c.Name, column) {
				return r.Cells[i]
			}
		}
	}
	t.Fatalf("%s: no cell %q, %q", table.Title, row, column)
	return report.Cell{}
}

func TestHits(t *testing.T) {
	s := tiny()
	s.Quick = false
	tables := found(t, "hits", s).Tables
	require.Len(t, tables, 2, "1 key and 100; the others are too large")
	require.Len(t, names(tables[0]), len(peer.All()))
	for _, row := range []string{peer.OursName, "otter", "golang-lru expirable"} {
		require.Zero(t, cell(t, tables[1], row, "allocations").Figure.Median, row)
	}
	require.Less(t, cell(t, tables[1], peer.EmptyName, "one").Figure.Median, cell(t, tables[1], peer.OursName, "one").Figure.Median)
	require.Len(t, found(t, "hits", tiny()).Tables, 1)
}

// TestReadsThatFindNothing: they are quick, and no hits.
func TestReadsThatFindNothing(t *testing.T) {
	keys := trace.Keys(1_000)
	all := peer.All()
	ours, another := all[0], all[3]
	full, empty := ours.New(t.Context(), peer.Options{Capacity: 2_000}), another.New(t.Context(), peer.Options{Capacity: 2_000})
	defer full.Close()
	defer empty.Close()
	for _, key := range keys {
		full.Set(key, &peer.Prompt{})
	}
	cells, err := suite.CompareFilled(t.Context(), tiny(), keys, []peer.Peer{ours, another}, []peer.Cache{full, empty})
	require.NoError(t, err)
	require.Empty(t, cells[0].Text)
	require.Regexp(t, `^\(\d+ reads missed\)$`, cells[1].Text)

	_, err = suite.CompareFilled(t.Context(), tiny(), keys, []peer.Peer{ours, another}, []peer.Cache{empty, full})
	require.ErrorContains(t, err, "promptcache: ")
	require.ErrorContains(t, err, "reads found nothing of what is cached")
}

// TestDisturbed: one operation of what disturbs takes a second, by its own
// account.
func TestDisturbed(t *testing.T) {
	keys := trace.Keys(1_000)
	ours := peer.All()[0]
	c := ours.New(t.Context(), peer.Options{Capacity: 1_000})
	defer c.Close()
	for _, key := range keys {
		c.Set(key, &peer.Prompt{})
	}
	cells, err := suite.CompareDisturbed(t.Context(), tiny(), keys, ours, c, func(_ context.Context, n int) (time.Duration, error) {
		return time.Duration(n) * time.Second, nil
	})
	require.NoError(t, err)
	require.Less(t, cells[0].Figure.Median, 1e8)
	require.InDelta(t, 1e9, cells[1].Figure.Median, 1)
	require.Greater(t, cells[2].Figure.Median, 10.0)
}

// TestFirstsCountRequests: a client that asks too often, or not at all, did not
// do what the column says.
func TestFirstsCountRequests(t *testing.T) {
	asked := 0
	c := clients.NewGo([]string{"a"}, func(string) (clients.Connection, error) {
		return clients.Connection{
			Pull: func(context.Context, string) error {
				asked += 2
				return nil
			},
			End: func() {},
		}, nil
	})
	requests := func() int { return asked }
	require.NoError(t, suite.Firsts(requests, c, 2))
	for _, want := range []int{0, 1, 3} {
		require.ErrorContains(t, suite.Firsts(requests, c, want), "a client: 2 requests for the first prompt, want ")
	}
	require.ErrorContains(t, suite.Hits(tiny(), requests, c), "requests while everything was cached")
	require.NoError(t, suite.Hits(tiny(), func() int { return 0 }, c))
}

func TestCalls(t *testing.T) {
	f := found(t, "calls", tiny())
	require.Equal(t, []string{peer.OursName, peer.OursGetOrFetchName, peer.OursLookupName, peer.OursGetAndClockName}, names(f.Tables[0]))
	require.Positive(t, f.Measured[target.GetOrFetchByGet].Median)
	require.Positive(t, f.Measured[target.LookupByGetAndClock].Median)
}

// TestCounters: all reads are hits, and all are counted.
func TestCounters(t *testing.T) {
	f := found(t, "counters", tiny())
	for _, row := range []string{peer.OursName, "port of LangSmith's cache"} {
		require.Equal(t, "400,000", cell(t, f.Tables[0], row, "hits").Text, row)
		require.Equal(t, "400,000", cell(t, f.Tables[0], row, "counted").Text, row)
	}
	require.Equal(t, rounds.Exact(0), f.Measured[target.Miscounted])
	require.InDelta(t, 3, suite.Miscounted(10, 7), 0)
	require.InDelta(t, 3, suite.Miscounted(7, 10), 0)
}

func TestSnapshot(t *testing.T) {
	f := found(t, "snapshot", tiny())
	require.Len(t, f.Tables[0].Rows, 3)
	small, large := cell(t, f.Tables[0], peer.OursName, "prompts of 0.5").Figure.Median, cell(t, f.Tables[0], peer.OursName, "prompts of 4").Figure.Median
	require.Less(t, small, large)
	require.Positive(t, f.Measured[target.SnapshotByJSON("1,000 prompts of 4 KiB")].Median)
}

func TestContended(t *testing.T) {
	tables := found(t, "contended", tiny()).Tables
	require.Len(t, tables, 2)
	require.Equal(t, "Hits during a refresh of 1,000 entries", tables[1].Title)
	require.Len(t, tables[1].Rows, 4)
}

func TestMisses(t *testing.T) {
	table := found(t, "misses", tiny()).Tables[0]
	require.NotContains(t, names(table), "limit: xsync.Map", "a map would grow")
	require.NotEqual(t, "0.0", cell(t, table, peer.OursName, "allocations").Text)
	require.NotContains(t, names(table), peer.OursLookupName)
}

func TestMemory(t *testing.T) {
	table := found(t, "memory", tiny()).Tables[0]
	ours := cell(t, table, peer.OursName, "each of").Figure.Median
	bare := cell(t, table, "golang-lru expirable", "each of").Figure.Median
	for _, perEntry := range []float64{ours, bare} {
		require.Greater(t, perEntry, 50.0, "an entry has a key, a value and a time")
		require.Less(t, perEntry, 2_000.0)
	}
}

func TestScan(t *testing.T) {
	table := found(t, "scan", tiny()).Tables[0]
	require.Equal(t, []string{"promptcache", "port of LangSmith's cache"}, names(table))
	require.Len(t, table.Columns, 2, "1 and 100 entries")
	require.Greater(t, cell(t, table, "port of LangSmith's cache", "100 entries").Ratio, 3.0, "it looks at every entry")
}

func TestStall(t *testing.T) {
	tables := found(t, "stall", tiny()).Tables
	require.Len(t, tables, 2)
	require.Contains(t, names(tables[0]), "promptcache, all turn stale")
	require.Contains(t, names(tables[1]), "otter with refresh, refreshes")
	for _, table := range tables {
		for _, row := range table.Rows {
			p50, p999 := row.Cells[0].Figure.Median, row.Cells[2].Figure.Median
			require.Positive(t, p50, row.Name)
			require.GreaterOrEqual(t, p999, p50, row.Name)
			require.Equal(t, strings.HasSuffix(row.Name, ", quiet"), row.Cells[3].Figure.Median == 1, row.Name)
		}
	}
}

func TestRefresh(t *testing.T) {
	table := found(t, "refresh", tiny()).Tables[0]
	require.Equal(t, "Refreshing 1,000 entries, all stale", table.Title)
	ideal := 1_000 / 64.0 * 0.010
	require.Greater(t, cell(t, table, peer.OursName, "time").Figure.Median, ideal*0.95, "nobody is faster than the registry")
	require.InDelta(t, cell(t, table, peer.OursName, "time").Figure.Median/ideal, cell(t, table, peer.OursName, "× ideal").Figure.Median, 0.01)
}

// TestHitRatio: ours is an exact LRU.
func TestHitRatio(t *testing.T) {
	s := tiny()
	s.Largest = 20_000
	table := found(t, "ratio", s).Tables[0]
	for _, name := range []string{"Zipf", "scan", "loop"} {
		exact := cell(t, table, "golang-lru simplelru in a mutex", name).Figure.Median
		require.InDelta(t, exact, cell(t, table, peer.OursName, name).Figure.Median, 0.0001, name)
	}
	require.Greater(t, cell(t, table, "otter", "loop").Figure.Median, 30.0, "LRU is at its worst there")
	require.InDelta(t, cell(t, table, "otter", "loop").Figure.Median, suite.FromExactLRU(table, "otter", "loop"), 0.0001, "where an LRU has none")
	require.Zero(t, cell(t, table, peer.OursName, "loop").Figure.Median)
}

// TestBehaviour is what the table says of ours, and of the port, which is made to
// do what LangSmith's cache does.
func TestBehaviour(t *testing.T) {
	table := found(t, "behaviour", tiny()).Tables[0]
	for row, want := range map[string][]string{
		peer.OursName:               {"wins", "stays deleted", "8", "10", "1"},
		"port of LangSmith's cache": {"is lost", "comes back", "0", "20", "100"},
	} {
		for i, column := range []string{"a Set", "a Delete", "goroutines", "fetches for 200", "fetches for 100"} {
			require.Equal(t, want[i], cell(t, table, row, column).Text, "%s: %s", row, column)
		}
	}
	require.Equal(t, "200", cell(t, table, "otter with refresh", "fetches for 200").Text)
	require.Equal(t, "comes back", cell(t, table, "sturdyc with refresh", "a Delete").Text)
}

// TestClientsWithoutNode: the Go clients are measured all the same.
func TestClientsWithoutNode(t *testing.T) {
	f := found(t, "clients", tiny())
	require.Len(t, f.Tables, 2)
	for _, table := range f.Tables {
		require.Equal(t, []string{"promptcache", "port of LangSmith's cache, in Go"}, names(table))
		require.InDelta(t, 100, cell(t, table, "promptcache", "requests").Figure.Median, 0)
		requests := cell(t, table, "port of LangSmith's cache, in Go", "requests").Figure.Median
		require.LessOrEqual(t, requests, 1_000.0)
		require.Greater(t, requests, 500.0, "of 10 callers each asks the registry, but for those who come late")
		require.Positive(t, cell(t, table, "promptcache", "first from").Figure.Median)
		require.Equal(t, "none", cell(t, table, "port of LangSmith's cache, in Go", "first from").Text)
	}
	missing := strings.Join(f.Missing, "\n")
	for _, sdk := range []string{"langsmith", "langfuse", "langfuse-client"} {
		require.Contains(t, missing, "npm "+sdk+": the repository is not known")
	}
}

// TestClientsInNode: the official SDKs have their rows, and targets their names.
func TestClientsInNode(t *testing.T) {
	s := tiny()
	var err error
	s.Repository, err = filepath.Abs("../..")
	require.NoError(t, err)
	if _, err := os.Stat(filepath.Join(s.Repository, "fakes", "sdktest", "node_modules", "langsmith")); err != nil && os.Getenv("PROMPTCACHE_REQUIRE_NODE") != "1" {
		t.Skipf("SKIPPED: the official SDKs are not run: %v", err)
	}
	f := found(t, "clients", s)
	require.Empty(t, f.Missing)
	require.Len(t, f.Tables[0].Rows, 3)
	require.Len(t, f.Tables[1].Rows, 4)
	require.Positive(t, f.Tables[0].Rows[2].Cells[3].Figure.Median, "LangSmith's has snapshots")
	require.Equal(t, "none", f.Tables[1].Rows[2].Cells[3].Text)
	for _, g := range target.All() {
		if strings.Contains(g.Name, "npm") {
			_, ok := f.Measured[g.Name]
			require.True(t, ok, g.Name)
		}
	}
}

func TestSettings(t *testing.T) {
	require.NoError(t, tiny().Validate())
	err := suite.Settings{Rounds: -1, Largest: 999}.Validate()
	require.ErrorContains(t, err, "-1 rounds")
	require.ErrorContains(t, err, "0s for a measurement")
	require.ErrorContains(t, err, "999 entries")
}

// TestWhatIsDividedByWhat: in a run of one round a ratio is that of the figures.
func TestWhatIsDividedByWhat(t *testing.T) {
	s := tiny()
	s.Rounds = 1
	quotient := func(table report.Table, row, column, byRow, byColumn string) float64 {
		return cell(t, table, row, column).Figure.Median / cell(t, table, byRow, byColumn).Figure.Median
	}
	check := func(want float64, got rounds.Summary) {
		t.Helper()
		require.InEpsilon(t, want, got.Median, 1e-9)
	}

	f := found(t, "calls", s)
	check(quotient(f.Tables[0], peer.OursGetOrFetchName, "one", peer.OursName, "one"), f.Measured[target.GetOrFetchByGet])
	check(quotient(f.Tables[0], peer.OursLookupName, "one", peer.OursGetAndClockName, "one"), f.Measured[target.LookupByGetAndClock])

	f = found(t, "hits", s)
	check(quotient(f.Tables[0], peer.OursName, "parallel on 2", "otter", "parallel on 2"), f.Measured[target.Hit("100 keys", "parallel on 2", "otter")])
	require.InDelta(t, float64(len(f.Tables[0].Behind())), f.Measured[target.HitColumnsBehind].Median, 0)

	f = found(t, "contended", s)
	during := f.Tables[1]
	check(quotient(during, peer.OursName, "during", peer.OursName, "quiet"), f.Measured[target.DuringRefresh("1,000 entries")])
	require.InDelta(t, cell(t, f.Tables[0], peer.OursName, "× quiet").Figure.Median, f.Measured[target.WithWriters("100 keys")].Median, 0)

	f = found(t, "misses", s)
	check(quotient(f.Tables[0], peer.OursName, "set", peer.ExpirableName, "set"), f.Measured[target.SetByExpirable])

	f = found(t, "stall", s)
	check(quotient(f.Tables[1], "promptcache, refreshes", "p99.9", "promptcache, quiet", "p99.9"), f.Measured[target.Stall("a refresh of 1,000 entries")])
	check(quotient(f.Tables[0], "promptcache, scans", "p99.9", "promptcache, quiet", "p99.9"), f.Measured[target.Stall("scans of 1,000 entries")])

	f = found(t, "snapshot", s)
	check(quotient(f.Tables[0], peer.OursName, "prompts of 4", "encoding/json, prompts", "prompts of 4"), f.Measured[target.SnapshotByJSON("1,000 prompts of 4 KiB")])

	f = found(t, "clients", s)
	check(quotient(f.Tables[0], "port of LangSmith's cache, in Go", "hit", peer.OursName, "hit"), f.Measured[target.ClientHit("LangSmith", "the port")])
	check(target.PublishedNanoseconds/cell(t, f.Tables[1], peer.OursName, "hit").Figure.Median, f.Measured[target.PublishedHit])
}

// TestEveryTargetIsMeasured: what targets call their figures the suite does, too.
// It measures smaller caches in place of larger ones; the clients have a test of
// their own.
func TestEveryTargetIsMeasured(t *testing.T) {
	measured := target.Measured{}
	for name, largest := range map[string]int{
		"hits": 10_000, "contended": 10_000, "scan": 10_000, "calls": 1_000, "counters": 1_000, "misses": 1_000,
		"memory": 1_000, "stall": 1_000, "refresh": 1_000, "ratio": 1_000, "snapshot": 1_000,
	} {
		f := found(t, name, suite.Settings{Rounds: 1, Time: 50 * time.Microsecond, Quick: true, Largest: largest})
		measured.Add(f.Measured)
	}
	asIs := strings.NewReplacer()
	middle := strings.NewReplacer("1,000,000 entries", "10,000 entries")
	small := strings.NewReplacer("1,000,000 entries", "1,000 entries", "100,000 entries", "1,000 entries", "10,000 entries", "1,000 entries", "10,000 prompts", "1,000 prompts")
	for _, g := range target.All() {
		if g.Elsewhere != "" || strings.Contains(g.Name, "npm") || g.Name == target.PublishedHit {
			continue
		}
		known := false
		for _, size := range []*strings.Replacer{asIs, middle, small} {
			_, ok := measured[size.Replace(g.Name)]
			known = known || ok
		}
		require.True(t, known, g.Name)
	}
}

func TestSectionsHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range suite.Sections() {
		require.False(t, seen[s.Name], s.Name)
		seen[s.Name] = true
	}
}

func TestProgressIsTold(t *testing.T) {
	var out strings.Builder
	s := tiny()
	s.Progress = &out
	found(t, "scan", s)
	require.Equal(t, "scan of 1\nscan of 100\n", out.String())
}
