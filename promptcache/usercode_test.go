package promptcache_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

// probe is user code that says whether the cache was locked while it ran.
type probe struct {
	c      *promptcache.PromptCache[*doc]
	ran    atomic.Int64
	locked atomic.Int64
}

func (p *probe) look() {
	if p.c == nil {
		return
	}
	p.ran.Add(1)
	free := make(chan struct{})
	go func() {
		p.c.Len()
		close(free)
	}()
	select {
	case <-free:
	case <-time.After(time.Second):
		p.locked.Add(1)
	}
}

func (p *probe) Error() string  { p.look(); return "probe" }
func (p *probe) String() string { p.look(); return "probe" }

func TestUserCodeRunsUnlocked(t *testing.T) {
	get := func(c *promptcache.PromptCache[*doc]) { _, _ = c.GetOrFetch(context.Background(), "a") }
	for name, tc := range map[string]struct {
		answer func(p *probe) source.Step[*doc]
		act    func(p *probe)
	}{
		"the Error method of a fetch's error": {
			func(p *probe) source.Step[*doc] { return source.Fail[*doc](p) },
			func(p *probe) { get(p.c) },
		},
		"and again while the key backs off": {
			func(p *probe) source.Step[*doc] { return source.Fail[*doc](&promptcache.FetchError{Key: "a", Err: p}) },
			func(p *probe) { get(p.c); get(p.c) },
		},
		"the String method of what a fetch panics with": {
			func(p *probe) source.Step[*doc] { return source.Panic[*doc](fmt.Stringer(p)) },
			func(p *probe) { get(p.c) },
		},
		"the cause of a caller's context": {
			func(*probe) source.Step[*doc] { return source.Value(&doc{}) },
			func(p *probe) {
				ctx, cancel := context.WithCancelCause(context.Background())
				cancel(p)
				_, err := p.c.GetOrFetch(ctx, "a")
				_ = err.Error()
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := &probe{}
			src := source.New[*doc]()
			src.Always(tc.answer(p))
			p.c = newCache(t, src.Fetch, exactly())
			tc.act(p)
			require.Zero(t, p.locked.Load(), "of %d calls", p.ran.Load())
		})
	}
}

// fickle is an error whose Error method does not work on its nil pointer.
type fickle struct{ text string }

func (f *fickle) Error() string { return f.text }

// TestTypedNilError runs itself in another process, for the failure that it
// looks for ends the process.
func TestTypedNilError(t *testing.T) {
	const child = "PROMPTCACHE_TYPED_NIL"
	if os.Getenv(child) == "" {
		t.Run("NB-10 a nil pointer returned as an error is an error, like a panic", func(t *testing.T) {
			self, err := os.Executable()
			require.NoError(t, err)
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestTypedNilError$", "-test.count=1")
			cmd.Env = append(os.Environ(), child+"=1")
			out, err := cmd.CombinedOutput()
			first, _, _ := strings.Cut(string(out), "\n")
			require.NoError(t, err, "the process died: %s", first)
		})
		return
	}
	c := newCache(t, func(context.Context, string) (*doc, error) {
		var err *fickle
		return nil, err
	}, exactly())
	_, err := c.GetOrFetch(t.Context(), "a")
	require.Error(t, err)
	require.NotErrorIs(t, err, context.DeadlineExceeded)
	_, err = c.GetOrFetch(t.Context(), "a")
	require.Error(t, err, "and while it backs off")
	var fe *promptcache.FetchError
	require.ErrorAs(t, err, &fe)
	require.EqualValues(t, 1, c.Metrics().FetchErrors)
}
