package demo

import (
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// journal keeps what the cache tells operators: its log and its events.
type journal struct {
	tell func(line string)

	mu     sync.Mutex // guards what follows
	lines  []string
	events []promptcache.Event
}

// logger returns a logger of the cache's, which also tells each line.
func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: brief}))
}

// brief leaves the time out of a log line, and shortens what is long in it.
func brief(_ []string, a slog.Attr) slog.Attr {
	switch {
	case a.Key == slog.TimeKey:
		return slog.Attr{}
	case a.Key == "revision":
		return slog.String(a.Key, short(a.Value.String()))
	case a.Value.Kind() == slog.KindDuration:
		return slog.Duration(a.Key, a.Value.Duration().Round(time.Millisecond))
	}
	return a
}

// short returns what tells a revision from others, for people: the beginning of
// a hash, or the version that comes before one.
func short(revision string) string {
	version, _, _ := strings.Cut(revision, "+")
	return version[:min(len(version), 8)]
}

// Write takes one line of the log.
func (j *journal) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	j.mu.Lock()
	j.lines = append(j.lines, text)
	j.mu.Unlock()
	j.tell(text)
	return len(line), nil
}

// event is the cache's subscriber.
func (j *journal) event(e promptcache.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, e)
}

// mark is a moment in the journal.
type mark struct{ lines, events int }

// now returns the present moment.
func (j *journal) now() mark {
	j.mu.Lock()
	defer j.mu.Unlock()
	return mark{len(j.lines), len(j.events)}
}

// logged returns how many lines since then have this message.
func (j *journal) logged(since mark, message string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for _, line := range j.lines[since.lines:] {
		if strings.Contains(line, `msg="`+message+`"`) {
			n++
		}
	}
	return n
}

// find returns the first event since then that is of this kind and prompt.
func (j *journal) find(since mark, kind promptcache.EventKind, key string) (promptcache.Event, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	later := j.events[since.events:]
	i := slices.IndexFunc(later, func(e promptcache.Event) bool { return e.Kind == kind && e.Key == key })
	if i < 0 {
		return promptcache.Event{}, false
	}
	return later[i], true
}
