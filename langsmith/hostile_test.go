package langsmith_test

import (
	"testing"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

// victim is what hostile servers answer.
var victim = sourcetest.Victim[*langsmith.PromptCommit]{
	Key: "al:v1", Good: answer, Path: "/api/v1/commits/", Parts: 3,
	Nested:   `{"commit_hash":"` + fullHash + `","manifest":{"a":[NESTED]}}`,
	Rejected: `{"detail":"WORDS"}`,
	Open:     openVictim,
}

// TestHostile is a source whose registry means harm; see docs/security.md.
func TestHostile(t *testing.T) {
	sourcetest.RunHostile(t, victim)
}

func openVictim(s sourcetest.Settings) (sourcetest.Opened[*langsmith.PromptCommit], error) {
	src, err := langsmith.New(langsmith.Config{
		APIKey: langsmith.NewSecret(testKey), Getenv: sourcetest.NoEnv, AllowPublic: true,
		Endpoint: s.Endpoint, AllowInsecure: s.AllowInsecure, HTTPClient: s.HTTPClient, Retries: s.Retries, AttemptTimeout: s.AttemptTimeout,
	})
	if err != nil {
		return sourcetest.Opened[*langsmith.PromptCommit]{}, err
	}
	return sourcetest.Opened[*langsmith.PromptCommit]{
		Source: src,
		Fetch:  src.Fetch,
		List: func(t *testing.T) error {
			t.Helper()
			for _, err := range src.ListPrompts(t.Context(), langsmith.ListOptions{}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		Cache: func(cfg promptcache.Config) (*promptcache.PromptCache[*langsmith.PromptCommit], error) {
			return langsmith.NewCache(src, cfg)
		},
	}, nil
}
