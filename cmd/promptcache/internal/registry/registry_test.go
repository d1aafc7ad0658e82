package registry_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// env is an environment of these variables: NAME=VALUE.
func env(variables ...string) func(string) string {
	return func(name string) string {
		for _, v := range variables {
			if value, ok := strings.CutPrefix(v, name+"="); ok {
				return value
			}
		}
		return ""
	}
}

func TestChoose(t *testing.T) {
	smith, fuse := "LANGSMITH_API_KEY=x", "LANGFUSE_PUBLIC_KEY=x"
	for _, tt := range []struct {
		key, from string
		env       []string
		name      string // "" for an error
		rest      string // or what the error says
	}{
		{"langsmith:al", "", nil, "langsmith", "al"},
		{"langsmith:al:v2", "", []string{fuse}, "langsmith", "al:v2"},
		{"langfuse:a/b@c", "", []string{smith}, "langfuse", "a/b@c"},
		{"langfuse:langsmith:x", "", nil, "langfuse", "langsmith:x"},
		{"langsmith:langfuse:v2", "langsmith", nil, "langsmith", "langfuse:v2"},
		{"langsmith:", "", nil, "langsmith", ""},
		{"al:v2", "langsmith", nil, "langsmith", "al:v2"},
		{"al", "langfuse", []string{smith}, "langfuse", "al"},
		{"al", "", []string{smith}, "langsmith", "al"},
		{"al:v2", "", []string{"LANGCHAIN_API_KEY=x"}, "langsmith", "al:v2"},
		{"al", "", []string{fuse}, "langfuse", "al"},
		{"al", "", []string{"LANGFUSE_SECRET_KEY=x", "LANGSMITH_API_KEY= \t"}, "langfuse", "al"},
		{"LangSmith:al", "", []string{fuse}, "langfuse", "LangSmith:al"},
		{"langfuse:x", "langsmith", nil, "", "write langsmith:langfuse:x"},
		{"al", "", []string{smith, fuse}, "", "credentials of langsmith and langfuse; write langsmith:al, langfuse:al or file:al"},
		{"al", "", nil, "", "Write langsmith:al, langfuse:al or file:al, or set the credentials of one: LANGSMITH_API_KEY, or LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY, or PROMPTCACHE_FILES"},
	} {
		name, rest, err := registry.Choose(tt.key, tt.from, env(tt.env...))
		require.Equal(t, tt.name, name, tt)
		if tt.name == "" {
			require.ErrorContains(t, err, tt.rest, tt)
			continue
		}
		require.NoError(t, err, tt)
		require.Equal(t, tt.rest, rest, tt)
	}
}

func TestSplitWithoutAnything(t *testing.T) {
	name, rest, err := registry.Split("greeting:production", "")
	require.NoError(t, err)
	require.Empty(t, name)
	require.Equal(t, "greeting:production", rest)
}

func TestOpenRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		registry string
		settings registry.Settings
		says     string
	}{
		"unknown":    {"hub", registry.Settings{}, `there is no registry "hub"; want langsmith, langfuse or file`},
		"public":     {"langfuse", registry.Settings{AllowPublic: true}, "Langfuse has no prompts of other owners"},
		"half":       {"langfuse", registry.Settings{Getenv: env("LANGFUSE_SECRET_KEY=sk-hidden")}, "LANGFUSE_PUBLIC_KEY"},
		"endpoint":   {"langsmith", registry.Settings{Endpoint: "ftp://x"}, "https://"},
		"unsendable": {"langsmith", registry.Settings{Getenv: env("LANGSMITH_API_KEY=hid\nden")}, "APIKey"},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.settings.Getenv == nil {
				tt.settings.Getenv = env()
			}
			reg, err := registry.Open(tt.registry, tt.settings)
			require.ErrorContains(t, err, tt.says)
			require.NotContains(t, err.Error(), "hidden")
			require.Nil(t, reg)
		})
	}
}

// langSmith opens a fake LangSmith, with what else it is opened with.
func langSmith(t *testing.T, settings registry.Settings) (*fakelangsmith.Server, *registry.Registry) {
	t.Helper()
	fake := fakelangsmith.StartTest(t, fakelangsmith.Config{})
	settings.Endpoint = fake.URL()
	settings.Getenv = env("LANGSMITH_API_KEY=" + fakelangsmith.DefaultKey)
	reg, err := registry.Open("langsmith", settings)
	require.NoError(t, err)
	return fake, reg
}

func langfuse(t *testing.T) (*fakelangfuse.Server, *registry.Registry) {
	t.Helper()
	fake := fakelangfuse.StartTest(t, fakelangfuse.Config{})
	reg, err := registry.Open("langfuse", registry.Settings{
		Endpoint: fake.URL(),
		Getenv:   env("LANGFUSE_PUBLIC_KEY="+fakelangfuse.DefaultPublicKey, "LANGFUSE_SECRET_KEY="+fakelangfuse.DefaultSecretKey),
		Retries:  new(0),
	})
	require.NoError(t, err)
	return fake, reg
}

func TestRegistriesAreAlike(t *testing.T) {
	smithFake, smith := langSmith(t, registry.Settings{})
	_, err := smithFake.PushText("greeting", "Hello {name}")
	require.NoError(t, err)
	fuseFake, fuse := langfuse(t)
	_, err = fuseFake.PushText("greeting", "Hello {{name}}")
	require.NoError(t, err)

	for _, tt := range []struct {
		reg          *registry.Registry
		name, title  string
		address      string
		spelling     string // of "greeting"
		answerHas    string
		invalid, not string
	}{
		{smith, "langsmith", "LangSmith", smithFake.URL(), "-/greeting:latest", `"commit_hash"`, "a:b:c", "nobody"},
		{fuse, "langfuse", "Langfuse", fuseFake.URL(), "greeting@production", `"createdAt"`, "a|b", "nobody"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.name, tt.reg.Name())
			require.Equal(t, tt.title, tt.reg.Title())
			require.Equal(t, tt.address, tt.reg.Address(), "without a project's key")
			require.Contains(t, tt.reg.Domain("greeting"), tt.name+":"+tt.address)

			key, err := tt.reg.Canonical(tt.spelling)
			require.NoError(t, err)
			require.Equal(t, "greeting", key)
			require.NoError(t, tt.reg.Check(key))
			require.ErrorIs(t, tt.reg.Check(tt.invalid), promptcache.ErrInvalid)

			v, raw, err := tt.reg.FetchRaw(t.Context(), key)
			require.NoError(t, err)
			require.Contains(t, string(raw), tt.answerHas, "not as the registry sent it")
			require.NotEmpty(t, v.Revision())
			require.False(t, v.Immutable())
			p, err := v.Prompt()
			require.NoError(t, err)
			require.Equal(t, []string{"name"}, p.Variables())

			v, err = tt.reg.Fetch(t.Context(), tt.not)
			require.ErrorIs(t, err, promptcache.ErrNotFound)
			require.True(t, v == nil, "a nil pointer in an interface is no nil") //nolint:testifylint // require.Nil takes one for the other

			var keys []string
			for listed, err := range tt.reg.List(t.Context()) {
				require.NoError(t, err)
				keys = append(keys, listed.Key)
			}
			require.Equal(t, []string{"greeting"}, keys)
		})
	}
}

// TestAnswersAreNotMixedUp: each of many fetches at once gets its own answer.
func TestAnswersAreNotMixedUp(t *testing.T) {
	fake, reg := langSmith(t, registry.Settings{})
	const n = 20
	for i := range n {
		_, err := fake.PushText(fmt.Sprintf("p%d", i), fmt.Sprintf("text-%d-", i))
		require.NoError(t, err)
	}
	var wg sync.WaitGroup
	raws, errs := make([]string, n), make([]error, n)
	for i := range n {
		wg.Go(func() {
			_, raw, err := reg.FetchRaw(t.Context(), fmt.Sprintf("p%d", i))
			raws[i], errs[i] = string(raw), err
		})
	}
	wg.Wait()
	for i := range n {
		require.NoError(t, errs[i])
		require.Contains(t, raws[i], fmt.Sprintf("text-%d-", i))
	}
}

func TestAnswerOfARetryReplacesTheFirst(t *testing.T) {
	fake, reg := langSmith(t, registry.Settings{Retries: new(1)})
	_, err := fake.PushText("greeting", "Hello {name}")
	require.NoError(t, err)
	_, err = fake.Inject(fakelangsmith.Fault{Kind: fakelangsmith.Cut, Times: 1})
	require.NoError(t, err)
	_, raw, err := reg.FetchRaw(t.Context(), "greeting")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(raw), `{"`) && strings.Count(string(raw), "commit_hash") == 1, string(raw))
}

func TestDetails(t *testing.T) {
	smithFake, smith := langSmith(t, registry.Settings{})
	hash, err := smithFake.Push("greeting", fakelangsmith.Commit{
		Manifest: fakelangsmith.Text("x"), Description: "the first", Draft: true, Tags: []string{"wip"},
	})
	require.NoError(t, err)
	v, err := smith.Fetch(t.Context(), "greeting:"+hash)
	require.NoError(t, err)
	require.Contains(t, registry.Details("langsmith", v), registry.Detail{Name: "description", Text: "the first"})
	require.Equal(t, "draft", registry.Details("langsmith", v)[2].Name)

	fuseFake, fuse := langfuse(t)
	_, err = fuseFake.Push("greeting", fakelangfuse.Version{
		Prompt: fakelangfuse.Text("x"), Labels: []string{"production"}, Tags: []string{"a", "b"}, CommitMessage: "shorter",
	})
	require.NoError(t, err)
	w, err := fuse.Fetch(t.Context(), "greeting")
	require.NoError(t, err)
	require.Contains(t, registry.Details("langfuse", w), registry.Detail{Name: "version", Text: "1"})
	require.Contains(t, registry.Details("langfuse", w), registry.Detail{Name: "tags", Text: "a, b"})
	require.Contains(t, registry.Details("langfuse", w), registry.Detail{Name: "message", Text: "shorter"})
	require.Nil(t, registry.Details("langfuse", v), "it is another registry's")
	require.Nil(t, registry.Details("langsmith", w))
}

func TestAdvice(t *testing.T) {
	fake, reg := langfuse(t)
	for i := range 12 {
		_, err := fake.Push("support/triage", fakelangfuse.Version{Prompt: fakelangfuse.Text(strconv.Itoa(i))})
		require.NoError(t, err)
	}
	for _, name := range []string{"greeting", "greetings", "greetinga", "greetingb", "Farewell", "C#"} {
		_, err := fake.PushText(name, "x")
		require.NoError(t, err)
	}
	advice := func(key string) string {
		_, err := reg.Fetch(t.Context(), key)
		require.Error(t, err)
		return reg.Advice(t.Context(), key, err, env())
	}
	require.Equal(t, `"support/triage" has the labels @latest and the versions #3 #4 #5 #6 #7 #8 #9 #10 #11 #12 and 2 older ones`, advice("support/triage"))
	require.Equal(t, "did you mean greeting, greetinga or greetingb?", advice("greting"))
	require.Equal(t, "did you mean Farewell?", advice("farewell"), "names differ in capitals")
	require.Equal(t, "did you mean C#@production?", advice("D#@production"))
	require.Empty(t, advice("something-else"))

	fake.Down()
	require.Empty(t, advice("greting"), "there is no list")

	require.Empty(t, reg.Advice(t.Context(), "x", errors.New("other"), env()))
	wrong := &promptcache.FetchError{Kind: promptcache.KindUnauthorized}
	require.Contains(t, reg.Advice(t.Context(), "x", wrong, env()), "set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY")
	require.Empty(t, reg.Advice(t.Context(), "x", wrong, env("LANGFUSE_PUBLIC_KEY=x")), "they are set")
}

func TestAdviceAboutAVersionThatIsNotThere(t *testing.T) {
	fake, reg := langSmith(t, registry.Settings{AllowPublic: true})
	_, err := fake.PushText("greeting", "x")
	require.NoError(t, err)
	for key, want := range map[string]string{
		"greeting:nope":   `there is a prompt "greeting"; it is the version that there is not`,
		"others/greeting": "", // another owner's, which is another prompt
	} {
		_, err := reg.Fetch(t.Context(), key)
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		require.Equal(t, want, reg.Advice(t.Context(), key, err, env()), key)
	}
}

func TestAdviceEndsWithItsContext(t *testing.T) {
	_, reg := langSmith(t, registry.Settings{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Empty(t, reg.Advice(ctx, "x", promptcache.ErrNotFound, env()))
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"kitten", "sitting", 3},
		{"greetign", "greeting", 2},
		{"größe", "grosse", 3},
		{"flaw", "lawn", 2},
	} {
		require.Equal(t, tt.want, registry.Distance(tt.a, tt.b), tt)
		require.Equal(t, tt.want, registry.Distance(tt.b, tt.a), tt)
	}
}

func TestEnvironmentNamesWhatIsRead(t *testing.T) {
	var names strings.Builder
	for _, v := range registry.Environment() {
		require.NotEmpty(t, v.Meaning)
		names.WriteString(v.Name + " ")
	}
	for _, prefix := range []string{"LANGSMITH_", "LANGFUSE_", "PROMPTCACHE_"} {
		require.Contains(t, names.String(), prefix)
	}
}
