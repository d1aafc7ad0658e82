package promptcache

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// sightings is what shown should know: the moment at which each prompt was found,
// and the fetches whose result is awaited.
type sightings struct {
	found   []time.Duration
	awaited []time.Duration
}

func (s *sightings) since(at time.Duration) (prompts int) {
	for _, found := range s.found {
		if found >= at {
			prompts++
		}
	}
	return prompts
}

// A count of what was found takes no walk, and is that of a walk.
func TestShownCountsLikeAWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const prompts = 8
		r := &registry[int]{missing: missing{began: never}}
		naive := &sightings{found: slices.Repeat([]time.Duration{neverFound}, prompts)}
		now := time.Duration(0)
		move := func(prompt int, at time.Duration) {
			r.found(naive.found[prompt], at)
			naive.found[prompt] = at
		}
		end := func() (at time.Duration) {
			i := rapid.IntRange(0, len(naive.awaited)-1).Draw(t, "fetch")
			at = naive.awaited[i]
			naive.awaited = slices.Delete(naive.awaited, i, i+1)
			r.shown.end(at)
			return at
		}
		most := rapid.SampledFrom([]int{4, maxMarks / 2}).Draw(t, "fetches at a time")
		actions := map[string]func(t *rapid.T){
			"begin": func(*rapid.T) {
				now += time.Duration(rapid.IntRange(0, 2).Draw(t, "later"))
				for range rapid.IntRange(1, most).Draw(t, "fetches") {
					if len(naive.awaited) == most {
						end()
					}
					r.shown.begin(now)
					naive.awaited = append(naive.awaited, now)
					now += time.Duration(rapid.IntRange(0, 1).Draw(t, "later"))
				}
			},
			"find": func(t *rapid.T) {
				if len(naive.awaited) == 0 {
					return // there is none
				}
				prompt := rapid.IntRange(0, prompts-1).Draw(t, "prompt")
				if at := end(); at >= naive.found[prompt] {
					move(prompt, at)
				}
			},
			"fail": func(*rapid.T) {
				if len(naive.awaited) == 0 {
					return // there is none
				}
				end()
			},
			"deny": func(t *rapid.T) {
				if len(naive.awaited) == 0 || r.missing.began != never {
					return // nobody can be denied, or the inquiry is open
				}
				at := end()
				r.missing.began, r.missing.found = r.shown.since(at)
				require.Equal(t, at, r.missing.began)
			},
			"admit": func(*rapid.T) { r.missing.began = never },
			"lose":  func(t *rapid.T) { move(rapid.IntRange(0, prompts-1).Draw(t, "prompt"), neverFound) },
			"": func(t *rapid.T) {
				require.LessOrEqual(t, len(r.shown.marks), maxMarks)
				for _, at := range naive.awaited {
					from, found := r.shown.since(at)
					require.Equal(t, at, from)
					require.Equal(t, naive.since(at), found)
				}
				if r.missing.began != never {
					require.Equal(t, naive.since(r.missing.began), r.missing.found)
				}
			},
		}
		t.Repeat(actions)
	})
}

// However much is under way, there are few marks, and what they say is true from
// a moment on that is not much later than the one asked for.
func TestShownStaysSmall(t *testing.T) {
	const n = 20_000
	var s shown
	naive := &sightings{}
	for i := range n {
		at := time.Duration(i)
		s.begin(at)
		require.LessOrEqual(t, len(s.marks), maxMarks)
		if i%2 == 0 { // the others go on
			s.end(at)
			s.move(neverFound, at)
			naive.found = append(naive.found, at)
		}
	}
	for i := 1; i < n; i += 2 {
		at := time.Duration(i)
		from, found := s.since(at)
		require.GreaterOrEqual(t, from, at)
		require.Equal(t, naive.since(from), found)
		require.GreaterOrEqual(t, found, naive.since(at)-n/50)
	}
	for i := 1; i < n; i += 2 {
		s.end(time.Duration(i))
	}
	s.thin()
	require.Empty(t, s.marks)
}

func TestNothingIsAwaitedOnceAllHasEnded(t *testing.T) {
	c, mock, _ := many(t, 100)
	ctx, cancel := context.WithCancel(t.Context())
	for i := range 50 {
		mock.Add(1)
		c.join(ctx, fmt.Sprint("owner/prompt-", i), "", always)
	}
	shown := &c.registryLocked("").shown
	require.Equal(t, 50, awaited(shown))
	for i := range 25 {
		c.Set(fmt.Sprint("owner/prompt-", i), new(int))
	}
	require.Equal(t, 25, awaited(shown))
	c.Clear()
	require.Zero(t, awaited(shown))
	cancel()
}

// awaited returns how many fetches s awaits.
func awaited(s *shown) (fetches int) {
	for _, m := range s.marks {
		fetches += m.fetches
	}
	return fetches
}

func TestShownForgetsWhatNobodyAsksFor(t *testing.T) {
	var s shown
	for i := range 10 * maxMarks {
		at := time.Duration(i)
		s.begin(at)
		s.end(at)
		s.move(neverFound, at)
	}
	first, _ := s.since(0)
	require.Positive(t, first)
	s.move(0, neverFound)
	_, found := s.since(0)
	require.Len(t, s.marks, found, "what was found before the first mark is not counted, so it is not taken back")
}
