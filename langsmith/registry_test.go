package langsmith_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

// registryOf returns a fake registry and how to ask it.
func registryOf(t *testing.T, fake *fakelangsmith.Server) sourcetest.Registry[*langsmith.PromptCommit] {
	t.Helper()
	return sourcetest.Registry[*langsmith.PromptCommit]{
		Fake: fake,
		New: func(client *http.Client, retries int, cfg promptcache.Config) (*promptcache.PromptCache[*langsmith.PromptCommit], error) {
			src, err := langsmith.New(langsmith.Config{
				Endpoint: fake.URL(), APIKey: langsmith.NewSecret(fakelangsmith.DefaultKey),
				HTTPClient: client, Retries: &retries, BackoffMin: time.Millisecond, Getenv: sourcetest.NoEnv,
			})
			if err != nil {
				return nil, err
			}
			return langsmith.NewCache(src, cfg)
		},
		Push: func(name, template string) error {
			_, err := fake.PushText(name, template)
			return err
		},
		Delete: fake.DeletePrompt,
		Inject: func(kind string, status int, name string) (func(), error) {
			return fake.Inject(fakelangsmith.Fault{Kind: fakelangsmith.Kind(kind), Status: status, Prompt: name})
		},
	}
}

func TestRegistry(t *testing.T) {
	var fallback langsmith.PromptCommit
	require.NoError(t, fallback.UnmarshalJSON([]byte(`{"owner":"-","repo":"greeting","commit_hash":"bundled","manifest":{},"examples":[]}`)))
	sourcetest.RunRegistry(t, func(t *testing.T) sourcetest.Registry[*langsmith.PromptCommit] {
		t.Helper()
		return registryOf(t, fakelangsmith.StartTest(t, fakelangsmith.Config{}))
	}, &fallback)
}

func TestRegistryKeys(t *testing.T) {
	newStage := func(t *testing.T) (*fakelangsmith.Server, *sourcetest.Stage[*langsmith.PromptCommit]) {
		t.Helper()
		fake := fakelangsmith.StartTest(t, fakelangsmith.Config{})
		return fake, sourcetest.NewStage(t, registryOf(t, fake))
	}
	t.Run("LF-05 within the TTL there is no second request, by name, tag, hash or with the model", func(t *testing.T) {
		fake, s := newStage(t)
		hash, err := fake.PushText("greeting", "Hello {name}")
		require.NoError(t, err)
		require.NoError(t, fake.SetTag("greeting", "production", hash))
		keys := []string{"greeting", "greeting:production", "greeting:" + hash, "greeting?model"}
		for range 3 {
			for _, key := range keys {
				require.Equal(t, hash, s.Read(key).CommitHash())
			}
		}
		require.Equal(t, len(keys), fake.Count())
	})

	t.Run("NB-30 all spellings of a prompt make one request and one entry", func(t *testing.T) {
		fake, s := newStage(t)
		s.MustPush("al", "Hello")
		first := s.Read("al")
		for _, key := range []string{"al:latest", "-/al", "-/al:latest", "al:", "al"} {
			require.Same(t, first, s.Read(key))
		}
		require.Equal(t, 1, fake.Count())
		require.Equal(t, []string{"al"}, s.Cache.Keys())
		require.Equal(t, 1, s.Cache.Invalidate("-/al:latest"))
		require.Zero(t, s.Cache.Len())
	})
}
