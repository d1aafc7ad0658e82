package promptcache_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

func TestFleet(t *testing.T) {
	// busiest runs a fleet for ten TTLs and returns how many fetches its
	// busiest second and its mean second have, the initial misses aside.
	busiest := func(t *testing.T, jitter float64) (most int, mean float64) {
		t.Helper()
		const instances, prompts, ttls = 1000, 20, 10
		began := time.Now()
		mu := make(chan struct{}, 1)
		perSecond := make([]int, ttls*int(ttl/time.Second))
		fetch := func(_ context.Context, key string) (*doc, error) {
			mu <- struct{}{}
			if second := int(time.Since(began) / time.Second); second > 0 && second < len(perSecond) {
				perSecond[second]++
			}
			<-mu
			return &doc{key}, nil
		}
		keys := numbered(prompts)
		for range instances {
			c := started(t, fetch, exactly(func(cfg *promptcache.Config) { cfg.RefreshJitter = jitter }))
			require.NoError(t, c.Prefetch(t.Context(), keys...))
		}
		pass(ttls * ttl)
		total := 0
		for _, n := range perSecond {
			most, total = max(most, n), total+n
		}
		require.GreaterOrEqual(t, total, instances*prompts*(ttls-2))
		return most, float64(total) / float64(len(perSecond))
	}
	proves(t, "NB-24 a fleet that was started together spreads its refreshes", func(t *testing.T) {
		most, mean := busiest(t, promptcache.DefaultConfig().RefreshJitter)
		t.Logf("the busiest second has %d fetches, the mean one %.1f", most, mean)
		require.Less(t, float64(most), 5*mean)
	})
	proves(t, "NB-24 without jitter it does not", func(t *testing.T) {
		most, mean := busiest(t, 0)
		t.Logf("the busiest second has %d fetches, the mean one %.1f", most, mean)
		require.Greater(t, float64(most), 100*mean)
	})
}
