package sourcetest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// Victim is a source that hostile servers answer.
type Victim[V Value] struct {
	Open func(Settings) (Opened[V], error)
	Key  string // what to fetch; its answer is Good
	Good string
	// Path is what requests for prompts are below, under the endpoint, with a
	// slash at its end; after it come so many segments.
	Path  string
	Parts int
	// Nested is a good answer in which NESTED stands where any JSON may be;
	// Rejected is an error of the registry in which WORDS stands for a text.
	Nested, Rejected string
}

// Opened is a source with its settings.
type Opened[V Value] struct {
	Source any
	Fetch  promptcache.FetchFunc[V]
	List   func(*testing.T) error // all of its prompts
	Cache  func(promptcache.Config) (*promptcache.PromptCache[V], error)
}

// open opens the source with settings, and connections of its own.
func (v Victim[V]) open(t *testing.T, s Settings) Opened[V] {
	t.Helper()
	if s.HTTPClient == nil {
		s.HTTPClient = fresh(t)
	}
	src, err := v.Open(s)
	require.NoError(t, err)
	return src
}

// mostTime is what an attack may cost the victim, on a slow machine with the
// race detector; mostHeap what it may make it hold.
const (
	mostTime = 20 * time.Second
	mostHeap = 100 << 20
)

// attack is a hostile answer and what the victim makes of it.
type attack struct {
	name   string
	answer Attack
	kind   promptcache.ErrorKind
	want   string // a part of the error
	works  bool   // it does no harm, and the prompt is read
}

// RunHostile proves what docs/security.md promises of a source whose registry is
// hostile or broken.
func RunHostile[V Value](t *testing.T, v Victim[V]) {
	t.Run("sizes", func(t *testing.T) { v.suffers(t, v.bombs()) })
	t.Run("protocol", func(t *testing.T) { v.suffers(t, v.garbage()) })
	t.Run("redirects", v.redirects)
	t.Run("credentials", func(t *testing.T) { v.suffers(t, v.echoes()) })
	t.Run("lists", v.lists)
	t.Run("certificates", v.certificates)
	t.Run("keys", v.keys)
	t.Run("smuggling", v.smuggling)
	t.Run("proxy", v.proxy)
	t.Run("panic", v.panics)
	t.Run("cache", v.cached)
}

// suffers runs attacks, each against a source of its own.
func (v Victim[V]) suffers(t *testing.T, attacks []attack) {
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			h := NewHostile(t, a.answer)
			src := v.open(t, Settings{Endpoint: h.URL, Retries: new(0), AttemptTimeout: 10 * time.Second})
			began, peak := time.Now(), heapPeak()
			value, err := src.Fetch(t.Context(), v.Key)
			require.Less(t, peak(), uint64(mostHeap), "bytes on the heap")
			require.Less(t, time.Since(began), mostTime)
			requests := h.Requests()
			require.Len(t, requests, 1)
			NoCredential(t, src.Source, append(credentialsOf(requests[0]), Hidden)...)
			if a.works {
				require.NoError(t, err)
				return
			}
			var none V
			require.Equal(t, none, value)
			requireHarmless(t, FetchError(t, err, v.Key, a.kind), requests[0])
			require.ErrorContains(t, err, a.want)
		})
	}
}

// requireHarmless requires that err can be shown to anyone: no credential of the
// request, in any of the errors that it wraps, and nothing that steers a terminal
// or begins a new line in a log.
func requireHarmless(t *testing.T, err error, r *http.Request) {
	t.Helper()
	NoCredential(t, err, append(credentialsOf(r), Hidden)...)
	for _, wrapped := range chain(err) {
		require.NotRegexp(t, `[\x00-\x1f\x7f-\x9f\x{2028}\x{2029}\x{202a}-\x{202e}\x{2066}-\x{2069}]`, wrapped.Error())
	}
}

// bombs are answers that are larger than they look, or never end.
func (v Victim[V]) bombs() []attack {
	const (
		ok      = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
		failed  = "HTTP/1.1 500 Oh\r\nContent-Type: application/json\r\n"
		chunked = "Transfer-Encoding: chunked\r\n\r\n"
	)
	block := strings.Repeat(" ", 32<<10)
	chunk := fmt.Sprintf("%x\r\n%s\r\n", len(block), block)
	nested := func(open, end string, n int) Attack {
		return respond("200 OK", "Content-Type: application/json\r\n",
			strings.Replace(v.Nested, "NESTED", strings.Repeat(open, n)+"1"+strings.Repeat(end, n), 1))
	}
	return []attack{
		{"a gigabyte in a megabyte of gzip", gzipBomb(ok), promptcache.KindInvalid, "larger than 5242880 bytes", false},
		{"the same as an error", gzipBomb(failed), promptcache.KindUnavailable, "the registry or a proxy failed", false},
		{"an answer without end", endless(ok+chunked, chunk), promptcache.KindInvalid, "larger than 5242880 bytes", false},
		{"an error without end", endless(failed+chunked, chunk), promptcache.KindUnavailable, "the registry or a proxy failed", false},
		{"headers without end", endless(ok, "X-Filler: "+block+"\r\n"), promptcache.KindUnavailable, "check the network and the endpoint", false},
		{"a header line without end", endless(ok+"X-Filler: ", block), promptcache.KindUnavailable, "check the network and the endpoint", false},
		{"interim answers without end", endless("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), promptcache.KindUnavailable, "check the network and the endpoint", false},
		{"a length that is not kept", respond("200 OK", "Content-Type: application/json\r\nContent-Length: 9000000000000000000\r\n", v.Good), promptcache.KindUnavailable, "the answer broke off", false},
		{"JSON a million deep", nested("[", "]", 1<<20), promptcache.KindInvalid, "exceeded max depth", false},
		{"objects a million deep", nested(`{"a":`, "}", 1<<19), promptcache.KindInvalid, "exceeded max depth", false},
		{"JSON five thousand deep", nested("[", "]", 5000), 0, "", true},
		{"a million empty lists", nested("[],", "", 1<<20), 0, "", true},
	}
}

// gzipBomb is head and a gigabyte of blanks, compressed.
func gzipBomb(head string) Attack {
	return func(w *bufio.Writer, _ *http.Request) {
		_, err := w.WriteString(head + "Content-Encoding: gzip\r\nConnection: close\r\n\r\n")
		for n := 0; n < 1<<30/blanksSize && err == nil; n++ {
			_, err = w.Write(blanks()) // a gzip may have several members
		}
	}
}

const blanksSize = 16 << 20

// blanks returns so many blanks, compressed.
var blanks = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	block := bytes.Repeat([]byte(" "), 1<<20)
	for range blanksSize / len(block) {
		_, _ = z.Write(block) // to memory
	}
	_ = z.Close()
	return b.Bytes()
})

// heapPeak begins to watch the heap; what it returns ends that and returns the
// most that was seen, more than at the beginning.
func heapPeak() func() uint64 {
	var (
		watcher     sync.WaitGroup
		done        = make(chan struct{})
		first, most uint64
	)
	sample := func() uint64 {
		s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	first = sample()
	watcher.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			most = max(most, sample())
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	return func() uint64 {
		close(done)
		watcher.Wait()
		return most - min(first, most)
	}
}

// fresh returns a client with connections of its own.
func fresh(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
