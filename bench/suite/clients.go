package suite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/promptcache/promptcache-go/bench/clients"
	"github.com/promptcache/promptcache-go/bench/langsmithport"
	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
	"github.com/promptcache/promptcache-go/bench/target"
	"github.com/promptcache/promptcache-go/promptcache"
)

// field is the clients of one registry, which runs in this process.
type field struct {
	title string
	// registry is its name in targets.
	registry string
	// clients are in the order of the rows; ours is the first.
	clients []namedClient
	// requests returns how many the registry has got.
	requests func() int
	// missing says which client could not be started, and why.
	missing []string
	close   func()
}

// namedClient is one client and its names in the tables and in targets.
type namedClient struct {
	clients.Client
	row, target string
}

// fields are the registries, each in a file of its own.
var fields = []func(ctx context.Context, s Settings) (*field, error){langsmithField, langfuseField}

// The number of prompts that the clients pull, and how many callers ask for each
// at once.
const (
	clientPrompts = 100
	clientCallers = 10
)

// wholeClients is whole clients beside each other.
func wholeClients(ctx context.Context, s Settings) (Found, error) {
	found := Found{Measured: target.Measured{}}
	for _, start := range fields {
		f, err := start(ctx, s)
		if err != nil {
			return found, err
		}
		t, measured, err := f.table(ctx, s)
		f.close()
		if err != nil {
			return found, err
		}
		found.Tables = append(found.Tables, t)
		found.Measured.Add(measured)
		found.Missing = append(found.Missing, f.missing...)
	}
	return found, nil
}

func (f *field) table(ctx context.Context, s Settings) (report.Table, target.Measured, error) {
	s.say("%s", f.title)
	t := report.Table{
		Title: f.title,
		Intro: fmt.Sprintf("From the call to the answer, against the same fake registry on loopback, %d prompts. A hit is one call in one goroutine, or one awaited call. "+
			"First prompt: a new client, nothing cached, one request; or with a snapshot of all prompts, no request, where a client has snapshots. "+
			"Requests: what the registry gets when each prompt is asked for by %d callers at once.", clientPrompts, clientCallers),
		Subject: "client",
	}
	for i, c := range f.clients {
		t.Rows = append(t.Rows, report.Row{Name: c.row, Ours: i == 0})
	}
	first, err := f.firsts(s.Rounds, 1, func(c clients.Client) (time.Duration, error) { return c.First(ctx) })
	if err != nil {
		return t, nil, err
	}
	requests, err := f.storms(ctx)
	if err != nil {
		return t, nil, err
	}
	results, err := f.hits(ctx, s)
	if err != nil {
		return t, nil, err
	}
	restored, err := f.firsts(s.Rounds, 0, func(c clients.Client) (time.Duration, error) { return c.Restored(ctx) })
	if err != nil {
		return t, nil, err
	}
	cells, err := report.Compared(results, results[0])
	if err != nil {
		return t, nil, err
	}
	addColumn(&t, report.Column{Name: "hit", Unit: "ns", Ratio: true}, cells)
	addColumn(&t, report.Column{Name: "hits a second", Unranked: true}, perSecond(cells))
	addColumn(&t, report.Column{Name: "first prompt", Unit: "ms"}, first)
	addColumn(&t, report.Column{Name: "first from a snapshot", Unit: "ms"}, restored)
	addColumn(&t, report.Column{Name: fmt.Sprintf("requests for %d prompts × %d callers", clientPrompts, clientCallers)}, requests)
	measured, err := f.measured(results)
	return t, measured, err
}

// firsts takes the time of do by every client, in turns, each of which must make
// so many requests.
func (f *field) firsts(turns, requests int, do func(c clients.Client) (time.Duration, error)) ([]report.Cell, error) {
	samples := make([][]float64, len(f.clients))
	for turn := range turns + 1 {
		for _, i := range rounds.Turns(len(f.clients), turn, turns+1) {
			c := f.clients[i]
			before := f.requests()
			took, err := do(c)
			if errors.Is(err, clients.ErrNoSnapshots) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("suite: %s: %w", c.row, err)
			}
			if n := f.requests() - before; n != requests {
				return nil, fmt.Errorf("suite: %s: %d requests for the first prompt, want %d", c.row, n, requests)
			}
			samples[i] = append(samples[i], took.Seconds()*1e3)
		}
	}
	cells := make([]report.Cell, len(f.clients))
	for i := range cells {
		if len(samples[i]) == 0 {
			cells[i] = report.Text("none")
			continue
		}
		cells[i] = report.Figure(rounds.Summarize(samples[i][1:])) // the first is a warm-up
	}
	return cells, nil
}

// storms is how many requests the clients make when many ask at once. All have
// all prompts afterwards.
func (f *field) storms(ctx context.Context) ([]report.Cell, error) {
	cells := make([]report.Cell, len(f.clients))
	for i, c := range f.clients {
		before := f.requests()
		if _, err := c.Storm(ctx, clientCallers); err != nil {
			return nil, fmt.Errorf("suite: %s: %w", c.row, err)
		}
		cells[i] = report.Figure(rounds.Exact(float64(f.requests() - before)))
	}
	return cells, nil
}

func (f *field) hits(ctx context.Context, s Settings) ([]rounds.Result, error) {
	subjects := make([]rounds.Subject, len(f.clients))
	for i, c := range f.clients {
		subjects[i] = rounds.Subject{Name: c.row, Run: c.Hits}
	}
	before := f.requests()
	results, err := rounds.Compare(ctx, s.config(1), subjects)
	if err != nil {
		return nil, err
	}
	if n := f.requests() - before; n > 0 {
		return nil, fmt.Errorf("suite: %s: %d requests while everything was cached", f.title, n)
	}
	return results, nil
}

// measured is the others' hits by ours, and what has been published by ours.
func (f *field) measured(results []rounds.Result) (target.Measured, error) {
	measured := target.Measured{}
	for i, c := range f.clients[1:] {
		ratio, err := rounds.Ratio(results[i+1], results[0])
		if err != nil {
			return nil, err
		}
		measured[target.ClientHit(f.registry, c.target)] = ratio
	}
	if f.registry == langfuseName {
		published := make([]float64, len(results[0].Samples))
		for i, ns := range results[0].Samples {
			published[i] = target.PublishedNanoseconds / ns
		}
		measured[target.PublishedHit] = rounds.Summarize(published)
	}
	return measured, nil
}

func perSecond(cells []report.Cell) []report.Cell {
	out := make([]report.Cell, len(cells))
	for i, c := range cells {
		out[i] = report.Figure(rounds.Exact(1e9 / c.Figure.Median))
	}
	return out
}

// addGo adds ours and the port.
func (f *field) addGo(prompts []string, ours, port clients.Connect) {
	f.clients = append(f.clients,
		namedClient{clients.NewGo(prompts, ours), peer.OursName, peer.OursName},
		namedClient{clients.NewGo(prompts, port), "port of LangSmith's cache, in Go", "the port"})
}

// addNode adds an official SDK to the field or says that it is missing.
func (f *field) addNode(ctx context.Context, s Settings, cfg clients.NodeConfig) error {
	if s.Repository == "" {
		f.missing = append(f.missing, "npm "+cfg.SDK+": the repository is not known; run the program in it.")
		return nil
	}
	n, err := clients.StartNode(ctx, cfg)
	if errors.Is(err, clients.ErrNoNode) {
		f.missing = append(f.missing, fmt.Sprintf("npm %s: %v.", cfg.SDK, err))
		return nil
	}
	if err != nil {
		return err
	}
	f.clients = append(f.clients, namedClient{n, fmt.Sprintf("npm %s %s (Node %s)", n.Package(), n.Version(), n.Runtime()), "npm " + n.Package()})
	return nil
}

// closeClients ends them; what a client says when it ends is of no interest.
func (f *field) closeClients() {
	for _, c := range f.clients {
		_ = c.Close()
	}
}

// connection is a cache of ours at work, which starts with a snapshot unless that
// is "".
func connection[V any](ctx context.Context, cache *promptcache.PromptCache[V], snapshot string, disconnect func()) (clients.Connection, error) {
	if snapshot != "" {
		if _, err := cache.LoadFile(snapshot); err != nil {
			return clients.Connection{}, err
		}
	}
	if err := cache.Start(ctx); err != nil {
		return clients.Connection{}, err
	}
	return clients.Connection{
		Pull: func(ctx context.Context, prompt string) error {
			_, err := cache.GetOrFetch(ctx, prompt)
			return err
		},
		Save: cache.DumpFile,
		End: func() {
			cache.Stop()
			disconnect()
		},
	}, nil
}

// portConnection is the port with a source of ours at work. It has no snapshots.
func portConnection[V any](fetch func(ctx context.Context, key string) (V, error), disconnect func()) clients.Connection {
	cache := langsmithport.New(fetch, langsmithport.Config{MaxSize: clientPrompts, TTL: 5 * time.Minute, RefreshInterval: time.Minute, Clock: clock.New()})
	return clients.Connection{
		Pull: func(ctx context.Context, prompt string) error {
			_, err := cache.Pull(ctx, prompt)
			return err
		},
		End: func() {
			cache.Stop()
			disconnect()
		},
	}
}

// ourConfig is the default, without log lines.
func ourConfig() promptcache.Config {
	cfg := promptcache.DefaultConfig()
	cfg.Logger = slog.New(slog.DiscardHandler)
	return cfg
}

// packages is where the official SDKs are.
func packages(s Settings) string { return filepath.Join(s.Repository, "fakes", "sdktest") }
