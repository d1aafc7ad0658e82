package suite

import (
	"context"
	"errors"
	"fmt"

	"github.com/promptcache/promptcache-go/bench/clients"
	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
)

// field is the clients of one registry, which runs in this process.
type field struct {
	title string
	// clients are in the order of the rows; names are theirs, ours is the
	// first.
	names   []string
	clients []clients.Client
	// requests returns how many the registry has got.
	requests func() int
	// missing says which client could not be started, and why.
	missing []string
	close   func()
}

// fields are the registries, each in a file of its own.
var fields = []func(ctx context.Context, s Settings) (*field, error){langsmithField}

// The number of prompts that the clients pull, and how many callers ask for each
// at once.
const (
	clientPrompts = 100
	clientCallers = 10
)

// wholeClients is whole clients beside each other.
func wholeClients(ctx context.Context, s Settings) (Found, error) {
	var found Found
	for _, start := range fields {
		f, err := start(ctx, s)
		if err != nil {
			return found, err
		}
		t, err := f.table(ctx, s)
		f.close()
		if err != nil {
			return found, err
		}
		found.Tables = append(found.Tables, t)
		found.Missing = append(found.Missing, f.missing...)
	}
	return found, nil
}

func (f *field) table(ctx context.Context, s Settings) (report.Table, error) {
	s.say("%s", f.title)
	t := report.Table{
		Title: f.title,
		Intro: fmt.Sprintf("From the call to the answer, against the same fake registry on loopback, %d prompts. A hit is one call in one goroutine, or one awaited call. "+
			"First prompt: a new client, nothing cached, one request. Requests: what the registry gets when each prompt is asked for by %d callers at once.", clientPrompts, clientCallers),
		Subject: "client",
	}
	subjects := make([]rounds.Subject, len(f.clients))
	requests := make([]report.Cell, len(f.clients))
	first := make([]report.Cell, len(f.clients))
	for i, c := range f.clients {
		t.Rows = append(t.Rows, report.Row{Name: f.names[i], Ours: i == 0})
		subjects[i] = rounds.Subject{Name: f.names[i], Run: c.Hits}
	}
	samples := make([][]float64, len(f.clients))
	for range s.Rounds + 1 {
		for i, c := range f.clients {
			took, err := c.First(ctx)
			if err != nil {
				return t, fmt.Errorf("suite: %s: %w", f.names[i], err)
			}
			samples[i] = append(samples[i], took.Seconds()*1e3)
		}
	}
	for i, c := range f.clients {
		first[i] = report.Figure(rounds.Summarize(samples[i][1:])) // the first is a warm-up
		before := f.requests()
		if _, err := c.Storm(ctx, clientCallers); err != nil {
			return t, fmt.Errorf("suite: %s: %w", f.names[i], err)
		}
		requests[i] = report.Figure(rounds.Exact(float64(f.requests() - before)))
	}
	before := f.requests()
	results, err := rounds.Compare(ctx, s.config(1), subjects)
	if err != nil {
		return t, err
	}
	if n := f.requests() - before; n > 0 {
		return t, fmt.Errorf("suite: %s: %d requests while everything was cached", f.title, n)
	}
	cells, err := report.Compared(results, results[0])
	if err != nil {
		return t, err
	}
	addColumn(&t, report.Column{Name: "hit", Unit: "ns", Ratio: true}, cells)
	addColumn(&t, report.Column{Name: "hits a second", Unranked: true}, perSecond(cells))
	addColumn(&t, report.Column{Name: "first prompt", Unit: "ms"}, first)
	addColumn(&t, report.Column{Name: fmt.Sprintf("requests for %d prompts × %d callers", clientPrompts, clientCallers)}, requests)
	return t, nil
}

func perSecond(cells []report.Cell) []report.Cell {
	out := make([]report.Cell, len(cells))
	for i, c := range cells {
		out[i] = report.Figure(rounds.Exact(1e9 / c.Figure.Median))
	}
	return out
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
	f.names = append(f.names, fmt.Sprintf("npm %s %s (Node)", cfg.SDK, n.Version()))
	f.clients = append(f.clients, n)
	return nil
}

// closeClients ends them; what a client says when it ends is of no interest.
func (f *field) closeClients() {
	for _, c := range f.clients {
		_ = c.Close()
	}
}
