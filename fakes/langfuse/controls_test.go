package fakelangfuse_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
)

func TestLabels(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	for range 2 {
		_, err := fake.PushText("p", "x")
		require.NoError(t, err)
	}
	require.Equal(t, []string{"production", "latest"}, c.fetch(t, "p").Labels)
	require.NoError(t, fake.MoveLabel("p", "production", 1))
	require.Equal(t, 1, c.fetch(t, "p").Version)
	require.Equal(t, []string{"latest"}, c.fetch(t, "p?version=2").Labels)
	require.NoError(t, fake.MoveLabel("p", "production", 1))
	require.Equal(t, []string{"production"}, c.fetch(t, "p").Labels)
	require.NoError(t, fake.SetLabels("p", 2, "production", "a", "a"))
	require.Equal(t, []string{"production", "a", "latest"}, c.fetch(t, "p").Labels)
	require.Empty(t, c.fetch(t, "p?version=1").Labels)
	require.NoError(t, fake.SetLabels("p", 2))
	c.Get(http.StatusNotFound, prompts+"/p")
	require.Equal(t, 2, c.fetch(t, "p?label=latest").Version)
}

// TestUpdatedAt measures on a fake clock: nothing goes through a network.
func TestUpdatedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, err := fakelangfuse.New(fakelangfuse.Config{})
		require.NoError(t, err)
		defer fake.Close()
		times := func(version string) [2]string {
			rec := httptest.NewRecorder()
			req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, prompts+"/p?version="+version, nil)
			req.Header.Set("Authorization", basic(fakelangfuse.DefaultPublicKey, fakelangfuse.DefaultSecretKey))
			fake.ServeHTTP(rec, req)
			p := asPrompt(t, answer{Body: rec.Body.Bytes()})
			return [2]string{p.CreatedAt, p.UpdatedAt}
		}
		const begun, second, third, fourth = "2000-01-01T00:00:00.000Z", "2000-01-01T00:00:01.000Z", "2000-01-01T00:00:02.000Z", "2000-01-01T00:00:03.000Z"
		push(t, fake, "p", "one", "production")
		time.Sleep(time.Second) // the bubble's, as those below
		push(t, fake, "p", "two")
		require.Equal(t, [2]string{begun, second}, times("1"), "it has lost a label")
		time.Sleep(time.Second)
		require.NoError(t, fake.SetLabels("p", 2, "staging"))
		require.Equal(t, [2]string{begun, second}, times("1"), "it has not changed")
		require.Equal(t, [2]string{second, third}, times("2"))
		time.Sleep(time.Second)
		require.NoError(t, fake.SetTags("p", "a"))
		require.Equal(t, [2]string{begun, fourth}, times("1"))
		require.Equal(t, [2]string{second, fourth}, times("2"))
	})
}

func TestControlsRefuse(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	push(t, fake, "p", "x", "production")
	for _, unknown := range []error{
		fake.MoveLabel("absent", "a", 1), fake.MoveLabel("p", "a", 2), fake.SetLabels("p", 0), fake.SetTags("absent"),
		fake.Delete("absent"), fake.Delete("other|p"), fake.DeleteVersion("p", 2),
	} {
		require.ErrorIs(t, unknown, fakelangfuse.ErrNotFound)
	}
	for _, invalid := range []string{"", "/p", "p/", "a//b", "<b>", "new", "metrics", " ", "|p", "a/b|p", "a|b|c"} {
		_, err := fake.PushText(invalid, "x")
		require.ErrorContains(t, err, fmt.Sprintf("fakelangfuse: prompt %q: ", invalid))
		require.Error(t, fake.Delete(invalid), invalid)
		require.Zero(t, fake.CountFor(invalid), invalid)
	}
	for _, label := range []string{"", "A", "a b", strings.Repeat("a", 37)} {
		require.ErrorContains(t, fake.MoveLabel("p", label, 1), fmt.Sprintf("label %q", label))
		require.Error(t, fake.SetLabels("p", 1, label))
	}
	require.ErrorContains(t, fake.MoveLabel("p", "latest", 1), "always the newest")
	require.Equal(t, []string{"production", "latest"}, c.fetch(t, "p").Labels)

	for _, bad := range []string{``, `null`, `{}`, `3`, `[{}]`, `[1]`, `[{"type":"placeholder"}]`} {
		_, err := fake.Push("p", fakelangfuse.Version{Prompt: json.RawMessage(bad)})
		require.ErrorContains(t, err, "fakelangfuse: push acme|p: ", bad)
	}
	_, err := fake.Push("p", fakelangfuse.Version{Config: json.RawMessage("{"), Labels: []string{"A"}})
	for _, problem := range []string{"the prompt is neither", "the config is not JSON", `label "A"`} {
		require.ErrorContains(t, err, problem, "all problems at once")
	}
	_, err = fake.PushChat("p")
	require.ErrorContains(t, err, "different prompt type")
	require.Equal(t, 1, c.fetch(t, "p?label=latest").Version)
}

func TestNewRefuses(t *testing.T) {
	_, err := fakelangfuse.New(fakelangfuse.Config{
		Keys: []fakelangfuse.Key{
			{Public: "p"}, {Secret: "s"}, {Public: "q", Secret: "s", Project: "a|b"}, {Public: "q", Secret: "t"},
		},
		RateLimit: fakelangfuse.RateLimit{Requests: -1}, Webhook: fakelangfuse.Webhook{URL: "x"},
	})
	for _, problem := range []string{"key 0 is no pair", "key 1 is no pair", `key 2 has a bad project: project "a|b"`, "key 3 is given twice", "rate limit", "webhook"} {
		require.ErrorContains(t, err, problem)
	}
	_, err = fakelangfuse.Start(fakelangfuse.Config{Addr: "nowhere"})
	require.ErrorContains(t, err, "fakelangfuse: listen: ")
	fake, err := fakelangfuse.New(fakelangfuse.Config{Keys: []fakelangfuse.Key{{Public: "p", Secret: "s"}}})
	require.NoError(t, err)
	defer fake.Close()
	push(t, fake, "p", "x")
	require.NoError(t, fake.Delete(fakelangfuse.DefaultProject+"|p"), "without a project the default one is first")
}

func TestWhatIsPushedIsCopied(t *testing.T) {
	fake, c := start(t, fakelangfuse.Config{})
	labels := []string{"production", "the caller's"}
	v := fakelangfuse.Version{Prompt: json.RawMessage(`"abc"`), Config: json.RawMessage(`[1]`), Labels: labels[:1], Tags: []string{"t"}}
	_, err := fake.Push("p", v)
	require.NoError(t, err)
	require.Equal(t, []string{"production", "the caller's"}, labels)
	before := c.Get(200, prompts+"/p").Body
	v.Prompt[1], v.Config[1], v.Labels[0], v.Tags[0] = 'x', '2', "changed", "changed"
	require.Equal(t, before, c.Get(200, prompts+"/p").Body)
}

// TestEverythingAtOnce is for the race detector.
func TestEverythingAtOnce(t *testing.T) {
	fake, c, _ := startHooked(t)
	push(t, fake, "p", "x", "production")
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for range 20 {
				_, _ = c.Try(t.Context(), http.MethodGet, prompts+"/p", "") // may meet a fault
				_, _ = c.Try(t.Context(), http.MethodGet, prompts, "")
				_, _ = c.Try(t.Context(), http.MethodPost, prompts, `{"name":"p","prompt":"y","labels":["staging"]}`)
			}
		})
		wg.Go(func() {
			for range 20 {
				_, _ = fake.PushText(fmt.Sprintf("q%d", worker), "z")
				_ = fake.MoveLabel("p", "production", 1)
				_ = fake.SetTags("p", "a")
				_ = fake.SetRateLimit(fakelangfuse.RateLimit{})
				remove, err := fake.Inject(fakelangfuse.Fault{Kind: fakelangfuse.Status, Status: 500, Times: 1})
				if err == nil {
					remove()
				}
				_, _, _ = fake.Requests(), fake.Deliveries(), fake.WebhookDisabled()
			}
		})
	}
	wg.Wait()
	require.NoError(t, fake.WaitWebhooks(t.Context()))
	require.Equal(t, 240, fake.Count())
	require.Equal(t, 1, c.fetch(t, "p").Version)
}
