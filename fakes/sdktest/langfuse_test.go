package sdktest_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/promptcache"
)

// The pairs of keys that the scripts use, too.
var (
	acmePair = fakelangfuse.Key{Public: "pk-lf-acme", Secret: "sk-lf-acme", Project: "acme"}
	betaPair = fakelangfuse.Key{Public: "pk-lf-beta", Secret: "sk-lf-beta", Project: "beta"}
	orgPair  = fakelangfuse.Key{Public: "pk-lf-org", Secret: "sk-lf-org"}
)

func startLangfuse(t *testing.T) *fakelangfuse.Server {
	t.Helper()
	return fakelangfuse.StartTest(t, fakelangfuse.Config{Admin: true, Keys: []fakelangfuse.Key{acmePair, betaPair, orgPair}})
}

// sdks are the two official clients.
var sdks = []string{"v3", "v5"}

// getPrompt is one fetch from Langfuse, by a client and by us.
type getPrompt struct {
	Endpoint  string `json:"endpoint"`
	PublicKey string `json:"publicKey"`
	SecretKey string `json:"secretKey"`
	Name      string `json:"name"`
	Version   int    `json:"version,omitempty"`
	Label     string `json:"label,omitempty"`
	TimeoutMS int    `json:"timeout"`

	List map[string]string `json:"list,omitempty"` // lists with this filter instead
}

// ref is what our key is made from.
func (g getPrompt) ref() langfuse.Ref {
	return langfuse.Ref{Name: g.Name, Version: g.Version, Label: g.Label}
}

// complete returns g with what is not set: the keys of acme, and more time than
// is needed.
func (g getPrompt) complete() getPrompt {
	g.PublicKey = cmp.Or(g.PublicKey, acmePair.Public)
	g.SecretKey = cmp.Or(g.SecretKey, acmePair.Secret)
	g.TimeoutMS = cmp.Or(g.TimeoutMS, 20_000)
	return g
}

// gotten is what a client made of it.
type gotten struct {
	Prompt map[string]json.RawMessage `json:"prompt"`
	List   []map[string]any           `json:"list"` // of a listing
	Error  struct {
		Name    string `json:"name"`
		Status  int    `json:"status"`
		Message string `json:"message"`
	} `json:"error"`
}

// getByThem makes the fetches with one of the clients.
func getByThem(t *testing.T, sdk string, gets []getPrompt) []gotten {
	t.Helper()
	type one struct {
		getPrompt
		SDK string `json:"sdk"`
	}
	input := make([]one, len(gets))
	for i, g := range gets {
		input[i] = one{g, sdk}
	}
	stdout, err := run(t, string(encode(t, input)), nil, "pull-langfuse.js")
	require.NoError(t, err, stdout)
	results := make([]gotten, 0, len(gets))
	for line := range strings.Lines(stdout) {
		var result gotten
		require.NoError(t, json.Unmarshal([]byte(line), &result), line)
		results = append(results, result)
	}
	require.Len(t, results, len(gets))
	return results
}

// source returns our source for what g says, one attempt each.
func (g getPrompt) source(t *testing.T) *langfuse.Source {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	src, err := langfuse.New(langfuse.Config{
		Endpoint:       g.Endpoint,
		PublicKey:      g.PublicKey,
		SecretKey:      langfuse.NewSecret(g.SecretKey),
		HTTPClient:     &http.Client{Transport: transport},
		Retries:        new(0),
		AttemptTimeout: time.Duration(g.TimeoutMS) * time.Millisecond,
		Getenv:         func(string) string { return "" },
	})
	require.NoError(t, err)
	return src
}

// getByUs makes one fetch with our source, at the first attempt or not at all.
func getByUs(t *testing.T, g getPrompt) (*langfuse.Prompt, error) {
	t.Helper()
	return g.source(t).Fetch(t.Context(), g.ref().String())
}

// askedOfLangfuse lists the requests since the last reset, and forgets them.
func askedOfLangfuse(fake *fakelangfuse.Server) []fakelangfuse.Request {
	requests := fake.Requests()
	fake.ResetRequests()
	return requests
}

// seedLangfuse pushes prompts of every sort and returns what to get.
func seedLangfuse(t *testing.T, fake *fakelangfuse.Server) []getPrompt {
	t.Helper()
	push := func(name string, v fakelangfuse.Version) {
		_, err := fake.Push(name, v)
		require.NoError(t, err)
	}
	production := []string{"production"}
	push("greeting", fakelangfuse.Version{Prompt: fakelangfuse.Text("Hello {{name}}"), Labels: production})
	push("greeting", fakelangfuse.Version{
		Prompt: fakelangfuse.Text("Hi {{name}}, <b>&\u2028\U0001F600"), Config: json.RawMessage(`{"model":"m","temperature":0.5,"stop":["\n"],"nested":{"a":[1,null,true]}}`),
		Labels: []string{"staging", "a_b.c-1"}, Tags: []string{"one", "two"}, CommitMessage: "shorter",
	})
	push("support/reply/first", fakelangfuse.Version{Labels: production, Config: json.RawMessage("null"), Prompt: json.RawMessage(
		`[{"role":"system","content":"You are {{who}}."},{"type":"placeholder","name":"history"},{"role":"assistant","content":"…","name":"bot","tool_calls":[{"id":"1"}]},{"type":"chatmessage","role":"user","content":"{{q}}"}]`)})
	push("part", fakelangfuse.Version{Prompt: fakelangfuse.Text("kind"), Labels: production})
	push("whole", fakelangfuse.Version{Prompt: fakelangfuse.Text("Be @@@langfusePrompt:name=part|label=production@@@."), Labels: production})
	push("list config", fakelangfuse.Version{Prompt: fakelangfuse.Text(""), Labels: production, Config: json.RawMessage(`[1,"a"]`)})
	gets := append(make([]getPrompt, 0, 64), []getPrompt{
		{Name: "greeting"},
		{Name: "greeting", Label: "production"},
		{Name: "greeting", Label: "staging"},
		{Name: "greeting", Label: "a_b.c-1"},
		{Name: "greeting", Label: "latest"},
		{Name: "greeting", Version: 1},
		{Name: "greeting", Version: 2},
		{Name: "support/reply/first"},
		{Name: "support/reply/first", Version: 1},
		{Name: "whole"},
		{Name: "whole", Version: 1},
		{Name: "list config"},
	}...)
	for _, name := range []string{"città 提示 😀", "a?b&c=d", "100%", "%2F", "C# tutor", "it's (a) test!*", "a+b@c:d$e;f,g", "~tilde._-", `a\b`, `"quoted"`} {
		push(name, fakelangfuse.Version{Prompt: fakelangfuse.Text("of " + name), Labels: production})
		gets = append(gets, getPrompt{Name: name}, getPrompt{Name: name, Version: 1})
	}
	return gets
}

// TestLangfuseSameRequestsSamePrompts gets everything with both clients and with
// our source, and wants the same on the wire and the same out of it.
func TestLangfuseSameRequestsSamePrompts(t *testing.T) {
	fake := startLangfuse(t)
	seeded := seedLangfuse(t, fake)
	for _, sdk := range sdks {
		for _, slash := range []string{"", "/"} {
			t.Run(sdk+" endpoint "+slash, func(t *testing.T) {
				gets := make([]getPrompt, len(seeded))
				for i, g := range seeded {
					g.Endpoint = fake.URL() + slash
					gets[i] = g.complete()
				}
				results := getByThem(t, sdk, gets)
				theirs := askedOfLangfuse(fake)
				require.Len(t, theirs, len(gets))
				for i, g := range gets {
					require.Empty(t, results[i].Error.Message, "%+v", g)
					ours, err := getByUs(t, g)
					require.NoError(t, err, "%+v", g)
					requireSamePrompt(t, g, results[i].Prompt, ours)
					asked := askedOfLangfuse(fake)
					require.Len(t, asked, 1)
					requireSameRequest(t, g, theirs[i], asked[0])
				}
			})
		}
	}
}

// requireSameRequest compares two requests for a prompt on the wire. The default
// label, which the clients leave to the registry, we always name. The name is
// one segment of the path; of the characters that an URL may have there, the
// clients escape others than we do.
func requireSameRequest(t *testing.T, g getPrompt, theirs, ours fakelangfuse.Request) {
	t.Helper()
	require.Equal(t, theirs.Method, ours.Method)
	if theirs.Query == "" {
		theirs.Query = "label=production"
	}
	require.Equal(t, theirs.Query, ours.Query, "%+v", g)
	if !strings.ContainsAny(g.Name, "'()!*@:$&=+") {
		require.Equal(t, theirs.Path, ours.Path)
	}
	for _, r := range []fakelangfuse.Request{theirs, ours} {
		name, found := strings.CutPrefix(r.Path, "/api/public/v2/prompts/")
		require.True(t, found, r.Path)
		require.NotContains(t, name, "/", "one segment")
		name, err := url.PathUnescape(name)
		require.NoError(t, err)
		require.Equal(t, g.Name, name)
		require.Equal(t, "***", r.Header.Get("Authorization"), "with credentials")
		require.Empty(t, r.Header.Get("If-None-Match"), "nothing is known yet")
	}
}

// requireSamePrompt compares every field that a client returns with ours.
func requireSamePrompt(t *testing.T, g getPrompt, sdk map[string]json.RawMessage, ours *langfuse.Prompt) {
	t.Helper()
	var content any = ours.Text()
	if ours.Type() == langfuse.Chat {
		messages := ours.Messages()
		elements := make([]json.RawMessage, len(messages))
		for i, m := range messages {
			elements[i] = m.Raw
		}
		content = elements
	}
	var message *string
	if ours.CommitMessage() != "" {
		message = new(ours.CommitMessage())
	}
	fields := map[string]any{
		"name": ours.Name(), "version": ours.Version(), "type": ours.Type(), "prompt": content, "config": ours.Config(),
		"labels": ours.Labels(), "tags": ours.Tags(), "commitMessage": message, "isFallback": false,
	}
	require.Len(t, sdk, len(fields), "the client returns a field that is not compared")
	for name, value := range fields {
		want := string(sdk[name])
		got := string(encode(t, value))
		if name == "prompt" { // the client leaves out what says no more than that a message is one
			got = strings.ReplaceAll(got, `"type":"chatmessage",`, "")
		}
		require.JSONEq(t, want, got, "%s of %+v", name, g)
	}
}

// TestLangfuseConditional asks twice with our source in a cache, and shows what
// no client of theirs sends.
func TestLangfuseConditional(t *testing.T) {
	fake := startLangfuse(t)
	_, err := fake.PushText("greeting", "Hello")
	require.NoError(t, err)
	get := getPrompt{Endpoint: fake.URL(), Name: "greeting"}.complete()
	for _, sdk := range sdks {
		for _, result := range getByThem(t, sdk, []getPrompt{get, get}) {
			require.Empty(t, result.Error.Message)
		}
		for _, r := range askedOfLangfuse(fake) {
			require.Empty(t, r.Header.Get("If-None-Match"), sdk)
		}
	}
	first, err := getByUs(t, get)
	require.NoError(t, err)
	require.NotEmpty(t, first.ETag())
	cache, err := langfuse.NewCache(get.source(t), promptcache.DefaultConfig())
	require.NoError(t, err)
	t.Cleanup(cache.Stop)
	_, err = cache.GetOrFetch(t.Context(), "greeting")
	require.NoError(t, err)
	askedOfLangfuse(fake)
	_, err = cache.Refresh(t.Context(), "greeting")
	require.NoError(t, err)
	asked := askedOfLangfuse(fake)
	require.Len(t, asked, 1)
	require.Equal(t, first.ETag(), asked[0].Header.Get("If-None-Match"))
	require.Equal(t, "/api/public/v2/prompts/greeting", asked[0].Path)
	require.Equal(t, "label=production", asked[0].Query)
}

// TestLangfuseSameList lists prompts with both clients and with our source.
func TestLangfuseSameList(t *testing.T) {
	fake := startLangfuse(t)
	seedLangfuse(t, fake)
	tests := []struct {
		opts  langfuse.ListOptions
		found int
	}{
		{langfuse.ListOptions{}, 15},
		{langfuse.ListOptions{Name: "greeting"}, 1},
		{langfuse.ListOptions{Label: "staging"}, 1},
		{langfuse.ListOptions{Tag: "two"}, 1},
		{langfuse.ListOptions{Tag: "absent"}, 0},
	}
	gets := make([]getPrompt, len(tests))
	for i, test := range tests {
		query := map[string]string{"limit": "100", "page": "1", "name": test.opts.Name, "label": test.opts.Label, "tag": test.opts.Tag}
		maps.DeleteFunc(query, func(_, value string) bool { return value == "" })
		gets[i] = getPrompt{Endpoint: fake.URL(), List: query}.complete()
	}
	for _, sdk := range sdks {
		results := getByThem(t, sdk, gets)
		theirs := askedOfLangfuse(fake)
		require.Len(t, theirs, len(tests))
		for i, test := range tests {
			require.Empty(t, results[i].Error.Message)
			require.Len(t, results[i].List, test.found, "%s %+v", sdk, test.opts)
			require.JSONEq(t, string(encode(t, results[i].List)), string(encode(t, listByUs(t, gets[i], test.opts))), "%s %+v", sdk, test.opts)
			asked := askedOfLangfuse(fake)
			require.Len(t, asked, 1)
			require.Equal(t, theirs[i].Path, asked[0].Path)
			require.Equal(t, parseQuery(t, theirs[i].Query), parseQuery(t, asked[0].Query))
		}
	}
}

// listByUs lists with our source, in the shape of the wire.
func listByUs(t *testing.T, g getPrompt, opts langfuse.ListOptions) []map[string]any {
	t.Helper()
	list := []map[string]any{}
	for p, err := range g.source(t).ListPrompts(t.Context(), opts) {
		require.NoError(t, err)
		list = append(list, map[string]any{
			"name": p.Name, "type": p.Type, "versions": p.Versions, "labels": p.Labels, "tags": p.Tags,
			"lastUpdatedAt": p.UpdatedAt.UTC().Format("2006-01-02T15:04:05.000Z"), "lastConfig": p.Config,
		})
	}
	return list
}

func parseQuery(t *testing.T, query string) url.Values {
	t.Helper()
	values, err := url.ParseQuery(query)
	require.NoError(t, err)
	return values
}

// said is what a client says of a failure.
type said struct {
	name   string // the class of error
	status int    // 0 for an error without one
}

// TestLangfuseSameErrors makes fetches that fail, and wants the same said of
// them. v3 has no class and no status for what the registry refuses.
func TestLangfuseSameErrors(t *testing.T) {
	fake := startLangfuse(t)
	for _, name := range []string{"p", "beta|secret", "truncated", "cut"} {
		_, err := fake.PushText(name, "x")
		require.NoError(t, err)
	}
	_, err := fake.PushText("broken composition", "@@@langfusePrompt:name=absent|version=1@@@")
	require.NoError(t, err)
	for _, fault := range []fakelangfuse.Fault{
		{Prompt: "limited", Kind: fakelangfuse.Status, Status: 429, RetryAfter: "3600"},
		{Prompt: "broken", Kind: fakelangfuse.Status, Status: 500},
		{Prompt: "unavailable", Kind: fakelangfuse.Status, Status: 503},
		{Prompt: "proxy", Kind: fakelangfuse.HTML, Status: 404},
		{Prompt: "login", Kind: fakelangfuse.HTML},
		{Prompt: "garbage", Kind: fakelangfuse.Garbage},
		{Prompt: "truncated", Kind: fakelangfuse.Truncated},
		{Prompt: "reset", Kind: fakelangfuse.Reset},
		{Prompt: "cut", Kind: fakelangfuse.Cut},
		{Prompt: "hang", Kind: fakelangfuse.Hang},
	} {
		_, err := fake.Inject(fault)
		require.NoError(t, err)
	}
	refused := said{"Error", 0}
	hollow := said{} // no error at all: v5 returns a prompt without a name and a text
	tests := []struct {
		getPrompt
		v3, v5 said
		status int   // ours
		kind   error // ours
	}{
		{getPrompt{Name: "absent"}, refused, said{"NotFoundError", 404}, 404, promptcache.ErrNotFound},
		{getPrompt{Name: "p", Label: "absent"}, refused, said{"NotFoundError", 404}, 404, promptcache.ErrNotFound},
		{getPrompt{Name: "p", Version: 7}, refused, said{"NotFoundError", 404}, 404, promptcache.ErrNotFound},
		{getPrompt{Name: "secret"}, refused, said{"NotFoundError", 404}, 404, promptcache.ErrNotFound},
		{getPrompt{Name: "p", SecretKey: "sk-lf-wrong"}, refused, said{"UnauthorizedError", 401}, 401, promptcache.ErrUnauthorized},
		{getPrompt{Name: "p", PublicKey: "pk-lf-wrong"}, refused, said{"UnauthorizedError", 401}, 401, promptcache.ErrUnauthorized},
		{getPrompt{Name: "p", PublicKey: orgPair.Public, SecretKey: orgPair.Secret}, refused, said{"AccessDeniedError", 403}, 403, promptcache.ErrForbidden},
		{getPrompt{Name: "broken composition"}, refused, said{"LangfuseAPIError", 409}, 409, promptcache.ErrConflict},
		{getPrompt{Name: "limited"}, refused, said{"LangfuseAPIError", 429}, 429, promptcache.ErrRateLimited},
		{getPrompt{Name: "broken"}, said{"LangfuseFetchHttpError", 500}, said{"LangfuseAPIError", 500}, 500, promptcache.ErrUnavailable},
		{getPrompt{Name: "unavailable"}, said{"LangfuseFetchHttpError", 503}, said{"LangfuseAPIError", 503}, 503, promptcache.ErrUnavailable},
		// A proxy's page is "not found" to v5. To us it says nothing about the
		// prompt, which must not be removed because of it.
		{getPrompt{Name: "proxy"}, said{"SyntaxError", 0}, said{"NotFoundError", 404}, 404, promptcache.ErrUnavailable},
		{getPrompt{Name: "login"}, said{"SyntaxError", 0}, hollow, 200, promptcache.ErrUnavailable},
		{getPrompt{Name: "garbage"}, said{"SyntaxError", 0}, hollow, 200, promptcache.ErrInvalid},
		{getPrompt{Name: "truncated"}, said{"SyntaxError", 0}, hollow, 200, promptcache.ErrInvalid},
		{getPrompt{Name: "reset"}, said{"LangfuseFetchNetworkError", 0}, said{"LangfuseAPIError", 0}, 0, promptcache.ErrUnavailable},
		{getPrompt{Name: "cut"}, said{"TypeError", 0}, said{"LangfuseAPIError", 0}, 200, promptcache.ErrUnavailable},
		{getPrompt{Name: "hang", TimeoutMS: 1500}, said{"LangfuseFetchNetworkError", 0}, said{"LangfuseAPIError", 0}, 0, promptcache.ErrUnavailable},
	}
	gets := make([]getPrompt, len(tests))
	for i, test := range tests {
		g := test.getPrompt
		g.Endpoint = fake.URL()
		gets[i] = g.complete()
	}
	for _, sdk := range sdks {
		t.Run(sdk, func(t *testing.T) {
			results := getByThem(t, sdk, gets)
			theirs := askedOfLangfuse(fake)
			require.Len(t, theirs, len(gets))
			for i, test := range tests {
				want := map[string]said{"v3": test.v3, "v5": test.v5}[sdk]
				require.Equal(t, want, said{results[i].Error.Name, results[i].Error.Status}, "%+v: %+v", test.getPrompt, results[i])
				if want == hollow {
					require.NotNil(t, results[i].Prompt)
					require.NotContains(t, results[i].Prompt, "name")
					require.NotContains(t, results[i].Prompt, "prompt")
				}
				_, err := getByUs(t, gets[i])
				require.ErrorIs(t, err, test.kind, "%+v", test.getPrompt)
				var fetch *promptcache.FetchError
				require.ErrorAs(t, err, &fetch)
				require.Equal(t, test.status, fetch.StatusCode, "%+v: %v", test.getPrompt, err)
				if test.status == http.StatusTooManyRequests {
					require.Equal(t, time.Hour, fetch.RetryAfter)
				}
				asked := askedOfLangfuse(fake)
				require.Len(t, asked, 1)
				requireSameRequest(t, gets[i], theirs[i], asked[0])
			}
		})
	}
}

// TestLangfuseVersionAndLabel asks for what cannot be asked for.
func TestLangfuseVersionAndLabel(t *testing.T) {
	fake := startLangfuse(t)
	_, err := fake.PushText("p", "x")
	require.NoError(t, err)
	get := getPrompt{Endpoint: fake.URL(), Name: "p", Version: 1, Label: "production"}.complete()
	require.Equal(t, "Provide either version or label, not both.", getByThem(t, "v3", []getPrompt{get})[0].Error.Message)
	require.Zero(t, fake.Count(), "v3 asks nothing")
	result := getByThem(t, "v5", []getPrompt{get})[0]
	require.Equal(t, http.StatusBadRequest, result.Error.Status, "v5 asks the registry: %+v", result)
	require.Equal(t, 1, fake.Count())
	require.ErrorIs(t, get.ref().Validate(), langfuse.ErrInvalidRef)
}
