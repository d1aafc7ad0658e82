package faultnet_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/faultnet"
)

func TestPlay(t *testing.T) {
	t.Run("each fault at its time, and none after", func(t *testing.T) {
		p := start(t, echo)
		open := dial(t, p)
		send(t, open, "a")
		receives(t, open, "a")
		const unit = 50 * time.Millisecond
		played := make(chan error, 1)
		began := time.Now()
		go func() {
			played <- p.Play(t.Context(), faultnet.Schedule{
				{At: 2 * unit, For: 2 * unit, Fault: faultnet.Fault{Kind: faultnet.Refuse}},
				{At: unit, Fault: faultnet.Fault{Kind: faultnet.Reset}},
			})
		}()
		isReset(t, open)
		require.GreaterOrEqual(t, time.Since(began), unit)
		after := dial(t, p)
		send(t, after, "b")
		receives(t, after, "b") // a step that lasts 0 is over
		await(t, p, func(s faultnet.Stats) bool { return s.Hits[faultnet.Refuse] == 1 })
		_, err := net.Dial("tcp", p.Addr())
		require.Error(t, err)
		require.NoError(t, <-played)
		require.GreaterOrEqual(t, time.Since(began), 4*unit)
		send(t, dial(t, p), "c")
	})
	t.Run("the end of its context removes what it has injected", func(t *testing.T) {
		p := start(t, echo)
		ctx, cancel := context.WithCancelCause(t.Context())
		played := make(chan error, 1)
		go func() {
			played <- p.Play(ctx, faultnet.Schedule{
				{For: time.Hour, Fault: faultnet.Fault{Kind: faultnet.Refuse}},
				{At: time.Hour, Fault: faultnet.Fault{Kind: faultnet.Reset}},
			})
		}()
		await(t, p, func(s faultnet.Stats) bool { return s.Hits[faultnet.Refuse] == 1 })
		enough := errors.New("enough")
		cancel(enough)
		require.ErrorIs(t, <-played, enough)
		send(t, dial(t, p), "a")
	})
	t.Run("a schedule with a mistake is not begun", func(t *testing.T) {
		p := start(t, echo)
		err := p.Play(t.Context(), faultnet.Schedule{
			{Fault: faultnet.Fault{Kind: faultnet.Refuse}},
			{At: -1, Fault: faultnet.Fault{Kind: faultnet.Refuse}},
			{Fault: faultnet.Fault{Kind: "x"}},
		})
		require.ErrorContains(t, err, "step 1: a time is negative")
		require.ErrorContains(t, err, `step 2: faultnet: fault: kind "x"`)
		require.Empty(t, p.Stats().Hits)
	})
	t.Run("nothing to play", func(t *testing.T) {
		require.NoError(t, start(t, echo).Play(t.Context(), nil))
	})
}

func TestStorm(t *testing.T) {
	storm := faultnet.Storm{Seed: 3, Length: time.Hour, Burst: 2 * time.Second, Calm: 4 * time.Second}
	schedule := storm.Schedule()
	require.Equal(t, schedule, storm.Schedule())
	storm.Seed++
	require.NotEqual(t, schedule, storm.Schedule())

	seen := make(map[faultnet.Kind]int)
	var end, stormy time.Duration
	p := start(t, echo)
	for _, step := range schedule {
		seen[step.Kind]++
		require.GreaterOrEqual(t, step.At, end, "one after the other")
		end = step.At + step.For
		stormy += step.For
		remove, err := p.Inject(step.Fault)
		require.NoError(t, err)
		remove()
	}
	require.LessOrEqual(t, end, time.Hour)
	require.InDelta(t, float64(20*time.Minute), float64(stormy), float64(2*time.Minute))
	require.Len(t, seen, len(faultnet.Kinds()))

	only := faultnet.Storm{Length: time.Minute, Kinds: []faultnet.Kind{faultnet.Reset}}.Schedule()
	require.InDelta(t, 10, len(only), 3)
	for _, step := range only {
		require.Equal(t, faultnet.Reset, step.Kind)
	}
	require.Empty(t, faultnet.Storm{}.Schedule())
	require.NoError(t, p.Play(t.Context(), faultnet.Storm{Length: 100 * time.Millisecond}.Schedule()))
}
