package demo

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
)

// teller tells the story: it writes down what the steps find, and prints it as
// it happens. Its methods may be called from any goroutine, for the cache logs
// from its own.
type teller struct {
	mu    sync.Mutex // guards what follows
	out   io.Writer
	style term.Style
	err   error // of the first write that failed
	step  Step  // the one being told
	began time.Time
}

// begin starts a step, the i-th of n.
func (t *teller) begin(c chapter, i, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	early := t.step.Log // lines that came between the steps
	t.step, t.began = newStep(c.name, c.title), time.Now()
	t.step.Log = append(t.step.Log, early...)
	t.printLocked("\n%s %s\n", t.style.Dim(fmt.Sprintf("%d/%d", i, n)), t.style.Bold(c.title))
}

// end ends the step, with the error that kept it from being finished, if one
// did, and returns what it has found.
func (t *teller) end(err error) Step {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.step.OK = false
		t.step.Error = err.Error()
		mark := t.style.Mark(false)
		if errors.Is(err, errUnmet) {
			mark = "" // the check that failed has one
		}
		t.lineLocked(mark, t.style.MarkWidth(), err.Error())
	}
	told := t.step
	told.Seconds = time.Since(t.began).Seconds()
	t.step = Step{}
	return told
}

// close ends the story: what is logged from now on is not part of it. It
// returns the error of the first write that failed.
func (t *teller) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.out = io.Discard
	return t.err
}

// say notes what is being done.
func (t *teller) say(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	note := fmt.Sprintf(format, args...)
	t.step.Notes = append(t.step.Notes, note)
	t.lineLocked("", 0, note)
}

// show notes a number that is only to be looked at.
func (t *teller) show(label string, q quantity) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.measureLocked(label, q)
	t.rowLocked("", label, q.String())
}

// check compares a number with what it has to be.
func (t *teller) check(label string, q quantity, want limit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.measureLocked(label, q)
	seen := q.String()
	ok := want.holds(q.value, want.than.value)
	if ok && want.words != "" {
		t.checkLocked(Check{label, want.String(), seen, ok}, seen+t.style.Dim(" ("+want.String()+")"))
		return
	}
	t.checkLocked(Check{label, want.String(), seen, ok}, seen)
}

// expect compares a text with what it has to be.
func (t *teller) expect(label, expected, seen string) {
	t.verdict(label, expected, seen, expected == seen)
}

// verdict notes whether what was seen is what was expected, where that takes
// more than to compare them.
func (t *teller) verdict(label, expected, seen string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.checkLocked(Check{label, expected, seen, ok}, t.style.Clean(seen))
}

// log notes a line that the cache has logged.
func (t *teller) log(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.step.Log = append(t.step.Log, line)
	t.lineLocked(t.style.Dim("log"), t.style.MarkWidth(), line)
}

// print writes text that belongs to no step.
func (t *teller) print(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.printLocked(format, args...)
}

func (t *teller) measureLocked(label string, q quantity) {
	t.step.Measures = append(t.step.Measures, Measure{Name: slug(label), Value: q.value, Unit: q.unit})
}

func (t *teller) checkLocked(c Check, shown string) {
	t.step.Checks = append(t.step.Checks, c)
	t.step.OK = t.step.OK && c.OK
	if c.OK {
		t.rowLocked(t.style.Mark(true), c.Name, shown)
		return
	}
	t.lineLocked(t.style.Mark(false), t.style.MarkWidth(), fmt.Sprintf("%s: expected %s, saw %s", c.Name, c.Expected, c.Seen))
}
