package promptcache_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestEventKind(t *testing.T) {
	for kind, name := range map[promptcache.EventKind]string{
		promptcache.EventAdded: "added", promptcache.EventChanged: "changed", promptcache.EventStale: "stale",
		promptcache.EventRefreshFailed: "refresh failed", promptcache.EventRejected: "rejected",
		promptcache.EventRecovered: "recovered", promptcache.EventRemoved: "removed", promptcache.EventEvicted: "evicted",
		99: "EventKind(99)",
	} {
		require.Equal(t, name, kind.String())
	}
}

func TestEvents(t *testing.T) {
	proves(t, "a life of a prompt, with its revisions, times and errors", func(t *testing.T) {
		src := source.New[*revised]()
		src.Put("a", &revised{Rev: "r1"})
		c := started(t, src.Fetch, exactly(func(cfg *promptcache.Config) { cfg.MaxSize = 1 }))
		events := follow(t, c)
		began := time.Now()
		_, err := c.GetOrFetch(t.Context(), "a")
		require.NoError(t, err)
		src.Script(broken[*revised](promptcache.KindUnavailable))
		src.Put("a", &revised{Rev: "r2"})
		pass(ttl + interval)
		pass(interval)
		c.Set("a", &revised{Rev: "r3"})
		c.Set("a", &revised{Rev: "r3"})
		require.Equal(t, 1, c.Invalidate("a"))
		c.Set("a", &revised{Rev: "r4"})
		c.Set("b", &revised{})
		c.Clear()
		pass(0)

		want := []promptcache.Event{
			{Kind: promptcache.EventAdded, Key: "a", NewRevision: "r1", At: began},
			{Kind: promptcache.EventStale, Key: "a", OldRevision: "r1", At: began.Add(6 * time.Minute)},
			{Kind: promptcache.EventRefreshFailed, Key: "a", OldRevision: "r1", At: began.Add(6 * time.Minute)},
			{Kind: promptcache.EventRecovered, Key: "a", OldRevision: "r1", NewRevision: "r2", At: began.Add(7 * time.Minute)},
			{Kind: promptcache.EventChanged, Key: "a", OldRevision: "r1", NewRevision: "r2", At: began.Add(7 * time.Minute)},
			{Kind: promptcache.EventChanged, Key: "a", OldRevision: "r2", NewRevision: "r3", At: began.Add(7 * time.Minute)},
			{Kind: promptcache.EventRemoved, Key: "a", OldRevision: "r3", At: began.Add(7 * time.Minute)},
			{Kind: promptcache.EventAdded, Key: "a", NewRevision: "r4", At: began.Add(7 * time.Minute)},
			{Kind: promptcache.EventAdded, Key: "b", At: began.Add(7 * time.Minute)},
			{Kind: promptcache.EventEvicted, Key: "a", OldRevision: "r4", At: began.Add(7 * time.Minute)},
			{Kind: promptcache.EventRemoved, Key: "b", At: began.Add(7 * time.Minute)},
		}
		require.Len(t, events.events, len(want))
		for i, e := range events.events {
			require.Equal(t, e.Kind == promptcache.EventRefreshFailed, e.Err != nil, i)
			e.Err = nil
			require.True(t, want[i].At.Equal(e.At), "%d: %v", i, e.At)
			e.At = want[i].At
			require.Equal(t, want[i], e, i)
		}
	})

	proves(t, "all subscribers see the same order, from when they subscribed until they end it", func(t *testing.T) {
		c := newCache(t, source.New[*revised]().Fetch, exactly())
		c.Set("a", &revised{Rev: "before"})
		one, other := follow(t, c), follow(t, c)
		gone := &eventlog{}
		unsubscribe := c.Subscribe(func(e promptcache.Event) { gone.events = append(gone.events, e) })
		unsubscribe()
		unsubscribe()
		var wg sync.WaitGroup
		for g := range 5 {
			wg.Go(func() {
				for i := range 100 {
					c.Set("a", &revised{Rev: fmt.Sprintf("%d/%d", g, i)})
				}
			})
		}
		wg.Wait()
		synctest.Wait()
		require.Len(t, one.events, 500)
		require.Equal(t, one.events, other.events)
		revision := "before"
		for _, e := range one.events {
			require.Equal(t, revision, e.OldRevision)
			revision = e.NewRevision
		}
		require.Empty(t, gone.events)
		require.Zero(t, c.Metrics().DroppedEvents)
	})

	proves(t, "a slow subscriber loses the oldest, counted, and holds up nobody", func(t *testing.T) {
		const buffer = 1024
		c := newCache(t, source.New[*revised]().Fetch, exactly())
		release := make(chan struct{})
		var seen []string
		slow := c.Subscribe(func(e promptcache.Event) {
			<-release
			seen = append(seen, e.NewRevision)
		})
		defer slow()
		var fast atomic.Int64
		defer c.Subscribe(func(promptcache.Event) { fast.Add(1) })()

		set := func(i int) {
			c.Set("a", &revised{Rev: strconv.Itoa(i)})
			synctest.Wait()
		}
		began := time.Now()
		set(0) // held in the callback
		for i := range buffer + 10 {
			set(1 + i)
		}
		require.Zero(t, time.Since(began))
		require.EqualValues(t, buffer+11, fast.Load())
		require.EqualValues(t, 10, c.Metrics().DroppedEvents)
		close(release)
		synctest.Wait()
		require.Len(t, seen, 1+buffer)
		require.Equal(t, "0", seen[0])
		for i, revision := range seen[1:] {
			require.Equal(t, strconv.Itoa(11+i), revision)
		}
		set(-1)
		require.Equal(t, "-1", seen[len(seen)-1])
	})

	proves(t, "a subscriber may end its subscription and call the cache", func(t *testing.T) {
		c := newCache(t, docs("b").Fetch, exactly())
		var seen []string
		var unsubscribe func()
		unsubscribe = c.Subscribe(func(e promptcache.Event) {
			seen = append(seen, e.Key)
			if len(seen) == 2 {
				unsubscribe()
			}
			_, _ = c.GetOrFetch(t.Context(), "b")
			c.Set("c", &doc{e.Key})
			c.Invalidate("b")
			c.Metrics()
		})
		before := goroutines()
		c.Set("a", &doc{})
		synctest.Wait()
		c.Set("d", &doc{})
		synctest.Wait()
		require.Equal(t, []string{"a", "b"}, seen)
		require.Equal(t, before-1, goroutines())
	})

	proves(t, "Shutdown delivers what has happened and ends subscriptions", func(t *testing.T) {
		before := goroutines()
		c := newCache(t, docs().Fetch, exactly())
		events := follow(t, c)
		for i := range 100 {
			c.Set(strconv.Itoa(i), &doc{})
		}
		require.NoError(t, c.Shutdown(t.Context()))
		require.Len(t, events.events, 100)
		goesDownTo(t, before)
		c.Set("late", &doc{})
		c.Subscribe(func(promptcache.Event) { t.Error("called after Shutdown") })()
		synctest.Wait()
		require.Len(t, events.events, 100)
	})

	proves(t, "a subscriber that does not return holds up Shutdown for a second", func(t *testing.T) {
		c := newCache(t, docs().Fetch, exactly())
		release := make(chan struct{})
		c.Subscribe(func(promptcache.Event) { <-release })
		c.Set("a", &doc{})
		synctest.Wait()
		began := time.Now()
		require.NoError(t, c.Shutdown(context.Background()))
		require.Equal(t, time.Second, time.Since(began))
		close(release)
	})
}
