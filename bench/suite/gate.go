package suite

import (
	"context"
	"fmt"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/rounds"
	"github.com/promptcache/promptcache-go/bench/trace"
)

// Standing is how our Get compares with one other cache's in one situation.
type Standing struct {
	Crew, Peer string
	// Ratio is our time divided by theirs, formed within each round.
	Ratio rounds.Summary
}

// Standings compares hits of 100 keys by our Get with those of the named peers,
// on one goroutine and on two processors.
func Standings(ctx context.Context, s Settings, names ...string) ([]Standing, error) {
	keys := trace.Keys(100)
	sequence := trace.Uniform(trace.Copies(keys), sequenceLength, 1)
	compared, err := named(append([]string{peer.OursName}, names...))
	if err != nil {
		return nil, err
	}
	caches := fillAll(ctx, compared, keys)
	defer closeAll(caches)
	var out []Standing
	for _, c := range []crew{alone, par2} {
		_, results, err := compareReads(ctx, s, caches, sequence, c, nil)
		if err != nil {
			return nil, err
		}
		for _, theirs := range results[1:] {
			ratio, err := rounds.Ratio(results[0], theirs)
			if err != nil {
				return nil, err
			}
			out = append(out, Standing{c.name, theirs.Name, ratio})
		}
	}
	return out, nil
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
