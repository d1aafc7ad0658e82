package sim_test

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/promptcache"
	"github.com/promptcache/promptcache-go/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fetched is the value of the real caches: when its fetch began.
type fetched struct{ Began time.Duration }

// reality plays a scenario with real caches in a bubble's time.
type reality struct {
	s     sim.Scenario
	epoch time.Time
	mu    sync.Mutex
	stage *sim.Stage
	asked [][]time.Duration
}

func (r *reality) now() time.Duration { return time.Since(r.epoch) }

// really returns what came of real caches in a scenario.
func really(t *testing.T, s sim.Scenario, p sim.Background) (*sim.Result, [][]time.Duration) {
	t.Helper()
	r := &reality{s: s, stage: sim.NewStage(s, *p.Config.TTL), asked: make([][]time.Duration, s.Instances)}
	synctest.Test(t, func(t *testing.T) {
		r.epoch = time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var readers sync.WaitGroup
		for id := range s.Instances {
			cfg := p.Config
			cfg.Logger = slog.New(slog.DiscardHandler)
			c, err := promptcache.New(r.fetch(id), cfg)
			require.NoError(t, err)
			require.NoError(t, c.Start(ctx))
			for k := range s.Prompts {
				readers.Go(func() { r.read(ctx, c, id, k) })
			}
			defer c.Stop()
		}
		time.Sleep(s.Duration - 1)
		synctest.Wait()
		cancel()
		readers.Wait()
	})
	for _, times := range r.asked {
		slices.Sort(times)
	}
	return r.stage.Result(p), r.asked
}

func (r *reality) fetch(id int) promptcache.FetchFunc[*fetched] {
	requests := make([]int, r.s.Prompts)
	return func(ctx context.Context, key string) (*fetched, error) {
		k, err := strconv.Atoi(key)
		if err != nil {
			return nil, err
		}
		r.mu.Lock()
		began := r.now()
		answer := r.stage.Ask(began)
		r.asked[id] = append(r.asked[id], began)
		latency := r.stage.Latency(id, k, requests[k])
		requests[k]++
		r.mu.Unlock()
		select {
		case <-time.After(latency):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		kind := promptcache.KindUnavailable
		switch {
		case answer.OK:
			return &fetched{began}, nil
		case answer.Limited:
			kind = promptcache.KindRateLimited
		}
		return nil, &promptcache.FetchError{Key: key, Kind: kind, RetryAfter: answer.RetryAfter}
	}
}

// read reads one prompt of one instance until ctx ends.
func (r *reality) read(ctx context.Context, c *promptcache.PromptCache[*fetched], id, k int) {
	for at := r.stage.NextRead(id, k, 0); at < r.s.Duration; at = r.stage.NextRead(id, k, at+1) {
		select {
		case <-time.After(at - r.now()):
		case <-ctx.Done():
			return
		}
		v, err := c.GetOrFetch(ctx, strconv.Itoa(k))
		r.mu.Lock()
		switch {
		case ctx.Err() != nil: // the end
		case err != nil:
			r.stage.Fail()
		default:
			r.stage.See(r.now(), r.now()-v.Began)
		}
		r.mu.Unlock()
	}
}

// exactly is the default Config without chance, and with a slot for each of 20
// prompts: which of those that are due together goes first is not promised.
func exactly() promptcache.Config {
	cfg := promptcache.DefaultConfig()
	cfg.RefreshJitter, cfg.RefreshConcurrency = 0, 20
	return cfg
}

func TestTheModelIsExact(t *testing.T) {
	quick := func(change func(s *sim.Scenario, cfg *promptcache.Config)) (sim.Scenario, sim.Background) {
		s, cfg := sim.Standard(3, sim.Unlimited), exactly()
		change(&s, &cfg)
		return s, sim.Background{Config: cfg}
	}
	for name, change := range map[string]func(s *sim.Scenario, cfg *promptcache.Config){
		"two hours with an outage": func(*sim.Scenario, *promptcache.Config) {},
		"outages from the start on and of all lengths": func(s *sim.Scenario, _ *promptcache.Config) {
			s.Outages = []sim.Outage{
				{To: 3 * time.Second},
				{From: 7 * time.Minute, To: 7*time.Minute + 100*time.Millisecond},
				{From: 18*time.Minute - time.Second, To: 18*time.Minute + 20*time.Second},
				{From: 30 * time.Minute, To: 32 * time.Minute},
				{From: 33 * time.Minute, To: 33*time.Minute + 7*time.Second},
				{From: 50 * time.Minute, To: 90 * time.Minute},
				{From: 91 * time.Minute, To: 92 * time.Minute},
				{From: 93 * time.Minute, To: 119 * time.Minute},
			}
		},
		"a registry that is down at the deploy": func(s *sim.Scenario, _ *promptcache.Config) {
			s.Outages = []sim.Outage{{To: 20 * time.Minute}}
		},
		"a registry that asks for pauses": func(s *sim.Scenario, _ *promptcache.Config) {
			s.Outages = []sim.Outage{
				{To: 50 * time.Millisecond, RetryAfter: true},
				{From: 12 * time.Minute, To: 14 * time.Minute, RetryAfter: true},
				{From: 40 * time.Minute, To: 70 * time.Minute, RetryAfter: true}, // more than MaxRetryAfter
			}
		},
		"a registry that refuses all requests for a while, saying so or not": func(s *sim.Scenario, _ *promptcache.Config) {
			s.Outages = []sim.Outage{
				{To: 200 * time.Millisecond, Limited: true, RetryAfter: true},
				{From: 12 * time.Minute, To: 14 * time.Minute, Limited: true, RetryAfter: true},
				{From: 20 * time.Minute, To: 22 * time.Minute, Limited: true},
				{From: 40 * time.Minute, To: 56 * time.Minute},
				{From: 56 * time.Minute, To: 62 * time.Minute, Limited: true, RetryAfter: true},
				{From: 62 * time.Minute, To: 70 * time.Minute},
				{From: 70 * time.Minute, To: 100 * time.Minute, Limited: true, RetryAfter: true}, // more than MaxRetryAfter
			}
		},
		"prompts that are rarely read": func(s *sim.Scenario, _ *promptcache.Config) {
			s.ReadGap = 7 * time.Minute
		},
		"a slow registry, with several readers of each fetch": func(s *sim.Scenario, _ *promptcache.Config) {
			s.Latency, s.ReadGap = 6*time.Second, 3*time.Second
		},
		"one prompt": func(s *sim.Scenario, _ *promptcache.Config) {
			s.Prompts, s.Outages[0].From = 1, 0
		},
		"no Domain is ever down": func(_ *sim.Scenario, cfg *promptcache.Config) { cfg.DownAfter = 0 },
		"odd settings": func(s *sim.Scenario, cfg *promptcache.Config) {
			*cfg.TTL, cfg.RefreshInterval = 97*time.Second, 7*time.Second
			cfg.BackoffMin, cfg.BackoffMax, cfg.DownAfter = 3*time.Second, 41*time.Second, 5
			s.Latency = 2 * time.Second
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, p := quick(change)
			want, wantAsked := really(t, s, p)
			got, asked := sim.Traced(s, p)
			for id := range asked {
				slices.Sort(asked[id])
				require.Equal(t, wantAsked[id], asked[id], "the requests of instance %d", id)
			}
			require.Equal(t, want.Requests, got.Requests)
			require.Equal(t, want.Reads, got.Reads)
			require.Equal(t, want.FailedReads, got.FailedReads)
			require.Equal(t, want.StaleReads, got.StaleReads)
			require.Equal(t, want.Oldest, got.Oldest)
			require.Equal(t, want.Ages(), got.Ages())
			require.Greater(t, got.Reads, 300*s.Prompts/20)
		})
	}
}
