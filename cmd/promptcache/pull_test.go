package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/show"
	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
	"github.com/promptcache/promptcache-go/promptfs"
)

func TestHelpNamesEveryMemberOfTheJSON(t *testing.T) {
	for name, tt := range map[string]struct {
		help  string
		types []reflect.Type
	}{
		"pull":    {pullCmd{}.Help(), []reflect.Type{reflect.TypeFor[pullReport](), reflect.TypeFor[pullResult](), reflect.TypeFor[leftOut]()}},
		"ls":      {lsCmd{}.Help(), []reflect.Type{reflect.TypeFor[listing]()}},
		"inspect": {inspectCmd{}.Help(), []reflect.Type{reflect.TypeFor[snapshotFacts](), reflect.TypeFor[promptFacts]()}},
		"diff":    {diffCmd{}.Help(), []reflect.Type{reflect.TypeFor[diffReport](), reflect.TypeFor[comparison]()}},
		"verify":  {verifyCmd{}.Help(), []reflect.Type{reflect.TypeFor[verdict](), reflect.TypeFor[finding]()}},
		"get":     {getCmd{}.Help(), []reflect.Type{reflect.TypeFor[show.Document]()}},
	} {
		_, help, found := strings.Cut(tt.help, "--json prints")
		require.True(t, found, name)
		for _, typ := range tt.types {
			for field := range typ.Fields() {
				member, _, _ := strings.Cut(field.Tag.Get("json"), ",")
				if field.IsExported() && member != "-" {
					require.Regexp(t, `\b`+member+`\b`, help, name)
				}
			}
		}
	}
}

// registries are a fake of each registry and a directory, and the environment in
// which they are found.
func registries(t *testing.T) map[string]string {
	t.Helper()
	smith, env := realRegistry(t)
	_, err := smith.PushText("greeting", "Hello {name}")
	require.NoError(t, err)
	fuse := fakelangfuse.StartTest(t, fakelangfuse.Config{})
	_, err = fuse.PushText("farewell", "Goodbye {{name}}")
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bye.txt"), []byte("Bye {{name}}"), 0o600))
	env["LANGFUSE_BASE_URL"] = fuse.URL()
	env["LANGFUSE_PUBLIC_KEY"] = fakelangfuse.DefaultPublicKey
	env["LANGFUSE_SECRET_KEY"] = fakelangfuse.DefaultSecretKey
	env["PROMPTCACHE_FILES"] = dir
	return env
}

// What pull writes is for the caches of the packages, which check that it is from
// their source.
func TestCachesLoadWhatPullWrites(t *testing.T) {
	env := registries(t)
	getenv := func(name string) string { return env[name] }
	smith, err := langsmith.New(langsmith.Config{Getenv: getenv})
	require.NoError(t, err)
	fuse, err := langfuse.New(langfuse.Config{Getenv: getenv})
	require.NoError(t, err)
	files, err := promptfs.New(os.DirFS(env["PROMPTCACHE_FILES"]), promptfs.Config{})
	require.NoError(t, err)
	router, err := promptcache.Route(promptcache.Routes[*prompt.Prompt]{Backends: map[string]promptcache.Backend[*prompt.Prompt]{
		"langsmith": smith.Backend(), "langfuse": fuse.Backend(), "file": files.Backend(),
	}})
	require.NoError(t, err)
	offline := promptcache.DefaultConfig()
	offline.TTL = nil
	offline.Logger = slog.New(slog.DiscardHandler)

	pulled := func(keys ...string) string {
		path := filepath.Join(t.TempDir(), "prompts.json")
		got := command(t.Context(), env, append(append([]string{"pull"}, keys...), "-o", path)...)
		require.Zero(t, got.status, got.err)
		return path
	}
	t.Run("langsmith", func(t *testing.T) {
		cache, err := langsmith.NewCache(smith, offline)
		require.NoError(t, err)
		requireLoaded(t, cache, pulled("langsmith:greeting"), "greeting")
	})
	t.Run("langfuse", func(t *testing.T) {
		cache, err := langfuse.NewCache(fuse, offline)
		require.NoError(t, err)
		requireLoaded(t, cache, pulled("langfuse:farewell"), "farewell")
	})
	t.Run("file", func(t *testing.T) {
		cache, err := promptfs.NewCache(files, offline)
		require.NoError(t, err)
		requireLoaded(t, cache, pulled("file:bye"), "bye")
	})
	t.Run("routed", func(t *testing.T) {
		cache, err := router.NewCache(offline)
		require.NoError(t, err)
		keys := []string{"langsmith:greeting", "langfuse:farewell", "file:bye"}
		requireLoaded(t, cache, pulled(keys...), keys...)
	})
}

func requireLoaded[V any](t *testing.T, cache *promptcache.PromptCache[V], path string, keys ...string) {
	t.Helper()
	n, err := cache.LoadFile(path)
	require.NoError(t, err)
	require.Equal(t, len(keys), n)
	for _, key := range keys {
		_, ok := cache.Get(key)
		require.True(t, ok, key)
	}
}

func TestPullIsDeterministic(t *testing.T) {
	env := registries(t)
	var order []string
	for range 5 {
		path := filepath.Join(t.TempDir(), "prompts.json")
		got := command(t.Context(), env, "pull", "langsmith:welcome", "langfuse:farewell", "file:bye", "langsmith:greeting", "-o", path)
		require.Zero(t, got.status, got.err)
		snap, err := promptcache.ReadSnapshotFile(path)
		require.NoError(t, err)
		keys := make([]string, 0, len(snap.Entries))
		for _, e := range snap.Entries {
			keys = append(keys, e.Key)
		}
		require.IsIncreasing(t, keys)
		if order != nil {
			require.Equal(t, order, keys)
		}
		order = keys
	}
}

func TestPullCanBeInterrupted(t *testing.T) {
	fake, env := realRegistry(t)
	path := filepath.Join(t.TempDir(), "prompts.json")
	require.Zero(t, command(t.Context(), env, "pull", "welcome", "-o", path).status)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, flags := range [][]string{{"--update", "--keep-going"}, {"--replace"}, {"--update", "--prune", "--json"}} {
		_, err = fake.Inject(fakelangsmith.Fault{Kind: fakelangsmith.Hang})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		n := fake.Count()
		go func() {
			_ = fake.WaitRequests(t.Context(), n+1) // or the status is another one
			cancel()
		}()
		got := command(ctx, env, append([]string{"pull", "welcome", "-o", path}, flags...)...)
		require.Equal(t, exitInterrupted, got.status, got.err)
		require.Empty(t, got.out)
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, before, after, flags)
	}
}

func TestPullKeepsToItsConcurrency(t *testing.T) {
	fake, env := realRegistry(t)
	for _, name := range []string{"a", "b", "c", "d"} {
		_, err := fake.PushText(name, "x")
		require.NoError(t, err)
	}
	_, err := fake.Inject(fakelangsmith.Fault{Kind: fakelangsmith.Hang})
	require.NoError(t, err)
	got := command(t.Context(), env, "pull", "a", "b", "c", "d", "-j", "2", "--timeout", "300ms",
		"-o", filepath.Join(t.TempDir(), "p.json"))
	require.Equal(t, exitFailed, got.status)
	require.Equal(t, 2, fake.Count())
	require.Contains(t, got.err, "4 of 4 prompts could not be fetched")
	require.Contains(t, got.err, "hint: --timeout 300ms was too short for it\n")
}

func TestPruneRemovesNothingInAnOutage(t *testing.T) {
	fake, env := realRegistry(t)
	_, err := fake.PushText("greeting", "Hello {name}")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "prompts.json")
	require.Zero(t, command(t.Context(), env, "pull", "welcome", "greeting", "-o", path).status)
	require.NoError(t, fake.DeletePrompt("greeting"))
	_, err = fake.Inject(fakelangsmith.Fault{Kind: fakelangsmith.Status, Status: 403, Prompt: "welcome"})
	require.NoError(t, err)
	got := command(t.Context(), env, "pull", "--update", "--prune", "--keep-going", "-o", path)
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.out, "removed    langsmith:greeting")
	require.Contains(t, got.err, "langsmith:welcome: forbidden (HTTP 403)")
	got = command(t.Context(), env, "ls", path)
	require.Contains(t, got.out, "langsmith:welcome")
	require.NotContains(t, got.out, "langsmith:greeting")
}

func TestPullRefusesADamagedFile(t *testing.T) {
	_, env := realRegistry(t)
	path := filepath.Join(t.TempDir(), "prompts.json")
	damaged := []byte(`{"entries":{"welcome":{"no":"commit"}}}`)
	require.NoError(t, os.WriteFile(path, damaged, 0o600))
	got := command(t.Context(), env, "pull", "--update", "-o", path)
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.err, "is as it was")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, damaged, after)

	got = command(t.Context(), env, "pull", "welcome", "--replace", "-o", path, "--json")
	require.Zero(t, got.status, got.err)
	var report pullReport
	require.NoError(t, json.Unmarshal([]byte(got.out), &report))
	require.Equal(t, "changed", string(report.Results[0].Outcome))
}

func TestSnapshotCommandsSayThatTheyCannotWrite(t *testing.T) {
	_, env := realRegistry(t)
	dir := t.TempDir()
	path, other := filepath.Join(dir, "prompts.json"), filepath.Join(dir, "other.json")
	require.Zero(t, command(t.Context(), env, "pull", "welcome", "-o", path).status)
	require.NoError(t, os.WriteFile(other, []byte(`{"entries":{}}`), 0o600))
	for _, args := range [][]string{
		{"ls", path},
		{"inspect", path},
		{"inspect", path, "welcome"},
		{"verify", path},
		{"diff", path, other},
		{"get", "welcome", "--snapshot", path},
		{"pull", "--update", "-o", path},
	} {
		for _, form := range []string{"", "--json"} {
			if form != "" {
				args = append(args, form)
			}
			var complaint strings.Builder
			status := run(t.Context(), args, streams{nil, full{}, &complaint, func(name string) string { return env[name] }, time.Now})
			require.Equal(t, exitFailed, status, args)
			require.Contains(t, complaint.String(), "no space left", args)
		}
	}
}

func TestWordsForPeople(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 119 * time.Second: "119s", 2 * time.Minute: "2m", 119 * time.Minute: "119m",
		2 * time.Hour: "2h", 47 * time.Hour: "47h", 48 * time.Hour: "2d", 800 * 24 * time.Hour: "800d",
	} {
		require.Equal(t, want, age(d))
	}
	for n, want := range map[int]string{0: "0 B", 10239: "10239 B", 10240: "10 KiB", 10<<20 - 1: "10239 KiB", 10 << 20: "10 MiB"} {
		require.Equal(t, want, size(n))
	}
	require.Equal(t, "1 prompt", prompts(1))
	require.Equal(t, "0 prompts", prompts(0))
	require.Equal(t, "0123456789ab", show.Short("0123456789abcdef01"))
	require.Equal(t, "0123456789abcdef", show.Short("0123456789abcdef"))
	require.Equal(t, "12+8d73e7549614f4cf", show.Short("12+8d73e7549614f4cf"))
}
