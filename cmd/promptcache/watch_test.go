package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/watch"
	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

// screen is where a watch prints. Each write is one event.
type screen struct{ prints chan string }

func (s screen) Write(text []byte) (int, error) {
	s.prints <- string(text)
	return len(text), nil
}

// await returns the first print with this text in it.
func (s screen) await(t *testing.T, text string) string {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case got := <-s.prints:
			if strings.Contains(got, text) {
				return got
			}
		case <-late:
			require.FailNow(t, "nothing was printed", "want %q", text)
		}
	}
}

// watching starts a watch, and returns where it prints and how to press Ctrl-C.
func watching(t *testing.T, env map[string]string, args ...string) (screen, func() ran) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out := screen{make(chan string, 100)}
	var complaints bytes.Buffer
	status := make(chan int, 1)
	go func() {
		args = append([]string{"watch", "--interval", watch.MinInterval.String()}, args...)
		status <- run(ctx, args, streams{nil, out, &complaints, func(name string) string { return env[name] }, time.Now})
	}()
	stop := sync.OnceValue(func() ran {
		cancel()
		return ran{status: <-status, err: complaints.String()}
	})
	t.Cleanup(func() { stop() })
	return out, stop
}

func TestWatchPrintsWhatHappens(t *testing.T) {
	fake, env := realRegistry(t)
	out, stop := watching(t, env, "welcome", "welcome:latest")
	require.Regexp(t, `^\d\d:\d\d:\d\d langsmith:welcome: found: [0-9a-f]{12}\n$`, out.await(t, "found"))
	require.Regexp(t, `^\d\d:\d\d:\d\d langsmith: healthy: 1 prompt\n$`, out.await(t, "healthy"), "one prompt, whatever its spellings")

	_, err := fake.PushText("welcome", "Welcome, {title} {name}\x1b[2J")
	require.NoError(t, err)
	got := out.await(t, "changed")
	require.Regexp(t, `^\d\d:\d\d:\d\d langsmith:welcome: changed: text, variables \+title\n--- http`, got)
	require.Contains(t, got, "\n-Welcome {name}\n+Welcome, {title} {name}\\x1b[2J\n")
	require.NotContains(t, got, "\x1b")

	fake.Down()
	got = out.await(t, "failed")
	require.Regexp(t, `langsmith:welcome: failed: unavailable: .*; [0-9a-f]{12} is served, \ds old\n$`, got)
	require.Contains(t, out.await(t, "degraded"), ": 1 of 1 prompt failing")
	require.NoError(t, fake.Up())
	out.await(t, "recovered")
	out.await(t, "healthy")

	require.NoError(t, fake.DeletePrompt("welcome"))
	out.await(t, "failed: not found")
	require.Regexp(t, `langsmith:welcome: removed: not found`, out.await(t, "removed"))

	end := stop()
	require.Equal(t, exitOK, end.status)
	require.Regexp(t, `^promptcache: watched 1 prompt for \d+s: 1 change\n$`, end.err)
}

// decodeEvent reads a line of --json, and no field that watchEvent has not.
func decodeEvent(t *testing.T, line string) watchEvent {
	t.Helper()
	require.Equal(t, 1, strings.Count(line, "\n"), "one line for an event")
	dec := json.NewDecoder(strings.NewReader(line))
	dec.DisallowUnknownFields()
	var e watchEvent
	require.NoError(t, dec.Decode(&e), line)
	return e
}

func TestWatchJSON(t *testing.T) {
	fake, env := realRegistry(t)
	out, stop := watching(t, env, "--json", "welcome")
	found := decodeEvent(t, out.await(t, `"found"`))
	require.Equal(t, "langsmith:welcome", found.Key)
	require.Equal(t, "langsmith", found.Registry)
	require.WithinDuration(t, time.Now(), found.Time, time.Minute)
	state := decodeEvent(t, out.await(t, `"state"`))
	require.Equal(t, watchEvent{
		Time: state.Time, Event: "state", Registry: "langsmith", State: "healthy", Prompts: 1,
		Parts: []string{}, AddedVariables: []string{}, RemovedVariables: []string{},
	}, state)

	hash, err := fake.PushText("welcome", "Welcome, {title} <b>\u202e")
	require.NoError(t, err)
	line := out.await(t, `"changed"`)
	require.NotContains(t, line, "\u202e")
	changed := decodeEvent(t, line)
	require.Equal(t, found.Revision, changed.OldRevision)
	require.Equal(t, hash, changed.Revision)
	require.Equal(t, []string{"text", "variables"}, changed.Parts)
	require.Equal(t, []string{"title"}, changed.AddedVariables)
	require.Equal(t, []string{"name"}, changed.RemovedVariables)
	require.Contains(t, changed.Diff, "\n-Welcome {name}\n+Welcome, {title} <b>")

	_, err = fake.Inject(fakelangsmith.Fault{Kind: fakelangsmith.HTML, Status: 404})
	require.NoError(t, err)
	failed := decodeEvent(t, out.await(t, `"failed"`))
	require.Regexp(t, `^unavailable \(HTTP 404\): `, failed.Error)
	require.Equal(t, hash, failed.Revision, "it is still served")
	degraded := decodeEvent(t, out.await(t, `"degraded"`))
	require.Equal(t, []int{1, 1}, []int{degraded.Failing, degraded.Prompts})

	end := stop()
	require.Equal(t, exitOK, end.status)
	require.Empty(t, end.err)
}

func TestWatchWithoutDiffs(t *testing.T) {
	fake, env := realRegistry(t)
	out, _ := watching(t, env, "--brief", "welcome")
	out.await(t, "healthy")
	_, err := fake.PushText("welcome", "Welcome {name}") // the same text
	require.NoError(t, err)
	require.Regexp(t, `^\S+ langsmith:welcome: changed: revision [0-9a-f]{12} -> [0-9a-f]{12}\n$`, out.await(t, "changed"))
	_, err = fake.PushText("welcome", "Hello {name}")
	require.NoError(t, err)
	require.Regexp(t, `^\S+ langsmith:welcome: changed: text\n$`, out.await(t, "changed"))
}

func TestWatchSaysThatItCannotWrite(t *testing.T) {
	_, env := realRegistry(t)
	var complaint strings.Builder
	status := run(t.Context(), []string{"watch", "welcome"}, streams{nil, full{}, &complaint, func(name string) string { return env[name] }, time.Now})
	require.Equal(t, exitFailed, status)
	require.Contains(t, complaint.String(), "print what happened: no space left")
}

func TestWatchShowsWhatHidesInAKey(t *testing.T) {
	for _, c := range []watchCmd{{}, {JSON: true}} {
		var out bytes.Buffer
		std := streams{nil, &out, &bytes.Buffer{}, func(string) string { return "" }, time.Now}
		require.NoError(t, newWatchView(c, std, nil).tell(watch.Event{Kind: watch.Found, Registry: "langsmith", Key: "langsmith:a\u202eb"}))
		require.Contains(t, out.String(), `langsmith:a\u202eb`)
	}
}
