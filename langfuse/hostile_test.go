package langfuse_test

import (
	"testing"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/promptcache"
)

// victim is what hostile servers answer.
var victim = sourcetest.Victim[*langfuse.Prompt]{
	Key: "greeting", Good: text, Path: "/api/public/v2/prompts/", Parts: 1,
	Nested:   `{"name":"greeting","version":3,"type":"text","prompt":"Hello","labels":["production"],"tags":[],"config":[NESTED]}`,
	Rejected: `{"message":"WORDS","error":"ForbiddenError"}`,
	Open:     openVictim,
}

// TestHostile is a source whose registry means harm; see docs/security.md.
func TestHostile(t *testing.T) {
	sourcetest.RunHostile(t, victim)
}

func openVictim(s sourcetest.Settings) (sourcetest.Opened[*langfuse.Prompt], error) {
	src, err := langfuse.New(langfuse.Config{
		PublicKey: publicKey, SecretKey: langfuse.NewSecret(sourcetest.Hidden), Getenv: sourcetest.NoEnv,
		Endpoint: s.Endpoint, AllowInsecure: s.AllowInsecure, HTTPClient: s.HTTPClient, Retries: s.Retries, AttemptTimeout: s.AttemptTimeout,
	})
	if err != nil {
		return sourcetest.Opened[*langfuse.Prompt]{}, err
	}
	return sourcetest.Opened[*langfuse.Prompt]{
		Source: src,
		Fetch:  src.Fetch,
		List: func(t *testing.T) error {
			t.Helper()
			for _, err := range src.ListPrompts(t.Context(), langfuse.ListOptions{}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		Cache: func(cfg promptcache.Config) (*promptcache.PromptCache[*langfuse.Prompt], error) {
			return langfuse.NewCache(src, cfg)
		},
	}, nil
}
