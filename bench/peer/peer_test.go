package peer_test

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/trace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func prompts(keys []string) []*peer.Prompt {
	out := make([]*peer.Prompt, len(keys))
	for i, key := range keys {
		out[i] = &peer.Prompt{Name: key, Commit: strconv.Itoa(i)}
	}
	return out
}

// each runs a test with every peer that is a cache.
func each(t *testing.T, o peer.Options, test func(t *testing.T, p peer.Peer, c peer.Cache)) {
	t.Helper()
	for _, p := range peer.All() {
		if p.Name == peer.EmptyName {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			c := p.New(t.Context(), o)
			defer c.Close()
			test(t, p, c)
		})
	}
}

func TestWhatIsFilledIsFound(t *testing.T) {
	keys := trace.Keys(5_000)
	values := prompts(keys)
	each(t, peer.Options{Capacity: 10_000}, func(t *testing.T, _ peer.Peer, c peer.Cache) {
		c.Fill(keys, values)
		require.Equal(t, len(keys), c.Read(trace.Copies(keys)))
		for i, key := range trace.Copies(keys) {
			require.Same(t, values[i], c.Get(key))
		}
		require.Nil(t, c.Get("owner/absent:latest"))
		require.Equal(t, 1, c.Read([]string{"owner/absent:latest", keys[7], "owner/gone:latest"}))
	})
}

func TestASetIsSeen(t *testing.T) {
	keys := trace.Keys(100)
	each(t, peer.Options{Capacity: 200}, func(t *testing.T, _ peer.Peer, c peer.Cache) {
		c.Fill(keys, prompts(keys))
		newer := &peer.Prompt{Name: keys[3], Commit: "newer"}
		c.Set(keys[3], newer)
		c.Settle()
		require.Same(t, newer, c.Get(keys[3]))
	})
}

func TestCapacityBinds(t *testing.T) {
	keys := trace.Keys(10_000)
	each(t, peer.Options{Capacity: 1_000}, func(t *testing.T, p peer.Peer, c peer.Cache) {
		c.Fill(keys, prompts(keys))
		switch found := c.Read(keys); {
		case p.Limit:
			require.Equal(t, len(keys), found)
		default:
			require.LessOrEqual(t, found, 1_100)
			require.Greater(t, found, 500)
		}
	})
}

func TestOneRowIsOurs(t *testing.T) {
	names := map[string]bool{}
	for _, p := range peer.All() {
		require.False(t, names[p.Name], p.Name)
		names[p.Name] = true
		require.Equal(t, p.Ours, p.Name[:min(len(p.Name), 11)] == peer.OursName, p.Name)
	}
	require.True(t, names[peer.OursName])
	require.Equal(t, peer.OursName, peer.All()[0].Name)
}

func TestEmptyDoesNothing(t *testing.T) {
	all := peer.All()
	last := all[len(all)-1]
	require.Equal(t, peer.EmptyName, last.Name)
	c := last.New(t.Context(), peer.Options{})
	c.Fill(trace.Keys(1), nil)
	c.Set("a", &peer.Prompt{})
	c.Settle()
	require.Nil(t, c.Get("a"))
	require.Equal(t, 2, c.Read([]string{"a", "b"}))
	c.Close()
}

// TestStalePromptsAreRefetched: after Age a Load returns what there is and the
// next version comes, behind it.
func TestStalePromptsAreRefetched(t *testing.T) {
	for _, p := range peer.All() {
		if p.Refreshes == nil {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			var fetches atomic.Int64
			c := p.Refreshes(t.Context(), peer.Options{Capacity: 100, Controlled: true, Concurrency: 4, Fetch: func(_ context.Context, key string) (*peer.Prompt, error) {
				return &peer.Prompt{Name: key, Commit: strconv.FormatInt(fetches.Add(1), 10)}, nil
			}})
			defer c.Close()
			first, err := c.Load(t.Context(), "a")
			require.NoError(t, err)
			require.Equal(t, "1", first.Commit)
			again, err := c.Load(t.Context(), "a")
			require.NoError(t, err)
			require.Same(t, first, again)
			require.EqualValues(t, 1, fetches.Load(), "fresh")

			for version := 2; version < 5; version++ {
				c.Age()
				stale, err := c.Load(t.Context(), "a")
				require.NoError(t, err)
				require.NotNil(t, stale)
				require.Eventually(t, func() bool { return c.Get("a").Commit == strconv.Itoa(version) }, 5*time.Second, time.Millisecond)
			}
			require.EqualValues(t, 4, fetches.Load())

			c.Delete("a")
			require.Nil(t, c.Get("a"))
		})
	}
}

func TestAFetchThatFails(t *testing.T) {
	broken := errors.New("broken")
	for _, p := range peer.All() {
		if p.Refreshes == nil {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			c := p.Refreshes(t.Context(), peer.Options{Capacity: 100, Fetch: func(context.Context, string) (*peer.Prompt, error) { return nil, broken }})
			defer c.Close()
			_, err := c.Load(t.Context(), "a")
			require.ErrorIs(t, err, broken)
			require.Nil(t, c.Get("a"))
		})
	}
}

// TestTickIsAScan: what is stale is refetched without a reader.
func TestTickIsAScan(t *testing.T) {
	keys := trace.Keys(100)
	scanning := 0
	for _, p := range peer.All() {
		if p.Scans == nil {
			continue
		}
		scanning++
		t.Run(p.Name, func(t *testing.T) {
			var fetches atomic.Int64
			c := p.Scans(t.Context(), peer.Options{Capacity: 100, Controlled: true, Fetch: func(_ context.Context, key string) (*peer.Prompt, error) {
				fetches.Add(1)
				return &peer.Prompt{Name: key}, nil
			}})
			defer c.Close()
			c.Fill(keys, prompts(keys))
			c.Tick(2_000)
			require.Zero(t, fetches.Load(), "nothing is due")
			c.Advance(90 * time.Minute)
			require.Zero(t, fetches.Load(), "nobody has looked")
			c.Tick(1)
			require.Eventually(t, func() bool { return c.Refreshed() == 100 }, 5*time.Second, time.Millisecond)
			require.EqualValues(t, 100, fetches.Load())
		})
	}
	require.Equal(t, 2, scanning)
}
