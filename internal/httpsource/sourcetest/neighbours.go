package sourcetest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// lists proves that a list of prompts from a hostile registry ends.
func (v Victim[V]) lists(t *testing.T) {
	for _, a := range append(v.bombs()[:3], v.echoes()...) {
		t.Run(a.name, func(t *testing.T) {
			h := NewHostile(t, a.answer)
			src := v.open(t, Settings{Endpoint: h.URL, Retries: new(0)})
			err := src.List(t)
			require.Error(t, err)
			require.Less(t, len(err.Error()), 1500)
			require.Len(t, h.Requests(), 1)
			requireHarmless(t, err, h.Requests()[0])
		})
	}
}

// proxy proves that the password of a proxy is not shown, though a Proxy function
// quotes an address that is no URL.
func (v Victim[V]) proxy(t *testing.T) {
	address := strings.Join([]string{"http://me:", Hidden, "@proxy example:3128"}, "")
	_, unusable := url.Parse(address)
	client := &http.Client{Transport: &http.Transport{Proxy: func(*http.Request) (*url.URL, error) {
		return nil, fmt.Errorf("invalid proxy address %q: %w", address, unusable)
	}}}
	src := v.open(t, Settings{Endpoint: "https://h.example.com", Retries: new(0), HTTPClient: client})
	_, err := src.Fetch(t.Context(), v.Key)
	fe := FetchError(t, err, v.Key, promptcache.KindUnavailable)
	require.ErrorContains(t, fe, "invalid proxy address")
	NoCredential(t, fe, Hidden)
}

// panics proves that a transport that panics with the request is an error that
// shows no credential.
func (v Victim[V]) panics(t *testing.T) {
	var seen *http.Request
	src := v.open(t, Settings{Endpoint: "https://h.example.com", HTTPClient: Over(func(r *http.Request) (*http.Response, error) {
		seen = r
		panic(fmt.Sprintf("cannot send %v", r.Header))
	})})
	_, err := src.Fetch(t.Context(), v.Key)
	fe := FetchError(t, err, v.Key, promptcache.KindPanicked)
	requireHarmless(t, fe, seen)
	var p *promptcache.PanicError
	require.ErrorAs(t, fe, &p)
	require.Contains(t, string(p.Stack), "neighbours.go", "where it was")
	NoCredential(t, p.Value, append(credentialsOf(seen), Hidden)...)

	cause := errors.New("a bug")
	src = v.open(t, Settings{Endpoint: "https://h.example.com", HTTPClient: Over(func(*http.Request) (*http.Response, error) { panic(cause) })})
	_, err = src.Fetch(t.Context(), v.Key)
	require.ErrorIs(t, FetchError(t, err, v.Key, promptcache.KindPanicked), cause, "what shows nothing stays as it is")
}

// cached proves that nothing that a cache shows of its life with a hostile
// registry has a credential: log, events, status, metrics, errors and snapshots;
// and that no line of the log is the registry's.
func (v Victim[V]) cached(t *testing.T) {
	attacks := append([]attack{{answer: respond("200 OK", "Content-Type: application/json\r\nETag: \"CREDENTIAL\"\r\n", v.Good)}}, v.echoes()...)
	var mu sync.Mutex
	turn := 0
	h := NewHostile(t, func(w *bufio.Writer, r *http.Request) {
		mu.Lock()
		answer := attacks[turn%len(attacks)].answer
		turn++
		mu.Unlock()
		answer(w, r)
	})
	src := v.open(t, Settings{Endpoint: h.URL, Retries: new(0)})
	var lines Log
	mock := clock.NewMock()
	cfg := promptcache.DefaultConfig()
	cfg.Clock, cfg.Logger = mock, slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cache, err := src.Cache(cfg)
	require.NoError(t, err)

	shown := append(make([]any, 0, 2+6*len(attacks)+len(hostileKeys)+3), src.Source, cache)
	var events Log
	t.Cleanup(cache.Subscribe(func(e promptcache.Event) { _, _ = fmt.Fprintf(&events, "%v %+v %v\n", e, e, e.Err) }))
	for range attacks {
		_, err := cache.Refresh(t.Context(), v.Key)
		entry, _ := cache.Lookup(v.Key)
		shown = append(shown, err, entry, entry.LastError, cache.Status(), cache.Metrics(), cache.Config())
		mock.Add(time.Hour)
	}
	for _, key := range hostileKeys {
		_, err := cache.Refresh(t.Context(), key)
		shown = append(shown, err)
	}
	require.NoError(t, cache.Shutdown(t.Context()))

	var dump bytes.Buffer
	require.NoError(t, cache.Dump(&dump))
	require.Contains(t, dump.String(), strconv.Quote(v.Key), "the first answer was good")
	shown = append(shown, dump.String(), lines.String(), events.String())
	secrets := append(credentialsOf(h.Requests()[0]), Hidden)
	for _, v := range shown {
		NoCredential(t, v, secrets...)
	}
	require.NotEmpty(t, events.String())
	for line := range strings.Lines(lines.String()) {
		require.Regexp(t, `^time=\S+ level=(DEBUG|INFO|WARN|ERROR) msg=`, line)
		require.NotRegexp(t, `[\x00-\x09\x0b-\x1f\x7f-\x9f\x{2028}\x{202e}]`, line)
	}
}
