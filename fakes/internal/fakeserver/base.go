package fakeserver

import (
	"cmp"
	"net/http"
	"sync"
)

// Config is what one registry's fake is made of.
type Config struct {
	// Package begins the text of the errors: "fakelangsmith".
	Package string
	// Addr is where to listen, host:port. Empty means a free port of 127.0.0.1.
	Addr string
	// Handler answers what the listener accepts.
	Handler http.Handler
	// Ref returns the full name of a prompt that was written in short, as
	// requests record it, or why it cannot be one.
	Ref func(prompt string) (full string, err error)
	// Failure is the registry's own answer with the fault's Status.
	Failure func(Fault) Response
	// Field is the member of an answer's JSON object that a Huge fault fills.
	Field string
}

// Base is the part of a fake registry that any registry could have. It is made
// by [New].
type Base struct {
	cfg       Config
	faults    *faultSet
	journal   *journal
	listener  *listener
	closed    chan struct{} // closed by Close: whatever hangs ends
	closeOnce sync.Once
}

// New makes a Base that does not listen. Close it when done.
func New(cfg Config) *Base {
	cfg.Addr = cmp.Or(cfg.Addr, "127.0.0.1:0")
	return &Base{
		cfg:      cfg,
		faults:   &faultSet{},
		journal:  newJournal(),
		listener: &listener{},
		closed:   make(chan struct{}),
	}
}

// Endpoint counts a request about the prompt asked, its full name or "", and
// answers it truly, unless it meets a fault. truth is called once, if at all.
func Endpoint(b *Base, w http.ResponseWriter, r *http.Request, asked string, truth func() Response) {
	done := b.journal.begin(r, asked)
	defer done()
	if fault := b.faults.take(asked); fault != nil {
		b.play(fault, w, r, truth)
		return
	}
	truth().Send(w)
}
