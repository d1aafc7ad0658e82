package watch_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/watch"
	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// limit is how long a test waits for an event.
const limit = 20 * time.Second

// langSmith opens a fake LangSmith.
func langSmith(t *testing.T) (*fakelangsmith.Server, *registry.Registry) {
	t.Helper()
	fake := fakelangsmith.StartTest(t, fakelangsmith.Config{})
	return fake, open(t, "langsmith", map[string]string{
		"LANGSMITH_ENDPOINT": fake.URL(), "LANGSMITH_API_KEY": fakelangsmith.DefaultKey,
	})
}

func langfuse(t *testing.T) (*fakelangfuse.Server, *registry.Registry) {
	t.Helper()
	fake := fakelangfuse.StartTest(t, fakelangfuse.Config{})
	return fake, open(t, "langfuse", map[string]string{
		"LANGFUSE_BASE_URL":   fake.URL(),
		"LANGFUSE_PUBLIC_KEY": fakelangfuse.DefaultPublicKey, "LANGFUSE_SECRET_KEY": fakelangfuse.DefaultSecretKey,
	})
}

func open(t *testing.T, name string, env map[string]string) *registry.Registry {
	t.Helper()
	reg, err := registry.Open(name, registry.Settings{Retries: new(0), Getenv: func(name string) string { return env[name] }})
	require.NoError(t, err)
	return reg
}

// watching is a watch, and what it tells.
type watching struct {
	t      *testing.T
	events chan watch.Event
	stop   context.CancelFunc
	result chan error
}

// start starts a watch that ends with the test, if not before.
func start(t *testing.T, prompts ...watch.Prompt) *watching {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &watching{t, make(chan watch.Event), cancel, make(chan error, 1)}
	go func() {
		w.result <- watch.Run(ctx, watch.Config{
			Prompts: prompts, Interval: watch.MinInterval,
			Tell: func(e watch.Event) error {
				select {
				case w.events <- e:
				case <-ctx.Done():
				}
				return nil
			},
		})
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-w.result:
			require.NoError(t, err, "the end of ctx is no error")
		case <-time.After(limit):
			t.Error("it did not end")
		}
	})
	return w
}

// next returns the next event, which must be of this kind and key.
func (w *watching) next(kind watch.Kind, key string) watch.Event {
	w.t.Helper()
	select {
	case e := <-w.events:
		require.Equal(w.t, kind, e.Kind, "%+v", e)
		require.Equal(w.t, key, e.Key)
		require.WithinDuration(w.t, time.Now(), e.At, limit)
		return e
	case err := <-w.result:
		require.FailNow(w.t, "it ended", "%v", err)
	case <-time.After(limit):
		require.FailNow(w.t, "nothing was told", "want %s of %s", kind, key)
	}
	return watch.Event{}
}

func revision(v registry.Value) string {
	if v == nil {
		return ""
	}
	return v.Revision()
}

func TestWatch(t *testing.T) {
	fake, reg := langSmith(t)
	first, err := fake.PushText("greeting", "Hello {name}")
	require.NoError(t, err)
	const key = "langsmith:greeting"
	w := start(t, watch.Prompt{Registry: reg, Key: "greeting"})

	e := w.next(watch.Found, key)
	require.Nil(t, e.Old)
	require.Equal(t, first, revision(e.New))
	e = w.next(watch.State, "")
	require.Equal(t, watch.Event{Kind: watch.State, At: e.At, Registry: "langsmith", Healthy: true, Prompts: 1}, e)

	second, err := fake.PushText("greeting", "Good day {name}")
	require.NoError(t, err)
	e = w.next(watch.Changed, key)
	require.Equal(t, []string{first, second}, []string{revision(e.Old), revision(e.New)})
	require.NoError(t, e.Err)

	fake.Down()
	e = w.next(watch.Failed, key)
	require.ErrorIs(t, e.Err, promptcache.ErrUnavailable)
	require.Equal(t, second, revision(e.New), "it is still served")
	require.Nil(t, e.Old)
	e = w.next(watch.State, "")
	require.False(t, e.Healthy)
	require.Equal(t, []int{1, 1}, []int{e.Failing, e.Prompts})
	e = w.next(watch.Stale, key)
	require.ErrorIs(t, e.Err, promptcache.ErrUnavailable)
	require.Greater(t, e.Age, watch.MinInterval)

	third, err := fake.PushText("greeting", "Welcome {name}")
	require.NoError(t, err)
	require.NoError(t, fake.Up())
	e = w.next(watch.Recovered, key)
	require.NoError(t, e.Err)
	require.Equal(t, third, revision(e.New))
	e = w.next(watch.Changed, key)
	require.Equal(t, []string{second, third}, []string{revision(e.Old), revision(e.New)})
	require.True(t, w.next(watch.State, "").Healthy)

	require.NoError(t, fake.DeletePrompt("greeting"))
	e = w.next(watch.Failed, key)
	require.ErrorIs(t, e.Err, promptcache.ErrNotFound, "the first time it may be a mistake")
	for e = w.next2(); e.Kind == watch.Stale; e = w.next2() { // it may be by then
	}
	require.Equal(t, watch.Removed, e.Kind)
	require.ErrorIs(t, e.Err, promptcache.ErrNotFound)
	require.Equal(t, third, revision(e.Old))
	require.Nil(t, e.New)

	fourth, err := fake.PushText("greeting", "Once more {name}")
	require.NoError(t, err)
	require.Equal(t, fourth, revision(w.next(watch.Found, key).New))
}

// next2 returns the next event, of any kind.
func (w *watching) next2() watch.Event {
	w.t.Helper()
	select {
	case e := <-w.events:
		return e
	case <-time.After(limit):
		require.FailNow(w.t, "nothing was told")
	}
	return watch.Event{}
}

func TestWatchOfTwoRegistries(t *testing.T) {
	smithFake, smith := langSmith(t)
	_, err := smithFake.PushText("greeting", "Hello {name}")
	require.NoError(t, err)
	fuseFake, fuse := langfuse(t)
	_, err = fuseFake.PushText("greeting", "Hello {{name}}")
	require.NoError(t, err)
	w := start(t, watch.Prompt{Registry: smith, Key: "greeting"}, watch.Prompt{Registry: fuse, Key: "greeting"})
	w.next(watch.Found, "langsmith:greeting")
	w.next(watch.Found, "langfuse:greeting")
	require.Equal(t, "langsmith", w.next(watch.State, "").Registry)
	require.Equal(t, "langfuse", w.next(watch.State, "").Registry)

	fuseFake.Down()
	require.Equal(t, "langfuse", w.next(watch.Failed, "langfuse:greeting").Registry)
	e := w.next(watch.State, "")
	require.Equal(t, "langfuse", e.Registry)
	require.Equal(t, 1, e.Prompts, "each registry has a state of its own")
	w.next(watch.Stale, "langfuse:greeting")
	_, err = smithFake.PushText("greeting", "Hi {name}")
	require.NoError(t, err)
	w.next(watch.Changed, "langsmith:greeting")
}

func TestWatchBeginsInAnOutage(t *testing.T) {
	fake, reg := langSmith(t)
	hash, err := fake.PushText("greeting", "Hello {name}")
	require.NoError(t, err)
	fake.Down()
	w := start(t, watch.Prompt{Registry: reg, Key: "greeting"})
	e := w.next(watch.Failed, "langsmith:greeting")
	require.ErrorIs(t, e.Err, promptcache.ErrUnavailable)
	require.Nil(t, e.New, "there is nothing that could be served")
	require.False(t, w.next(watch.State, "").Healthy)
	require.NoError(t, fake.Up())
	require.Equal(t, hash, revision(w.next(watch.Found, "langsmith:greeting").New))
	require.True(t, w.next(watch.State, "").Healthy)
}

func TestWatchOfWhatCannotBeHad(t *testing.T) {
	_, reg := langSmith(t)
	err := watch.Run(t.Context(), watch.Config{
		Prompts: []watch.Prompt{{reg, "nobody"}}, Interval: watch.MinInterval, Tell: func(watch.Event) error { return nil },
	})
	require.ErrorIs(t, err, promptcache.ErrNotFound)
	var problem *watch.PromptError
	require.ErrorAs(t, err, &problem)
	require.Equal(t, "langsmith:nobody", problem.Key)
	require.ErrorContains(t, err, "langsmith:nobody: ")
}

func TestWatchEnds(t *testing.T) {
	fake, reg := langSmith(t)
	_, err := fake.PushText("greeting", "Hello {name}")
	require.NoError(t, err)
	cfg := watch.Config{Prompts: []watch.Prompt{{reg, "greeting"}}, Interval: watch.MinInterval}

	t.Run("with the error of Tell", func(t *testing.T) {
		full := errors.New("no space left")
		cfg.Tell = func(watch.Event) error { return full }
		require.ErrorIs(t, watch.Run(t.Context(), cfg), full)
	})
	t.Run("before it began", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		cfg.Tell = func(watch.Event) error { return errors.New("it told of something") }
		require.NoError(t, watch.Run(ctx, cfg))
	})
	t.Run("while the registry does not answer", func(t *testing.T) {
		_, err := fake.Inject(fakelangsmith.Fault{Kind: fakelangsmith.Hang})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, errors.New("enough"))
		defer cancel()
		ended, stop := context.WithCancel(t.Context())
		context.AfterFunc(ctx, stop) // as a signal does
		began := time.Now()
		require.NoError(t, watch.Run(ended, cfg))
		require.Less(t, time.Since(began), limit/2)
	})
}

// TestWatchGoesOn: a prompt that nobody reads, and of which there is nothing to
// tell, is fetched all the same.
func TestWatchGoesOn(t *testing.T) {
	fake, reg := langSmith(t)
	_, err := fake.PushText("greeting", "Hello {name}")
	require.NoError(t, err)
	w := start(t, watch.Prompt{Registry: reg, Key: "greeting"})
	w.next(watch.Found, "langsmith:greeting")
	w.next(watch.State, "")
	require.Eventually(t, func() bool { return fake.Count() >= 8 }, limit, watch.MinInterval)
	hash, err := fake.PushText("greeting", "Hi {name}")
	require.NoError(t, err)
	require.Equal(t, hash, revision(w.next(watch.Changed, "langsmith:greeting").New))
}
