package suite

import (
	"context"
	"time"

	"github.com/promptcache/promptcache-go/bench/clients"
	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/report"
)

// CompareFilled measures reads of keys from caches that a test has made, the
// first of which stands for ours.
func CompareFilled(ctx context.Context, s Settings, keys []string, peers []peer.Peer, caches []peer.Cache) ([]report.Cell, error) {
	all := make([]filled, len(caches))
	for i, c := range caches {
		all[i] = filled{peers[i], c}
	}
	cells, _, err := compareReads(ctx, s, all, keys, alone)
	return cells, err
}

var (
	FromExactLRU = fromExactLRU
	Miscounted   = miscounted
)

// CompareDisturbed measures a cache in quiet and by run; it returns the cells of
// the three columns.
func CompareDisturbed(ctx context.Context, s Settings, keys []string, p peer.Peer, c peer.Cache, run func(context.Context, int) (time.Duration, error)) ([3]report.Cell, error) {
	cells, err := compareDisturbed(ctx, s.config(batch), []disturbed{{p, newReaders(c, keys, alone), newReaders(c, keys, alone), run}})
	if err != nil {
		return [3]report.Cell{}, err
	}
	return [3]report.Cell{cells.quiet[0], cells.disturbed[0], cells.factors[0]}, nil
}

// Firsts takes the time to a client's first prompt, by a registry that counts
// requests so.
func Firsts(requests func() int, c clients.Client, want int) error {
	f := field{clients: []namedClient{{Client: c, row: "a client"}}, requests: requests}
	_, err := f.firsts(1, want, func(c clients.Client) (time.Duration, error) { return c.First(context.Background()) })
	return err
}

// Hits measures a client's hits, by a registry that counts requests so.
func Hits(s Settings, requests func() int, c clients.Client) error {
	f := field{title: "a field", clients: []namedClient{{Client: c, row: "a client"}}, requests: requests}
	_, err := f.hits(context.Background(), s)
	return err
}
