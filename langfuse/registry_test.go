package langfuse_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
)

type stage = sourcetest.Stage[*langfuse.Prompt]

// registryOf returns a fake registry and how to ask it with a pair of its keys.
func registryOf(t *testing.T, fake *fakelangfuse.Server, public, secret string) sourcetest.Registry[*langfuse.Prompt] {
	t.Helper()
	return sourcetest.Registry[*langfuse.Prompt]{
		Fake: fake,
		New: func(client *http.Client, retries int, cfg promptcache.Config) (*promptcache.PromptCache[*langfuse.Prompt], error) {
			src, err := langfuse.New(langfuse.Config{
				Endpoint: fake.URL(), PublicKey: public, SecretKey: langfuse.NewSecret(secret),
				HTTPClient: client, Retries: &retries, BackoffMin: time.Millisecond, Getenv: sourcetest.NoEnv,
			})
			if err != nil {
				return nil, err
			}
			return langfuse.NewCache(src, cfg)
		},
		Push: func(name, template string) error {
			_, err := fake.PushText(name, template)
			return err
		},
		Delete: fake.Delete,
		Inject: func(kind string, status int, name string) (func(), error) {
			return fake.Inject(fakelangfuse.Fault{Kind: fakelangfuse.Kind(kind), Status: status, Prompt: name})
		},
	}
}

func newStage(t *testing.T) (*fakelangfuse.Server, *stage) {
	t.Helper()
	fake := fakelangfuse.StartTest(t, fakelangfuse.Config{})
	return fake, sourcetest.NewStage(t, registryOf(t, fake, fakelangfuse.DefaultPublicKey, fakelangfuse.DefaultSecretKey))
}

func TestRegistry(t *testing.T) {
	var fallback langfuse.Prompt
	require.NoError(t, fallback.UnmarshalJSON([]byte(text)))
	sourcetest.RunRegistry(t, func(t *testing.T) sourcetest.Registry[*langfuse.Prompt] {
		t.Helper()
		return registryOf(t, fakelangfuse.StartTest(t, fakelangfuse.Config{}), fakelangfuse.DefaultPublicKey, fakelangfuse.DefaultSecretKey)
	}, &fallback)
}

func TestRegistryKeys(t *testing.T) {
	t.Run("LF-05 within the TTL there is no second request, text and chat, by name, label or version", func(t *testing.T) {
		fake, s := newStage(t)
		s.MustPush("folder/text", "Hello")
		_, err := fake.PushChat("chat", fakelangfuse.Message{Role: "user", Content: "Hello"})
		require.NoError(t, err)
		keys := []string{"folder/text", "folder/text@latest", "folder/text#1", "chat", "chat@latest", "chat#1"}
		for range 3 {
			for _, key := range keys {
				require.Equal(t, 1, s.Read(key).Version())
			}
		}
		require.Equal(t, len(keys), fake.Count())
	})

	t.Run("LF-06 no label and label production are one entry", func(t *testing.T) {
		fake, s := newStage(t)
		s.MustPush("greeting", "Hello")
		require.Same(t, s.Read("greeting@production"), s.Read("greeting"))
		require.Equal(t, "label=production", fake.Requests()[0].Query)
		require.Equal(t, 1, fake.Count())
	})

	t.Run("LF-07 versions and labels are different entries, and version 1 is not label 1", func(t *testing.T) {
		fake, s := newStage(t)
		s.MustPush("greeting", "one")
		s.MustPush("greeting", "two")
		require.NoError(t, fake.MoveLabel("greeting", "1", 2))
		require.Equal(t, "one", s.Read("greeting#1").Text())
		require.Equal(t, "two", s.Read("greeting@1").Text())
		require.Equal(t, "two", s.Read("greeting#2").Text())
		require.Equal(t, "two", s.Read("greeting").Text())
		require.Equal(t, 4, s.Cache.Len())
	})

	t.Run("LF-14 odd names round-trip, or fail before the request", func(t *testing.T) {
		fake, s := newStage(t)
		for _, name := range []string{
			"folder/sub", "a/b/c d", "a b", "100%", "a%2Fb", "ä/ö", "日本", "🙂", "a+b", "a?b=c", "a&b", "a;b", "a:b", `a"b`, "a'b", `a\b`,
			"a..b", "a.", "~a", "versions/3", "x/versions/3", "[a]", "{a}", "a,b", "a=b", "a<b", "C# tutor@production",
		} {
			ref, err := langfuse.ParseRef(name)
			require.NoError(t, err, name)
			s.MustPush(ref.Name, "template")
			require.Equal(t, ref.Name, s.Read(name).Name())
			require.Equal(t, 1, fake.CountFor(ref.Name), name)
		}
		before := fake.Count()
		for _, name := range []string{"/a", "a/", "a//b", "a|b", "<b>", "a/../b", "..", "a\x00", "a@Label", "a#0", "a#x"} {
			_, err := s.Cache.GetOrFetch(t.Context(), name)
			require.ErrorIs(t, err, promptcache.ErrInvalid, name)
		}
		require.Equal(t, before, fake.Count())
	})

	t.Run("LF-15 invalidating foo leaves foobar and foo/sub", func(t *testing.T) {
		_, s := newStage(t)
		for _, name := range []string{"foo", "foobar", "foo/sub"} {
			s.MustPush(name, name)
			s.Read(name)
		}
		require.Equal(t, 1, s.Cache.Invalidate("foo@production"))
		require.ElementsMatch(t, []string{"foobar", "foo/sub"}, s.Cache.Keys())
	})

	t.Run("NB-30 all spellings of a prompt make one request and one entry", func(t *testing.T) {
		fake, s := newStage(t)
		s.MustPush("al", "Hello")
		first := s.Read("al@production")
		require.Same(t, first, s.Read("al"))
		require.Equal(t, 1, fake.Count())
		require.Equal(t, []string{"al"}, s.Cache.Keys())
		require.Equal(t, 1, s.Cache.Invalidate("al@production"))
		require.Zero(t, s.Cache.Len())
	})

	t.Run("NB-31 a name that looks like a key with a label is another entry", func(t *testing.T) {
		_, s := newStage(t)
		s.MustPush("al", "one")
		s.MustPush("al@production", "two")
		require.Equal(t, "one", s.Read("al@production").Text())
		require.Equal(t, "two", s.Read("al@production@production").Text())
	})
}

func TestRegistryProjects(t *testing.T) {
	fake := fakelangfuse.StartTest(t, fakelangfuse.Config{Keys: []fakelangfuse.Key{
		{Public: "pk-a", Secret: "sk-a", Project: "a"}, {Public: "pk-b", Secret: "sk-b", Project: "b"},
	}})
	a, b := sourcetest.NewStage(t, registryOf(t, fake, "pk-a", "sk-a")), sourcetest.NewStage(t, registryOf(t, fake, "pk-b", "sk-b"))
	a.MustPush("a|greeting", "of a")
	a.MustPush("b|greeting", "of b")
	t.Run("NB-32 two projects never share an entry", func(t *testing.T) {
		require.Equal(t, "of a", a.Read("greeting").Text())
		require.Equal(t, "of b", b.Read("greeting").Text())
		require.NotEqual(t, a.Cache.Config().Domain("greeting"), b.Cache.Config().Domain("greeting"))
	})
	t.Run("NB-32 nor does a snapshot of one bring its prompts to the other", func(t *testing.T) {
		ofA := filepath.Join(t.TempDir(), "a.json")
		require.NoError(t, a.Cache.DumpFile(ofA))
		content, err := os.ReadFile(ofA)
		require.NoError(t, err)
		require.NotContains(t, string(content), "sk-a", "a file that is carried around has no secret")
		before, ok := b.Cache.Get("greeting")
		require.True(t, ok)

		n, err := b.Cache.LoadFile(ofA)
		require.Zero(t, n)
		require.ErrorIs(t, err, promptcache.ErrOtherSource)
		require.Same(t, before, b.Read("greeting"))

		empty := sourcetest.NewStage(t, registryOf(t, fake, "pk-b", "sk-b"))
		_, err = empty.Cache.LoadFile(ofA)
		require.ErrorIs(t, err, promptcache.ErrOtherSource)
		require.Zero(t, empty.Cache.Len())
		require.Equal(t, "of b", empty.Read("greeting").Text())

		again := sourcetest.NewStage(t, registryOf(t, fake, "pk-a", "sk-a"))
		n, err = again.Cache.LoadFile(ofA)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		asked := fake.Count()
		require.Equal(t, "of a", again.Read("greeting").Text())
		require.Equal(t, asked, fake.Count())
	})
}

func TestRegistryContent(t *testing.T) {
	t.Run("NB-33 a reader cannot change what others read", func(t *testing.T) {
		fake, s := newStage(t)
		_, err := fake.Push("chat", fakelangfuse.Version{
			Prompt: json.RawMessage(`[{"role":"user","content":"{{q}}"}]`), Config: json.RawMessage(`{"a":1}`), Labels: []string{"production"}, Tags: []string{"t"},
		})
		require.NoError(t, err)
		before, err := json.Marshal(s.Read("chat"))
		require.NoError(t, err)
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				p, _ := s.Cache.Get("chat")
				p.Labels()[0], p.Tags()[0], p.Config()[0], p.Messages()[0].Raw[0] = "x", "x", 'x', 'x'
			})
		}
		readers.Wait()
		after, err := json.Marshal(s.Read("chat"))
		require.NoError(t, err)
		require.Equal(t, string(before), string(after))
	})

	t.Run("NB-42 a pinned version whose part has changed is a change, one without parts is never asked for again", func(t *testing.T) {
		fake, s := newStage(t)
		s.MustPush("part", "old")
		s.MustPush("whole", "<@@@langfusePrompt:name=part|label=production@@@>")
		require.Equal(t, "<old>", s.Read("whole#1").Text())
		require.Equal(t, "old", s.Read("part#1").Text())
		s.Start()
		s.MustPush("part", "new")
		s.Pass(sourcetest.TTL + sourcetest.Interval)
		require.Equal(t, "whole#1", s.Await(promptcache.EventChanged).Key)
		require.Equal(t, "<new>", s.Read("whole#1").Text())
		require.Equal(t, 1, fake.CountFor("part"))
	})

	t.Run("what has not changed comes as a 304 and keeps its identity", func(t *testing.T) {
		fake, s := newStage(t)
		s.MustPush("greeting", "Hello")
		first := s.Read("greeting")
		require.NotEmpty(t, first.ETag())
		s.Pass(sourcetest.TTL + sourcetest.Interval)
		require.Same(t, first, s.Read("greeting"))
		require.Equal(t, first.ETag(), fake.Requests()[1].Header.Get("If-None-Match"))
		require.EqualValues(t, 1, s.Cache.Metrics().Unchanged)
	})

	t.Run("LF-17 a fetched text compiles", func(t *testing.T) {
		_, s := newStage(t)
		s.MustPush("greeting", `Hello {{ name }}, {{name}} {{absent}} {x} {"a": {{nil}}}`)
		p, err := s.Read("greeting").Prompt()
		require.NoError(t, err)
		compiled, err := p.Compile(prompt.Vars{"name": "<{{absent}}>", "nil": nil, "extra": 1})
		require.NoError(t, err)
		require.Equal(t, `Hello <{{absent}}>, <{{absent}}> {{absent}} {x} {"a": }`, compiled.Text)
	})

	t.Run("LF-18 a fetched chat compiles", func(t *testing.T) {
		fake, s := newStage(t)
		_, err := fake.PushChat("chat", fakelangfuse.Message{Role: "system", Content: "Be {{mood}}"}, fakelangfuse.Message{Role: "placeholder", Content: "history"})
		require.NoError(t, err)
		p, err := s.Read("chat").Prompt()
		require.NoError(t, err)
		filled, err := p.Compile(prompt.Vars{"mood": "brief", "history": []any{map[string]any{"role": "assistant", "content": "{{mood}}", "name": "bot"}}})
		require.NoError(t, err)
		compiled, err := json.Marshal(filled)
		require.NoError(t, err)
		require.JSONEq(t, `[{"role":"system","content":"Be brief"},{"role":"assistant","content":"brief","name":"bot"}]`, string(compiled))
		_, err = p.CompileStrict(prompt.Vars{})
		require.ErrorContains(t, err, "mood")
		require.ErrorContains(t, err, "history")
	})

	t.Run("the list of prompts, over its pages", func(t *testing.T) {
		fake := fakelangfuse.StartTest(t, fakelangfuse.Config{})
		want := make([]string, 0, 101)
		for i := range 101 {
			name := "folder/p" + string(rune('0'+i/100)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10))
			want = append(want, name)
			_, err := fake.PushText(name, "x")
			require.NoError(t, err)
		}
		client := &http.Client{Transport: &http.Transport{}}
		t.Cleanup(client.CloseIdleConnections)
		src, err := langfuse.New(langfuse.Config{
			Endpoint: fake.URL(), PublicKey: fakelangfuse.DefaultPublicKey, SecretKey: langfuse.NewSecret(fakelangfuse.DefaultSecretKey),
			HTTPClient: client, Getenv: sourcetest.NoEnv,
		})
		require.NoError(t, err)
		var names []string
		for info, err := range src.ListPrompts(t.Context(), langfuse.ListOptions{Label: "production"}) {
			require.NoError(t, err)
			require.Equal(t, langfuse.Text, info.Type)
			require.False(t, info.UpdatedAt.IsZero())
			names = append(names, info.Name)
		}
		require.Equal(t, want, names)
		require.Equal(t, 2, fake.Count())
	})
}

// TestRegistryErrors checks what each of the registry's own errors becomes.
func TestRegistryErrors(t *testing.T) {
	fake, s := newStage(t)
	s.MustPush("broken", "@@@langfusePrompt:name=absent|version=1@@@")
	_, err := s.Cache.GetOrFetch(t.Context(), "broken")
	require.ErrorIs(t, err, promptcache.ErrConflict)
	require.ErrorContains(t, err, "Prompt dependency not found: absent - version 1")
	_, err = s.Cache.GetOrFetch(t.Context(), "absent")
	require.ErrorIs(t, err, promptcache.ErrNotFound)
	require.NoError(t, fake.SetRateLimit(fakelangfuse.RateLimit{Requests: 1, Window: time.Hour}))
	s.MustPush("greeting", "Hello")
	s.Read("greeting")
	_, err = s.Cache.GetFresh(t.Context(), "greeting@latest")
	require.ErrorIs(t, err, promptcache.ErrRateLimited)
	var failed *promptcache.FetchError
	require.ErrorAs(t, err, &failed)
	require.InDelta(t, time.Hour.Seconds(), failed.RetryAfter.Seconds(), 30)

	other := sourcetest.NewStage(t, registryOf(t, fake, fakelangfuse.DefaultPublicKey, "sk-lf-wrong"))
	_, err = other.Cache.GetOrFetch(t.Context(), "greeting")
	require.ErrorIs(t, err, promptcache.ErrUnauthorized)
	require.ErrorContains(t, err, "Invalid credentials")
}
