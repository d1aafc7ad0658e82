package fakelangfuse_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
)

const hookSecret = "lf-whsec_0123"

// receiver is the endpoint that a user of webhooks writes.
type receiver struct {
	*httptest.Server

	mu     sync.Mutex
	status int // 0 is 200
	posts  []post
}

type post struct {
	header http.Header
	body   []byte
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil && req.Method == http.MethodPost {
		r.posts = append(r.posts, post{header: req.Header, body: body})
	}
	if r.status != 0 {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(r.status)
	}
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// take returns the posts since the last call.
func (r *receiver) take() []post {
	r.mu.Lock()
	defer r.mu.Unlock()
	posts := r.posts
	r.posts = nil
	return posts
}

// event is what a post says.
type event struct {
	ID, Timestamp, Type, APIVersion, Action string
	Prompt                                  struct {
		prompt
	}
}

func (p post) event(t *testing.T) event {
	t.Helper()
	var e event
	require.NoError(t, json.Unmarshal(p.body, &e))
	return e
}

// changes says of each event what happened to which version, sorted, since
// their order means nothing.
func changes(t *testing.T, posts []post) []string {
	t.Helper()
	said := make([]string, 0, len(posts))
	for _, p := range posts {
		e := p.event(t)
		said = append(said, e.Action+" "+e.Prompt.Name+" "+strconv.Itoa(e.Prompt.Version)+" "+strings.Join(e.Prompt.Labels, ","))
	}
	slices.Sort(said)
	return said
}

func startHooked(t *testing.T) (*fakelangfuse.Server, client, *receiver) {
	t.Helper()
	hook := newReceiver(t)
	fake, c := start(t, fakelangfuse.Config{Webhook: fakelangfuse.Webhook{URL: hook.URL, Secret: hookSecret, Backoff: time.Microsecond}})
	return fake, c, hook
}

func TestWebhookIsSigned(t *testing.T) {
	fake, c, hook := startHooked(t)
	before := time.Now()
	_, err := fake.Push("folder/p", fakelangfuse.Version{
		Prompt: fakelangfuse.Text("Hello <{{name}}>"), Labels: []string{"production"}, Tags: []string{"a"}, CommitMessage: "why", Config: json.RawMessage(`{"n":1}`),
	})
	require.NoError(t, err)
	require.NoError(t, fake.WaitWebhooks(t.Context()))
	posts := hook.take()
	require.Len(t, posts, 1)
	sent := posts[0]
	require.Equal(t, "application/json", sent.header.Get("Content-Type"))
	require.Equal(t, "Langfuse/1.0", sent.header.Get("User-Agent"))

	stamp, signature, found := strings.Cut(strings.TrimPrefix(sent.header.Get("X-Langfuse-Signature"), "t="), ",v1=")
	require.True(t, found)
	mac := hmac.New(sha256.New, []byte(hookSecret))
	_, err = io.WriteString(mac, stamp+"."+string(sent.body))
	require.NoError(t, err)
	require.Equal(t, hex.EncodeToString(mac.Sum(nil)), signature)
	unix, err := strconv.ParseInt(stamp, 10, 64)
	require.NoError(t, err)
	require.WithinRange(t, time.Unix(unix, 0), before.Add(-time.Second), time.Now())

	e, p := sent.event(t), c.fetch(t, "folder%2Fp")
	at, err := time.Parse(time.RFC3339, e.Timestamp)
	require.NoError(t, err)
	require.WithinRange(t, at, before.Add(-time.Second), time.Now())
	require.JSONEq(t, `{"id":"`+e.ID+`","timestamp":"`+e.Timestamp+`","type":"prompt-version","apiVersion":"v1","action":"created","prompt":{
		"id":"`+p.ID+`","name":"folder/p","version":1,"projectId":"acme","createdBy":"fake","labels":["production","latest"],
		"prompt":"Hello <{{name}}>","type":"text","config":{"n":1},"commitMessage":"why","tags":["a"],"createdAt":"`+p.CreatedAt+`","updatedAt":"`+p.UpdatedAt+`"}}`, string(sent.body))
	require.Equal(t, []fakelangfuse.Delivery{{ID: e.ID, Action: "created", Prompt: "acme|folder/p", Version: 1, Attempts: 1, Status: 200, OK: true}}, fake.Deliveries())
}

func TestWhatWebhooksTell(t *testing.T) {
	fake, c, hook := startHooked(t)
	told := func() []string {
		require.NoError(t, fake.WaitWebhooks(t.Context()))
		return changes(t, hook.take())
	}
	push(t, fake, "p", "1", "production")
	require.Equal(t, []string{"created p 1 production,latest"}, told())
	push(t, fake, "p", "2", "staging")
	require.Equal(t, []string{"created p 2 staging,latest", "updated p 1 production"}, told(), `"latest" has moved`)

	require.NoError(t, fake.MoveLabel("p", "production", 2))
	require.Equal(t, []string{"updated p 1 ", "updated p 2 staging,latest,production"}, told(), "a label that moves is two events")
	c.Do(200, http.MethodPatch, prompts+"/p/versions/1", `{"newLabels":["production"]}`)
	require.Equal(t, []string{"updated p 1 production", "updated p 2 staging,latest"}, told())
	require.NoError(t, fake.SetLabels("p", 2, "tenant"))
	require.Equal(t, []string{"updated p 2 tenant,latest"}, told())
	require.NoError(t, fake.SetTags("p", "a"))
	require.Equal(t, []string{"updated p 1 production", "updated p 2 tenant,latest"}, told())

	c.Do(201, http.MethodPost, prompts, `{"name":"q","prompt":"@@@langfusePrompt:name=p|version=1@@@"}`)
	require.NoError(t, fake.WaitWebhooks(t.Context()))
	posts := hook.take()
	require.Equal(t, []string{"created q 1 latest"}, changes(t, posts))
	require.JSONEq(t, `"1"`, string(posts[0].event(t).Prompt.Prompt), "put together")

	c.Do(204, http.MethodDelete, prompts+"/q", "")
	require.Empty(t, told(), "a deletion through the API is not told")
	require.NoError(t, fake.DeleteVersion("p", 1))
	require.Equal(t, []string{"deleted p 1 production"}, told())
	require.NoError(t, fake.Delete("p"))
	require.Equal(t, []string{"deleted p 2 tenant,latest"}, told())

	push(t, fake, "broken", "@@@langfusePrompt:name=absent|version=1@@@")
	_, err := fake.Push("list config", fakelangfuse.Version{Prompt: fakelangfuse.Text("x"), Config: json.RawMessage("[]")})
	require.NoError(t, err)
	require.Empty(t, told(), "what the server cannot write")
	ids := map[string]bool{}
	for _, d := range fake.Deliveries() {
		ids[d.ID] = true
	}
	require.Len(t, ids, len(fake.Deliveries()))
}

func TestWebhookAttempts(t *testing.T) {
	fake, _, hook := startHooked(t)
	for name, status := range map[string]int{"an error": 500, "a redirect, which is not followed": 302, "a refusal": 404} {
		hook.answer(status)
		push(t, fake, "p "+strconv.Itoa(status), "x")
		require.NoError(t, fake.WaitWebhooks(t.Context()))
		posts := hook.take()
		require.Len(t, posts, 4, name)
		require.Equal(t, posts[0].header.Get("X-Langfuse-Signature"), posts[3].header.Get("X-Langfuse-Signature"))
		last := fake.Deliveries()[len(fake.Deliveries())-1]
		require.Equal(t, [3]any{4, status, false}, [3]any{last.Attempts, last.Status, last.OK})
	}
	require.False(t, fake.WebhookDisabled())
}

func TestWebhookIsDisabled(t *testing.T) {
	fake, _, hook := startHooked(t)
	drop := func(times int) {
		hook.answer(503)
		for range times {
			push(t, fake, "p"+strconv.Itoa(len(fake.Deliveries())), "x")
			require.NoError(t, fake.WaitWebhooks(t.Context()))
		}
	}
	drop(4)
	hook.answer(204)
	push(t, fake, "ok", "x")
	require.NoError(t, fake.WaitWebhooks(t.Context()))
	drop(4)
	require.False(t, fake.WebhookDisabled(), "not five in a row")
	drop(1)
	require.True(t, fake.WebhookDisabled())
	hook.answer(0)
	hook.take()
	push(t, fake, "unheard", "x")
	require.NoError(t, fake.WaitWebhooks(t.Context()))
	require.Empty(t, hook.take())

	require.NoError(t, fake.SetWebhook(hook.URL, hookSecret))
	require.False(t, fake.WebhookDisabled())
	push(t, fake, "heard", "x")
	require.NoError(t, fake.WaitWebhooks(t.Context()))
	require.Len(t, hook.take(), 1)
	require.NoError(t, fake.SetWebhook("", ""))
	push(t, fake, "unheard", "y")
	require.NoError(t, fake.WaitWebhooks(t.Context()))
	require.Empty(t, hook.take())
}

func TestWebhookThatNobodyAnswers(t *testing.T) {
	hook := newReceiver(t)
	hook.Close()
	fake, _ := start(t, fakelangfuse.Config{Webhook: fakelangfuse.Webhook{URL: hook.URL, Secret: hookSecret, Backoff: time.Microsecond}})
	push(t, fake, "p", "x")
	require.NoError(t, fake.WaitWebhooks(t.Context()))
	require.Equal(t, [2]any{4, 0}, [2]any{fake.Deliveries()[0].Attempts, fake.Deliveries()[0].Status})
}

func TestCloseEndsDeliveries(t *testing.T) {
	for name, backoff := range map[string]time.Duration{"during an attempt": 0, "between attempts": time.Hour} {
		arrived := make(chan struct{})
		hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // so that the server sees the client go
			close(arrived)
			if backoff == 0 {
				<-r.Context().Done()
			}
			w.WriteHeader(http.StatusInternalServerError)
		}))
		fake, err := fakelangfuse.New(fakelangfuse.Config{Webhook: fakelangfuse.Webhook{URL: hook.URL, Secret: hookSecret, Backoff: backoff}})
		require.NoError(t, err)
		push(t, fake, "p", "x")
		<-arrived
		boom := errors.New("boom")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(boom)
		err = fake.WaitWebhooks(ctx)
		require.ErrorIs(t, err, boom)
		require.ErrorContains(t, err, "with 1 events on their way")
		fake.Close()
		require.Len(t, fake.Deliveries(), 1, name)
		require.False(t, fake.Deliveries()[0].OK)
		push(t, fake, "q", "after Close nobody is told")
		require.NoError(t, fake.WaitWebhooks(t.Context()))
		require.Len(t, fake.Deliveries(), 1, name)
		hook.Close()
	}
}

func TestWebhookRefuses(t *testing.T) {
	for want, hook := range map[string]fakelangfuse.Webhook{
		"the URL is not http": {URL: "ftp://x", Secret: "s"},
		"not http://":         {URL: "x", Secret: "s"},
		"there is no secret":  {URL: "http://x"},
		"is negative":         {URL: "http://x", Secret: "s", Backoff: -1},
	} {
		_, err := fakelangfuse.New(fakelangfuse.Config{Webhook: hook})
		require.ErrorContains(t, err, "fakelangfuse: webhook: ", want)
		require.ErrorContains(t, err, want)
	}
	fake, _, hook := startHooked(t)
	require.Error(t, fake.SetWebhook("x", ""))
	require.Error(t, fake.SetWebhook("", "s"))
	push(t, fake, "p", "x")
	require.NoError(t, fake.WaitWebhooks(t.Context()))
	require.Len(t, hook.take(), 1, "the one before stays")
}
