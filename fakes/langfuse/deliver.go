package fakelangfuse

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/fakes/internal/fakeserver"
)

// How the server delivers.
const (
	attempts       = 4
	defaultBackoff = 100 * time.Millisecond
	attemptTimeout = 10 * time.Second
)

// eventJSON is the body of a delivery.
type eventJSON struct {
	ID         string          `json:"id"`
	Timestamp  string          `json:"timestamp"`
	Type       string          `json:"type"`
	APIVersion string          `json:"apiVersion"`
	Action     string          `json:"action"`
	Prompt     eventPromptJSON `json:"prompt"`
}

// eventPromptJSON is a version as events have it.
type eventPromptJSON struct {
	ID            string          `json:"id"`
	Name          string          `json:"name"`
	Version       int             `json:"version"`
	ProjectID     string          `json:"projectId"`
	CreatedBy     string          `json:"createdBy"`
	Labels        []string        `json:"labels"`
	Prompt        json.RawMessage `json:"prompt"`
	Type          string          `json:"type"`
	Config        json.RawMessage `json:"config"`
	CommitMessage *string         `json:"commitMessage"`
	Tags          []string        `json:"tags"`
	CreatedAt     string          `json:"createdAt"`
	UpdatedAt     string          `json:"updatedAt"`
}

// notifyLocked sends an event for each version on its way. The registry is
// locked. A version that cannot be put together, or whose config is no object,
// makes none: the server cannot write such an event.
func (s *Server) notifyLocked(action string, versions ...*entry) {
	for _, v := range versions {
		content, _, problem := s.registry.resolveLocked(v)
		if problem != "" || v.config[0] != '{' {
			continue
		}
		d := s.registry.describeLocked(v)
		s.webhooks.send(action, v.ref, eventPromptJSON{
			ID: d.ID, Name: d.Name, Version: d.Version, ProjectID: d.ProjectID, CreatedBy: d.CreatedBy, Labels: d.Labels,
			Prompt: content, Type: d.Type, Config: d.Config, CommitMessage: d.CommitMessage, Tags: d.Tags,
			CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
		})
	}
}

// send delivers an event in the background.
func (w *webhooks) send(action string, r ref, p eventPromptJSON) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hook.URL == "" || w.disabled || w.closed {
		return
	}
	w.events++
	w.pending++
	at := time.Now()
	event := eventJSON{
		ID:        fakeserver.StableID("event", strconv.Itoa(w.events)),
		Timestamp: timestamp(at), Type: "prompt-version", APIVersion: "v1", Action: action, Prompt: p,
	}
	hook, body := w.hook, fakeserver.Encode(event)
	d := Delivery{ID: event.ID, Action: action, Prompt: r.String(), Version: p.Version}
	w.work.Go(func() { w.over(w.deliver(hook, d, body, at)) })
}

// deliver tries until an attempt succeeds.
func (w *webhooks) deliver(hook Webhook, d Delivery, body []byte, at time.Time) Delivery {
	signature := sign(hook.Secret, at, body)
	pause := cmp.Or(hook.Backoff, defaultBackoff)
	for {
		d.Attempts++
		d.Status = w.attempt(hook.URL, signature, body)
		d.OK = d.Status/100 == 2
		if d.OK || d.Attempts == attempts {
			return d
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-w.ctx.Done():
			timer.Stop()
			return d
		}
		pause *= 2
	}
}

// sign is the header that says that body comes from who knows the secret.
func sign(secret string, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// attempt returns the status of the answer, 0 if there was none.
func (w *webhooks) attempt(address, signature string, body []byte) int {
	req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, address, strings.NewReader(string(body)))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Langfuse/1.0")
	req.Header.Set("X-Langfuse-Signature", signature)
	resp, err := w.client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()                                        //nolint:errcheck // read only
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // the server waits for the whole answer
	if err != nil {
		return 0
	}
	return resp.StatusCode
}
