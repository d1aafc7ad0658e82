package fakeserver

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Kind is what a [Fault] does to an answer.
type Kind string

// The kinds of faults. Each comes after the fault's Delay.
const (
	// Slow answers truly, after Delay.
	Slow Kind = "slow"
	// Status answers with Fault.Status, a JSON error or Fault.Body, and
	// Fault.RetryAfter.
	Status Kind = "status"
	// Hang answers nothing until the fault is removed, and then truly. A client
	// that gives up ends its own request.
	Hang Kind = "hang"
	// Reset cuts the connection before the first byte of an answer.
	Reset Kind = "reset"
	// Cut cuts the connection in the middle of the body.
	Cut Kind = "cut"
	// Garbage answers bytes that are not JSON, and says that they are.
	Garbage Kind = "garbage"
	// HTML answers a page, as proxies do, with Fault.Status or 200.
	HTML Kind = "html"
	// Truncated answers the first half of the JSON as if it were the whole.
	Truncated Kind = "truncated"
	// Huge streams JSON of Fault.Size bytes, without saying how long it will
	// be.
	Huge Kind = "huge"
	// WrongType answers truly, as text/plain or Fault.ContentType.
	WrongType Kind = "wrong-type"
	// Drip answers truly, one byte per Fault.Interval.
	Drip Kind = "drip"
)

// Fault is something that goes wrong.
type Fault struct {
	Kind Kind
	// Prompt limits the fault to requests about one prompt, written as
	// everywhere in the fake's package, which need not exist. Empty means every
	// request.
	Prompt string
	// Times is how many requests meet the fault. 0 means all until it is
	// removed.
	Times int
	// Delay passes before the fault does what its kind says.
	Delay time.Duration
	// Status is the status code of the kinds Status and HTML.
	Status int
	// RetryAfter is that header as it is sent, seconds or a date. Empty sends
	// none.
	RetryAfter string
	// Header is sent as well: a Location, say, with a Status of 302.
	Header map[string]string
	// Body and ContentType replace the body of the kinds Status, Garbage and
	// HTML and the type of any.
	Body        string
	ContentType string
	// Size is the length of a Huge body. 0 means 16 MiB.
	Size int64
	// Interval is the pause before each byte of a Drip. 0 means 10 ms.
	Interval time.Duration
}

const (
	defaultSize     = 16 << 20
	defaultInterval = 10 * time.Millisecond
)

var kinds = []Kind{Slow, Status, Hang, Reset, Cut, Garbage, HTML, Truncated, Huge, WrongType, Drip}

func (f Fault) validate() error {
	var problems []error
	if !slices.Contains(kinds, f.Kind) {
		problems = append(problems, fmt.Errorf("kind %q is none of %q", f.Kind, kinds))
	}
	if f.Kind == Status && http.StatusText(f.Status) == "" {
		problems = append(problems, fmt.Errorf("status %d is not an HTTP status", f.Status))
	}
	if f.Kind == Slow && f.Delay == 0 {
		problems = append(problems, errors.New("slow needs a delay"))
	}
	if f.Times < 0 || f.Delay < 0 || f.Size < 0 || f.Interval < 0 {
		problems = append(problems, errors.New("a number is negative"))
	}
	return errors.Join(problems...)
}

// activeFault is a fault that was injected and not removed.
type activeFault struct {
	Fault
	id      int
	prompt  string        // its full name, or "" for all
	left    int           // how many requests it is still for; -1 for all
	removed chan struct{} // closed when it is removed: whom it holds goes on
}

// faultSet is the list of faults, in the order in which they were injected.
type faultSet struct {
	mu     sync.Mutex
	active []*activeFault
	nextID int
}

func (f *faultSet) add(fault Fault, prompt string) *activeFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nextID++
	left := fault.Times
	if left == 0 {
		left = -1
	}
	added := &activeFault{Fault: fault, id: f.nextID, prompt: prompt, left: left, removed: make(chan struct{})}
	f.active = append(f.active, added)
	return added
}

// take returns the first fault that a request about prompt meets, nil if none.
func (f *faultSet) take(prompt string) *activeFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, fault := range f.active {
		if fault.left == 0 || fault.prompt != "" && fault.prompt != prompt {
			continue
		}
		if fault.left > 0 {
			fault.left--
		}
		if fault.left == 0 && fault.Kind != Hang { // a hang stays: removing it releases whom it holds
			f.active = slices.Delete(f.active, i, i+1)
		}
		return fault
	}
	return nil
}

// remove ends the faults that match chooses, and says how many they were.
func (f *faultSet) remove(match func(*activeFault) bool) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := len(f.active)
	f.active = slices.DeleteFunc(f.active, func(fault *activeFault) bool {
		if !match(fault) {
			return false
		}
		close(fault.removed)
		return true
	})
	return before - len(f.active)
}

// Inject adds a fault. Of several that a request could meet it meets the one
// injected first. remove ends the fault, and may be called more than once; what
// it holds up goes on.
func (b *Base) Inject(fault Fault) (remove func(), err error) {
	added, err := b.inject(fault)
	if err != nil {
		return nil, err
	}
	return func() { b.faults.remove(func(f *activeFault) bool { return f == added }) }, nil
}

func (b *Base) inject(fault Fault) (*activeFault, error) {
	if err := fault.validate(); err != nil {
		return nil, fmt.Errorf("%s: fault: %w", b.cfg.Package, err)
	}
	prompt := ""
	if fault.Prompt != "" {
		full, err := b.cfg.Ref(fault.Prompt)
		if err != nil {
			return nil, err
		}
		prompt = full
	}
	return b.faults.add(fault, prompt), nil
}

// ClearFaults removes every fault.
func (b *Base) ClearFaults() {
	b.faults.remove(func(*activeFault) bool { return true })
}
