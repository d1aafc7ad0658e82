package fakelangfuse

import "github.com/promptcache/promptcache-go/fakes/internal/fakeserver"

// Fault is something that goes wrong: for all requests or for those about one
// prompt, for a number of requests or until it is removed. Of several that a
// request could meet it meets the one injected first.
//
//	Kind        what happens
//	Prompt      "name" or "project|name", which need not exist; empty means every request
//	Times       how many requests meet it; 0 means all until it is removed
//	Delay       passes before it does what its kind says
//	Status      the status code of the kinds Status and HTML
//	RetryAfter  that header as it is sent; empty sends none
//	Header      is sent as well
//	Body, ContentType  replace the body of Status, Garbage and HTML, and the type of any
//	Size        the length of a Huge body; 0 means 16 MiB
//	Interval    the pause before each byte of a Drip; 0 means 10 ms
type Fault = fakeserver.Fault

// Kind is what a [Fault] does to an answer.
type Kind = fakeserver.Kind

// The kinds of faults. Each comes after the fault's Delay.
const (
	Slow      = fakeserver.Slow      // answers truly, after Delay
	Status    = fakeserver.Status    // answers with Fault.Status, Langfuse's error for it or Fault.Body, and Fault.RetryAfter
	Hang      = fakeserver.Hang      // answers nothing until it is removed, and then truly
	Reset     = fakeserver.Reset     // cuts the connection before the first byte of an answer
	Cut       = fakeserver.Cut       // cuts the connection in the middle of the body
	Garbage   = fakeserver.Garbage   // answers bytes that are not JSON, and says that they are
	HTML      = fakeserver.HTML      // answers a page, as proxies do, with Fault.Status or 200
	Truncated = fakeserver.Truncated // answers the first half of the JSON as if it were the whole
	Huge      = fakeserver.Huge      // streams JSON of Fault.Size bytes, without saying how long it will be
	WrongType = fakeserver.WrongType // answers truly, as text/plain or Fault.ContentType
	Drip      = fakeserver.Drip      // answers truly, one byte per Fault.Interval
)

// Request is a request that the server received: Method, Path as on the wire,
// Query, the Prompt that it was about as "project|name" or "", Header without
// credentials, and the time At which it arrived.
type Request = fakeserver.Request
