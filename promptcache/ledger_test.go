package promptcache_test

import (
	"context"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// tally counts a cache's events.
type tally struct {
	mu      sync.Mutex // guards what follows
	kinds   map[promptcache.EventKind]int
	fetched int // added by a fetch
	denied  int // removed because the registry says so
	seen    chan string
}

func (l *tally) note(e promptcache.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[e.Kind]++
	switch {
	case e.Kind == promptcache.EventAdded && e.Key == "marker":
		l.seen <- e.NewRevision
	case e.Kind == promptcache.EventAdded && e.NewRevision[len(e.NewRevision)-1] != 's':
		l.fetched++
	case e.Kind == promptcache.EventRemoved && e.Err != nil:
		l.denied++
	}
}

func TestLedger(t *testing.T) {
	t.Run("NB-40 every fetch that has ended is in exactly one counter, and events agree with counters", func(t *testing.T) {
		r := newRack(t, false)
		c := r.cache
		l := &tally{kinds: make(map[promptcache.EventKind]int), seen: make(chan string, 1)}
		c.Subscribe(l.note)
		for round := range 200 {
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for range 8 {
						r.act()
					}
				})
			}
			returns(t, wg.Wait)
			marker := strconv.Itoa(round)
			c.Set("marker", &revised{marker, ""})
			returns(t, func() { require.Equal(t, marker, <-l.seen) }) // no more than a round's events are ever queued
			c.Invalidate("marker")
		}
		returns(t, func() { require.NoError(t, c.Shutdown(context.Background())) })
		r.balance()
		m := c.Metrics()
		require.Zero(t, m.DroppedEvents)
		require.Equal(t, m.Fetches, uint64(l.fetched)+m.Refreshes+m.Dropped+m.FetchErrors+m.FetchesCanceled)
		require.EqualValues(t, l.kinds[promptcache.EventEvicted], m.Evictions)
		require.EqualValues(t, l.denied, m.Removals)
		require.EqualValues(t, l.kinds[promptcache.EventRemoved], m.Invalidations+m.Removals)
		require.Equal(t, c.Len(), l.kinds[promptcache.EventAdded]-l.kinds[promptcache.EventRemoved]-l.kinds[promptcache.EventEvicted])
	})
}
