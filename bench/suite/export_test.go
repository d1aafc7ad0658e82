package suite

import (
	"context"

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
