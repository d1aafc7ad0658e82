package suite

import (
	"context"
	"fmt"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/target"
	"github.com/promptcache/promptcache-go/bench/trace"
)

// Standings compares hits of 100 keys by our Get with those of the named peers,
// on one goroutine and on two processors, as the section "hits" does.
func Standings(ctx context.Context, s Settings, names ...string) (target.Measured, error) {
	keys := trace.Keys(100)
	sequence := trace.Uniform(trace.Copies(keys), sequenceLength, 1)
	compared, err := named(append([]string{peer.OursName}, names...))
	if err != nil {
		return nil, err
	}
	caches := fillAll(ctx, compared, keys)
	defer closeAll(caches)
	measured := target.Measured{}
	for _, c := range []crew{alone, par2} {
		_, results, err := compareReads(ctx, s, caches, sequence, c)
		if err != nil {
			return nil, err
		}
		ratios, err := hitRatios("100 keys", c, results)
		if err != nil {
			return nil, err
		}
		measured.Add(ratios)
	}
	return measured, nil
}

// named returns the peers of these names, in their order.
func named(names []string) ([]peer.Peer, error) {
	out := make([]peer.Peer, 0, len(names))
	for _, name := range names {
		found := peers(func(p peer.Peer) bool { return p.Name == name })
		if len(found) != 1 {
			return nil, fmt.Errorf("suite: there is no peer %q", name)
		}
		out = append(out, found[0])
	}
	return out, nil
}
