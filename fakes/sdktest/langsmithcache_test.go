package sdktest_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

// cached is what the SDK's cache says of itself in the end.
type cached struct {
	Loaded    int      `json:"loaded"`
	Hits      int      `json:"hits"`
	Misses    int      `json:"misses"`
	Connected []string `json:"connected"`
}

// pullThroughTheirCache makes the pulls with the official SDK and its cache,
// which loads one file first and dumps to another at the end; "" is none.
func pullThroughTheirCache(t *testing.T, load, dump string, pulls []pull) ([]theirs, cached) {
	t.Helper()
	stdin, err := json.Marshal(map[string]any{"load": load, "dump": dump, "pulls": pulls})
	require.NoError(t, err)
	stdout, err := run(t, string(stdin), nil, "cache-langsmith.js")
	require.NoError(t, err, stdout)
	lines := slices.Collect(strings.Lines(stdout))
	require.Len(t, lines, len(pulls)+1)
	results := make([]theirs, len(pulls))
	for i := range pulls {
		require.NoError(t, json.Unmarshal([]byte(lines[i]), &results[i]), lines[i])
	}
	var end cached
	require.NoError(t, json.Unmarshal([]byte(lines[len(pulls)]), &end))
	return results, end
}

// withTheTag adds the tag that the SDKs' caches take for the model, to a prompt
// that has a model, and returns the hash of the commit that it names.
func withTheTag(t *testing.T, fake *fakelangsmith.Server) (hash string) {
	t.Helper()
	hash, err := fake.Push("assistant", fakelangsmith.Commit{Manifest: fakelangsmith.Text("by the tag"), Draft: true})
	require.NoError(t, err)
	require.NoError(t, fake.SetTag("assistant", "with_model", hash))
	_, err = fake.PushText("assistant", "the newest")
	require.NoError(t, err)
	return hash
}

// onlineCache returns a cache over our source at the fake.
func onlineCache(t *testing.T, fake *fakelangsmith.Server) *promptcache.PromptCache[*langsmith.PromptCommit] {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	src, err := langsmith.New(langsmith.Config{
		Endpoint: fake.URL(), APIKey: langsmith.NewSecret(acmeKey), AllowPublic: true,
		HTTPClient: &http.Client{Transport: transport}, Getenv: func(string) string { return "" },
	})
	require.NoError(t, err)
	cache, err := langsmith.NewCache(src, promptcache.DefaultConfig())
	require.NoError(t, err)
	return cache
}

// offlineCache returns a cache of ours that has read a snapshot and cannot ask
// anybody, and how many prompts that was.
func offlineCache(t *testing.T, path string) (*promptcache.PromptCache[*langsmith.PromptCommit], int) {
	t.Helper()
	cfg := promptcache.DefaultConfig()
	cfg.TTL = nil
	cache, err := langsmith.NewCache(nil, cfg)
	require.NoError(t, err)
	n, err := cache.LoadFile(path)
	require.NoError(t, err)
	return cache, n
}

// shortest are spellings for which there is no shorter one: the keys of our
// snapshots.
func shortest(t *testing.T, identifiers []string) []string {
	t.Helper()
	var keys []string
	for _, identifier := range identifiers {
		ref, err := langsmith.ParseRef(identifier)
		require.NoError(t, err)
		if key := ref.String(); !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// TestTheirCacheLoadsOurDump dumps with our cache and pulls everything with the
// SDK, which must not ask anybody.
func TestTheirCacheLoadsOurDump(t *testing.T) {
	fake := startLangSmith(t)
	identifiers := append(shortest(t, seed(t, fake)), "assistant:with_model")
	tagged := withTheTag(t, fake)
	cache := onlineCache(t, fake)
	pulls := make([]pull, 0, 2*len(identifiers))
	for _, identifier := range identifiers {
		pulls = append(pulls,
			pull{Endpoint: fake.URL(), APIKey: acmeKey, Identifier: identifier},
			pull{Endpoint: fake.URL(), APIKey: acmeKey, Identifier: identifier, IncludeModel: true})
	}
	for _, p := range pulls {
		key := p.Identifier
		if p.IncludeModel {
			key += "?model"
		}
		_, err := cache.GetOrFetch(t.Context(), key)
		require.NoError(t, err, key)
	}
	path := filepath.Join(t.TempDir(), "dir", "prompts.json")
	require.NoError(t, cache.DumpFile(path))
	online := pullByThem(t, pulls)
	fake.ResetRequests()

	offline, end := pullThroughTheirCache(t, path, "", pulls)
	require.Equal(t, cached{Loaded: len(pulls), Hits: len(pulls), Connected: []string{}}, end)
	require.Zero(t, fake.Count(), "the SDK asked the registry")

	byTheTag := slices.Index(pulls, pull{Endpoint: fake.URL(), APIKey: acmeKey, Identifier: "assistant:with_model"})
	withModel := slices.Index(pulls, pull{Endpoint: fake.URL(), APIKey: acmeKey, Identifier: "assistant", IncludeModel: true})
	for i, p := range pulls {
		t.Run("LS-21 "+keyOf(p), func(t *testing.T) {
			require.Empty(t, online[i].Error.Message)
			require.Empty(t, offline[i].Error.Message)
			want := online[i].Commit
			if i == byTheTag {
				want = online[withModel].Commit
			}
			requireSameCommit(t, want, offline[i].Commit)
		})
	}
	t.Run("NB-31 what the SDK takes for the tag with_model is the prompt with its model, and the tag's own is what we read back", func(t *testing.T) {
		require.NotEqual(t, online[byTheTag].Commit["commit_hash"], offline[byTheTag].Commit["commit_hash"])
		back, n := offlineCache(t, path)
		require.Equal(t, len(pulls), n)
		require.Equal(t, cache.Keys(), back.Keys(), "in the same order of use")
		e, ok := back.Lookup("assistant:with_model")
		require.True(t, ok)
		require.Equal(t, tagged, e.Value.CommitHash())
		require.True(t, e.Value.IsDraft())
	})
	t.Run("NB-31 without the prompt with its model in the file, the SDK asks for the tag's", func(t *testing.T) {
		require.Equal(t, 1, cache.Invalidate("assistant?model"))
		without := filepath.Join(t.TempDir(), "without.json")
		require.NoError(t, cache.DumpFile(without))
		fake.ResetRequests()
		results, end := pullThroughTheirCache(t, without, "", pulls[byTheTag:byTheTag+1])
		require.JSONEq(t, `"`+tagged+`"`, string(results[0].Commit["commit_hash"]))
		require.Equal(t, 1, end.Misses)
		require.Equal(t, 1, fake.Count())
	})
	t.Run("NB-30 the SDK finds the shortest spelling and asks for any other", func(t *testing.T) {
		fake.ResetRequests()
		_, end := pullThroughTheirCache(t, path, "", []pull{{Endpoint: fake.URL(), APIKey: acmeKey, Identifier: "-/greeting:latest"}})
		require.Equal(t, 1, end.Misses)
		require.Equal(t, 1, fake.Count())
	})
	t.Run("LS-13 the Python SDK's rules for a file hold", func(t *testing.T) { requirePythonsRules(t, path, len(pulls)) })
}

// keyOf is a pull's key as we spell it.
func keyOf(p pull) string {
	if p.IncludeModel {
		return p.Identifier + "?model"
	}
	return p.Identifier
}

// requireSameCommit compares what the SDK gets from a registry with what it gets
// from our file, which has fields beside those.
func requireSameCommit(t *testing.T, online, offline map[string]json.RawMessage) {
	t.Helper()
	require.Len(t, online, 7, "the SDK returns a field that is not compared")
	for name, want := range online {
		if name == "examples" && string(want) == "null" {
			want = json.RawMessage("[]") // Python's SDK refuses null
		}
		require.JSONEq(t, string(want), string(offline[name]), name)
	}
}

// requirePythonsRules checks what the Python SDK demands of a file before it
// takes an entry. It is not run itself: it cannot be installed here.
func requirePythonsRules(t *testing.T, path string, n int) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	var file struct {
		Entries map[string]struct {
			Owner            *string                      `json:"owner"`
			Repo             *string                      `json:"repo"`
			CommitHash       *string                      `json:"commit_hash"`
			Manifest         map[string]json.RawMessage   `json:"manifest"`
			Examples         []map[string]json.RawMessage `json:"examples"`
			Description      *string                      `json:"description"`
			HubModelConfig   map[string]json.RawMessage   `json:"hub_model_config"`
			HubModelProvider *string                      `json:"hub_model_provider"`
		} `json:"entries"`
	}
	require.NoError(t, json.Unmarshal(content, &file), "a field is of another type than Python's model has")
	require.Len(t, file.Entries, n)
	for name, e := range file.Entries {
		for _, required := range []*string{e.Owner, e.Repo, e.CommitHash} {
			require.NotNil(t, required, name)
			require.NotEmpty(t, *required, name)
		}
		require.NotEmpty(t, e.Manifest, "%s: an object", name)
		require.NotNil(t, e.Examples, "%s: a list, never null", name)
	}
}

// TestWeReadTheirDump has the SDK pull everything and dump its cache, and reads
// that.
func TestWeReadTheirDump(t *testing.T) {
	fake := startLangSmith(t)
	identifiers := seed(t, fake)
	withTheTag(t, fake)
	pulls := make([]pull, 0, 2*len(identifiers))
	for _, identifier := range identifiers {
		pulls = append(pulls,
			pull{Endpoint: fake.URL(), APIKey: acmeKey, Identifier: identifier},
			pull{Endpoint: fake.URL(), APIKey: acmeKey, Identifier: identifier, IncludeModel: true})
	}
	path := filepath.Join(t.TempDir(), "theirs.json")
	results, end := pullThroughTheirCache(t, "", path, pulls)
	require.Equal(t, len(pulls), end.Misses)
	fake.ResetRequests()

	cache, n := offlineCache(t, path)
	t.Run("LS-13 every prompt once, whatever its spellings", func(t *testing.T) {
		require.Equal(t, 2*len(shortest(t, identifiers)), n)
		require.Equal(t, n, cache.Len())
	})
	for i, p := range pulls {
		t.Run("LS-21 "+keyOf(p), func(t *testing.T) {
			require.Empty(t, results[i].Error.Message)
			commit, err := cache.GetOrFetch(t.Context(), keyOf(p))
			require.NoError(t, err)
			requireSame(t, p, results[i].Commit, commit)
			ref, err := langsmith.ParseRef(keyOf(p))
			require.NoError(t, err)
			require.Equal(t, ref.String(), commit.Ref().String())
		})
	}
	require.Zero(t, fake.Count())
	t.Run("NB-31 the SDK's entry for the tag with_model is read as the prompt with its model, which it cannot tell from it", func(t *testing.T) {
		ambiguous := filepath.Join(t.TempDir(), "ambiguous.json")
		_, _ = pullThroughTheirCache(t, "", ambiguous, []pull{{Endpoint: fake.URL(), APIKey: acmeKey, Identifier: "assistant:with_model"}})
		cache, _ := offlineCache(t, ambiguous)
		require.Equal(t, []string{"assistant?model"}, cache.Keys())
	})
	t.Run("LS-13 and what we make of it the SDK loads again", func(t *testing.T) {
		back := filepath.Join(t.TempDir(), "back.json")
		require.NoError(t, cache.DumpFile(back))
		again := make([]pull, 0, cache.Len())
		for _, key := range cache.Keys() {
			identifier, model := strings.CutSuffix(key, "?model")
			again = append(again, pull{Endpoint: fake.URL(), APIKey: acmeKey, Identifier: identifier, IncludeModel: model})
		}
		_, end := pullThroughTheirCache(t, back, "", again)
		require.Equal(t, cached{Loaded: len(again), Hits: len(again), Connected: []string{}}, end)
	})
}
