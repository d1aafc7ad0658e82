package source_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/fakes/source"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func ExampleSource() {
	src := source.New[string]()
	src.Put("greeting", "Hello {name}")
	fmt.Println(src.Fetch(context.Background(), "greeting"))

	src.Always(source.Fail[string](errors.New("an outage")))
	_, err := src.Fetch(context.Background(), "greeting")
	fmt.Println(err, src.Calls("greeting"))
	// Output:
	// Hello {name} <nil>
	// an outage 2
}

func TestAnswers(t *testing.T) {
	src := source.New[string]()
	fetch := func(key string) (string, error) { return src.Fetch(t.Context(), key) }

	_, err := fetch("a")
	require.ErrorIs(t, err, promptcache.ErrNotFound, "nothing was put")
	src.Put("a", "1")
	src.Always(source.Value("always"))
	src.Script(source.Value("first"), source.Fail[string](promptcache.ErrConflict))

	v, err := fetch("a")
	require.NoError(t, err)
	require.Equal(t, "first", v, "the script comes first")
	_, err = fetch("b")
	require.ErrorIs(t, err, promptcache.ErrConflict)
	v, err = fetch("a")
	require.NoError(t, err)
	require.Equal(t, "always", v)
	src.Always(nil)
	v, err = fetch("a")
	require.NoError(t, err)
	require.Equal(t, "1", v)
	src.Delete("a")
	_, err = fetch("a")
	require.ErrorIs(t, err, promptcache.ErrNotFound)

	require.Equal(t, 6, src.Total())
	require.Equal(t, map[string]int{"a": 5, "b": 1}, src.AllCalls())
}

func TestHold(t *testing.T) {
	src := source.New[string]()
	src.Put("a", "1")
	release := src.Hold()
	got := make(chan string)
	for range 2 {
		go func() {
			v, _ := src.Fetch(t.Context(), "a")
			got <- v
		}()
	}
	require.NoError(t, src.AwaitTotal(t.Context(), 2))
	require.Equal(t, 2, src.InFlight())
	src.Put("a", "2") // what was begun answers by what there was
	release()
	release()
	require.Equal(t, []string{"1", "1"}, []string{<-got, <-got})
	require.NoError(t, src.AwaitIdle(t.Context()))
	all, ofAKey := src.MaxInFlight()
	require.Equal(t, [2]int{2, 2}, [2]int{all, ofAKey})
	v, err := src.Fetch(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, "2", v)
}

func TestEndsWithItsContext(t *testing.T) {
	src := source.New[string]()
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)

	release := src.Hold()
	_, err := src.Fetch(ctx, "a")
	require.ErrorIs(t, err, why, "held")
	release()
	src.Script(source.Hang[string]())
	_, err = src.Fetch(ctx, "a")
	require.ErrorIs(t, err, why, "hanging")
	require.ErrorIs(t, src.AwaitTotal(ctx, 99), context.Canceled)
}

func TestMisbehaves(t *testing.T) {
	src := source.New[string]()
	src.Script(source.Panic[string]("boom"), source.Goexit[string]())
	require.PanicsWithValue(t, "boom", func() { _, _ = src.Fetch(t.Context(), "a") })
	returned := make(chan bool, 1)
	go func() {
		ok := false
		defer func() { returned <- ok }()
		_, _ = src.Fetch(context.Background(), "a")
		ok = true
	}()
	require.False(t, <-returned)

	until := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	src.Script(source.Stuck(until, source.Value("late")))
	got := make(chan string)
	go func() {
		v, _ := src.Fetch(ctx, "a")
		got <- v
	}()
	require.NoError(t, src.AwaitTotal(t.Context(), 3))
	close(until)
	require.Equal(t, "late", <-got)
	require.NoError(t, src.AwaitIdle(t.Context()))
}
