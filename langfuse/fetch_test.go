package langfuse_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestFetchText(t *testing.T) {
	srv := sourcetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.String() != "/api/public/v2/prompts/greeting?version=3" {
			sourcetest.Reply(w, http.StatusNotFound, missing)
			return
		}
		w.Header().Set("ETag", `W/"abc"`)
		sourcetest.Reply(w, http.StatusOK, text)
	})
	src := newSource(t, langfuse.Config{Endpoint: srv.URL})
	p, err := src.Fetch(t.Context(), "greeting#3")
	require.NoError(t, err)
	require.Equal(t, langfuse.Ref{Name: "greeting", Version: 3}, p.Ref())
	require.Equal(t, "greeting", p.Name())
	require.Equal(t, 3, p.Version())
	require.Equal(t, langfuse.Text, p.Type())
	require.Equal(t, "Hello {{name}}", p.Text())
	require.Nil(t, p.Messages())
	require.Equal(t, `{"seed":9007199254740993}`, string(p.Config()))
	require.Equal(t, []string{"production", "latest"}, p.Labels())
	require.Equal(t, []string{"a"}, p.Tags())
	require.Equal(t, "shorter", p.CommitMessage())
	require.Nil(t, p.ResolutionGraph())
	require.Equal(t, `W/"abc"`, p.ETag())
	require.Regexp(t, `^3\+[0-9a-f]{16}$`, p.Revision())
	require.True(t, p.Immutable())
}

func TestFetchChat(t *testing.T) {
	p := fetched(t, "greeting", chat)
	require.Equal(t, langfuse.Chat, p.Type())
	require.Empty(t, p.Text())
	messages := p.Messages()
	require.Len(t, messages, 4)
	require.Equal(t, "system", messages[0].Role)
	require.Equal(t, "Be {{mood}}", messages[0].Content)
	require.Equal(t, langfuse.Message{Placeholder: "history", Raw: []byte(`{"type":"placeholder","name":"history"}`)}, messages[1])
	require.Equal(t, "assistant", messages[2].Role)
	require.Equal(t, `{"role":"assistant","content":"","type":null,"tool_calls":[{"id":9007199254740993}],"name":"bot"}`, string(messages[2].Raw)) //nolint:testifylint // the very bytes
	require.Equal(t, "<{{question}}>", messages[3].Content)
	require.Equal(t, "null", string(p.Config()))
	require.Empty(t, p.CommitMessage())
	require.Empty(t, p.ETag())
	require.False(t, p.Immutable(), "a label can move")
}

func TestConfigMayBeAnyJSON(t *testing.T) {
	for _, config := range []string{`null`, `[]`, `"x"`, `1e400`, `false`, `{"a":{"b":[1.50]}}`} {
		p := fetched(t, "greeting", with(text, `{"seed":9007199254740993}`, config))
		require.Equal(t, config, string(p.Config()))
	}
}

func TestFetchOddNames(t *testing.T) {
	tests := []struct{ key, segment string }{ // segment "": refused before any request
		{"greeting", "greeting"},
		{"folder/sub folder/greeting", "folder%2Fsub%20folder%2Fgreeting"},
		{"50%", "50%25"},
		{"a%2Fb", "a%252Fb"},
		{"C#@production", "C%23"},
		{"me@example.com@production", "me@example.com"},
		{"a:b", "a:b"},
		{"what?", "what%3F"},
		{"a&b=c+d", "a&b=c+d"},
		{"a;b,c", "a%3Bb%2Cc"},
		{`a"b'c`, "a%22b%27c"},
		{`a\b`, "a%5Cb"},
		{"1 < 2", "1%20%3C%202"},
		{"{{x}}", "%7B%7Bx%7D%7D"},
		{"prüfung", "pr%C3%BCfung"},
		{"提示", "%E6%8F%90%E7%A4%BA"},
		{"👩‍🚀", "%F0%9F%91%A9%E2%80%8D%F0%9F%9A%80"},
		{"...", "..."},
		{"a/.hidden", "a%2F.hidden"},
		{" padded ", "%20padded%20"},
		{"[x]", "%5Bx%5D"},
		{"", ""},
		{"@production", ""},
		{"a/../b", ""},
		{"..", ""},
		{"%2e%2e", ""},
		{`..\a`, ""},
		{"a|b", ""},
		{"<b>", ""},
		{"/a", ""},
		{"a\x7f", ""},
	}
	for _, tt := range tests {
		id := "LF-14 "
		if tt.key == "" {
			id = "LF-02 an empty name fails before any request "
		}
		t.Run(id+strconv.Quote(tt.key), func(t *testing.T) {
			ref, refErr := langfuse.ParseRef(tt.key)
			requested := ""
			src := newSource(t, langfuse.Config{HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, r *http.Request) {
				requested = r.URL.RequestURI()
				sourcetest.Reply(w, http.StatusOK, with(text, `"greeting"`, quoteJSON(ref.Name)))
			})})
			if tt.segment == "" {
				fe := fails(t, src, tt.key, promptcache.KindInvalid)
				require.ErrorIs(t, fe, langfuse.ErrInvalidRef)
				require.ErrorIs(t, fe, promptcache.ErrInvalid)
				require.ErrorIs(t, src.Check(tt.key), langfuse.ErrInvalidRef)
				require.Empty(t, requested)
				return
			}
			require.NoError(t, refErr)
			require.NoError(t, src.Check(tt.key))
			p, err := src.Fetch(t.Context(), tt.key)
			require.NoError(t, err)
			require.Equal(t, "/api/public/v2/prompts/"+tt.segment+"?label=production", requested)
			require.Equal(t, ref, p.Ref())
			require.Equal(t, ref.Name, p.Name())
		})
	}
}

// quoteJSON returns s, which has no control characters, as a JSON string.
func quoteJSON(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func TestAnswerIsWhatWasAsked(t *testing.T) {
	tests := []struct{ name, key, answer, problem string }{
		{"the version", "greeting#3", text, ""},
		{"another version", "greeting#2", text, "it is another version, 3"},
		{"the label", "greeting@latest", text, ""},
		{"without the label", "greeting@staging", text, `its version 3 does not have the label "staging"`},
		{"without the default label", "greeting", with(text, `"production",`, ""), `does not have the label "production"`},
		{"another name", "greeting", with(text, `"greeting"`, `"greetings"`), `it is another prompt, "greetings"`},
		{"a name in capitals", "greeting", with(text, `"greeting"`, `"Greeting"`), `it is another prompt, "Greeting"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.problem == "" {
				_ = fetched(t, tt.key, tt.answer)
				return
			}
			fe := fails(t, answering(t, http.StatusOK, tt.answer), tt.key, promptcache.KindInvalid)
			require.ErrorContains(t, fe, "the answer is not a usable prompt: ")
			require.ErrorContains(t, fe, tt.problem)
		})
	}
}

func TestUnusableAnswers(t *testing.T) {
	gone := func(field string) string { return with(text, `"`+field+`":`, `"was_`+field+`":`) }
	tests := []struct{ name, answer, problem string }{
		{"not JSON", "{", "the answer is not a prompt"},
		{"an array", "[]", "the answer is not a prompt"},
		{"null", "null", "its config, labels or tags are missing"},
		{"a list of prompts", `{"data":[],"meta":{}}`, "its config, labels or tags are missing"},
		{"not UTF-8", with(text, "Hello", "\xff"), "it is not UTF-8"},
		{"no name", gone("name"), `it is another prompt, ""`},
		{"no version", gone("version"), "its version is missing"},
		{"version 0", with(text, `"version":3`, `"version":0`), "its version is missing or not 1 or more"},
		{"version 1.5", with(text, `"version":3`, `"version":1.5`), "the answer is not a prompt"},
		{"a version beyond the registry's", with(text, `"version":3`, `"version":2147483648`), "its version is missing or not 1 or more"},
		{"no config", gone("config"), "its config, labels or tags are missing"},
		{"no labels", gone("labels"), "its config, labels or tags are missing"},
		{"labels null", with(text, `["production","latest"]`, "null"), "its config, labels or tags are missing"},
		{"labels in a string", with(text, `["production","latest"]`, `"production"`), "the answer is not a prompt"},
		{"no tags", gone("tags"), "its config, labels or tags are missing"},
		{"no type", gone("type"), `its type is ""; want text or chat`},
		{"another type", with(text, `"type":"text"`, `"type":"image"`), `its type is "image"; want text or chat`},
		{"no prompt", gone("prompt"), "its prompt is missing"},
		{"prompt null", with(text, `"Hello {{name}}"`, "null"), "its prompt is not a string"},
		{"a text of messages", with(chat, `"type":"chat"`, `"type":"text"`), "its prompt is not a string"},
		{"a chat of text", with(text, `"type":"text"`, `"type":"chat"`), "its prompt is not an array of messages"},
		{"a chat of nothing", with(text, `"type":"text"`, `"type":"chat"`, `"Hello {{name}}"`, "null"), "its prompt is not an array of messages"},
		{"a message in a string", with(chat, `{"type":"placeholder","name":"history"}`, `"x"`), "its message 2: "},
		{"a message that is null", with(chat, `{"type":"placeholder","name":"history"}`, `null`), "its message 2: it has no role or no content"},
		{"a placeholder without a name", with(chat, `,"name":"history"`, ""), "its message 2: it is a placeholder without a name"},
		{"a placeholder with an empty name", with(chat, `"history"`, `""`), "its message 2: it is a placeholder without a name"},
		{"no role", with(chat, `"role":"system",`, ""), "its message 1: it has no role or no content"},
		{"no content", with(chat, `"content":"Be {{mood}}",`, ""), "its message 1: it has no role or no content"},
		{"a role in capitals", with(chat, `"role":"system"`, `"Role":"system"`), "its message 1: it has no role"},
		{"a type that is no string", with(chat, `"type":"message"`, `"type":1`), `its message 4: it is of the unknown type 1`},
		{"content of parts", with(chat, `"Be {{mood}}"`, `[]`), "its message 1: "},
		{"a message of an unknown type", with(chat, `"type":"message"`, `"type":"image"`), `its message 4: it is of the unknown type "image"`},
		{"too deep", strings.Repeat("[", 20_000), "the answer is not a prompt"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fe := fails(t, answering(t, http.StatusOK, tt.answer), "greeting", promptcache.KindInvalid)
			require.ErrorContains(t, fe, tt.problem)
			require.Equal(t, http.StatusOK, fe.StatusCode)
		})
	}
	t.Run("an empty chat is one", func(t *testing.T) {
		p := fetched(t, "greeting", with(text, `"type":"text"`, `"type":"chat"`, `"Hello {{name}}"`, "[]"))
		require.NotNil(t, p.Messages())
		require.Empty(t, p.Messages())
	})
}

func FuzzResponse(f *testing.F) {
	for _, seed := range []string{text, chat, missing, "[]", "null", "", "\xff", `{"data":[],"meta":{"page":1}}`} {
		f.Add([]byte(seed), 200)
		f.Add([]byte(seed), 404)
	}
	var body []byte
	var status int
	src, err := langfuse.New(langfuse.Config{
		Retries: new(0), Getenv: sourcetest.NoEnv, PublicKey: publicKey, SecretKey: langfuse.NewSecret(sourcetest.Hidden),
		HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, _ *http.Request) { sourcetest.Reply(w, status, string(body)) }),
	})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, answer []byte, code int) {
		body, status = answer, code
		if status < 200 || status > 599 {
			status = 200
		}
		for info, err := range src.ListPrompts(t.Context(), langfuse.ListOptions{}) {
			require.Equal(t, err == nil, info.Name != "")
		}
		p, err := src.Fetch(t.Context(), "greeting")
		if err != nil {
			require.Nil(t, p)
			_ = sourcetest.FetchError(t, err, "greeting", err.(*promptcache.FetchError).Kind)
			return
		}
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, p.Labels(), "production")
		sameAfterDump(t, p)
		if n, err := p.Prompt(); err == nil {
			require.Equal(t, p.Text(), n.Text())
			require.Len(t, n.Messages(), len(p.Messages()))
		} else {
			require.ErrorContains(t, err, "langfuse: ")
		}
	})
}
