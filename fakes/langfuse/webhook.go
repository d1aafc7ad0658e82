package fakelangfuse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// failuresToDisable is how many events may be dropped in a row.
const failuresToDisable = 5

// maxDelivered bounds the list of deliveries.
const maxDelivered = 10_000

// Webhook is whom the server tells of changes. The zero value is nobody.
type Webhook struct {
	// URL gets a POST for each version that was created, updated (its labels or
	// tags) or deleted. Empty means no webhook.
	URL string
	// Secret signs the bodies: HMAC-SHA256, in the header x-langfuse-signature.
	// The server gives out secrets that begin with lf-whsec_.
	Secret string
	// Backoff passes before the second attempt, and twice as much as before the
	// one before it before each further one. 0 means 100 ms, as on the server.
	// Negative is an error.
	Backoff time.Duration
}

func (h Webhook) validate() error {
	if h == (Webhook{}) {
		return nil
	}
	var problems []error
	problem := func(bad bool, text string) {
		if bad {
			problems = append(problems, errors.New("fakelangfuse: webhook: "+text))
		}
	}
	u, err := url.Parse(h.URL)
	problem(err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https", "the URL is not http://… or https://…")
	problem(h.Secret == "", "there is no secret")
	problem(h.Backoff < 0, "the backoff is negative")
	return errors.Join(problems...)
}

// Delivery is an event for the webhook, and what came of it.
type Delivery struct {
	ID      string `json:"id"` // as in the body
	Action  string `json:"action"`
	Prompt  string `json:"prompt"` // "project|name"
	Version int    `json:"version"`
	// Attempts were made, the last of which was answered with Status, 0 if it
	// was not answered.
	Attempts int `json:"attempts"`
	Status   int `json:"status"`
	// OK says that the last answer was a 2xx. It stays false for an event that
	// was dropped.
	OK bool `json:"ok"`
}

// webhooks delivers events, each in a goroutine of its own, so that their order
// is nobody's.
type webhooks struct {
	client *http.Client
	ctx    context.Context //nolint:containedctx // the life of the goroutines, which no caller's context bounds
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu        sync.Mutex
	hook      Webhook
	failures  int // in a row
	disabled  bool
	closed    bool
	events    int
	pending   int
	delivered []Delivery    // those that are over
	changed   chan struct{} // closed and replaced when one is over: who waits looks again
}

func newWebhooks(hook Webhook) *webhooks {
	ctx, cancel := context.WithCancel(context.Background())
	return &webhooks{
		client: &http.Client{
			Transport:     &http.Transport{DisableKeepAlives: true},
			Timeout:       attemptTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		ctx: ctx, cancel: cancel,
		hook:    hook,
		changed: make(chan struct{}),
	}
}

// SetWebhook says whom to tell of changes from now on, of every project. It
// enables a webhook that failures disabled; an empty url ends it. Deliveries
// that are under way go on.
//
// An event is tried four times in quick succession, and dropped when all fail:
// no answer within ten seconds, or one that is not a 2xx, redirects included.
// Five dropped in a row disable the webhook. A label that moves makes two
// events, in no order; a prompt that is deleted through the API makes none.
func (s *Server) SetWebhook(address, secret string) error {
	w := s.webhooks
	w.mu.Lock()
	defer w.mu.Unlock()
	hook := Webhook{}
	if address != "" || secret != "" {
		hook = Webhook{URL: address, Secret: secret, Backoff: w.hook.Backoff}
	}
	if err := hook.validate(); err != nil {
		return err
	}
	hook.Backoff = w.hook.Backoff
	w.hook, w.failures, w.disabled = hook, 0, false
	return nil
}

// WebhookDisabled reports whether failures have disabled the webhook.
func (s *Server) WebhookDisabled() bool {
	s.webhooks.mu.Lock()
	defer s.webhooks.mu.Unlock()
	return s.webhooks.disabled
}

// Deliveries lists the events for the webhook that were delivered or dropped, in
// the order in which that happened; at most the last 10,000.
func (s *Server) Deliveries() []Delivery {
	s.webhooks.mu.Lock()
	defer s.webhooks.mu.Unlock()
	return append([]Delivery{}, s.webhooks.delivered...) // as JSON, none is [] and not null
}

// WaitWebhooks returns when no event is on its way to the webhook. It fails when
// ctx ends.
func (s *Server) WaitWebhooks(ctx context.Context) error {
	w := s.webhooks
	for {
		w.mu.Lock()
		pending, changed := w.pending, w.changed
		w.mu.Unlock()
		if pending == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("fakelangfuse: waiting for the webhook, with %d events on their way: %w", pending, context.Cause(ctx))
		}
	}
}

// over records a delivery.
func (w *webhooks) over(d Delivery) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.delivered) == maxDelivered {
		w.delivered = slices.Delete(w.delivered, 0, maxDelivered/2)
	}
	w.delivered = append(w.delivered, d)
	w.failures++
	if d.OK {
		w.failures = 0
	}
	w.disabled = w.disabled || w.failures >= failuresToDisable
	w.pending--
	close(w.changed)
	w.changed = make(chan struct{})
}

// close ends the deliveries and waits for them.
func (w *webhooks) close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.cancel()
	w.work.Wait()
	w.client.CloseIdleConnections()
}
