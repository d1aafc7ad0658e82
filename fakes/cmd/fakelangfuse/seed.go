package main

import (
	"encoding/json"
	"path/filepath"

	"github.com/promptcache/promptcache-go/fakes/internal/fakecmd"
	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
)

// seed pushes the prompts that the server begins with.
func (o *options) seed(fake *fakelangfuse.Server) error {
	if o.demo {
		if err := seedDemo(fake); err != nil {
			return err
		}
	}
	return o.prompts.Push(func(file fakecmd.PromptFile, content []byte) error {
		prompt := fakelangfuse.Text(string(content))
		if filepath.Ext(file.Path) == ".json" {
			prompt = json.RawMessage(content)
		}
		_, err := fake.Push(file.Prompt, fakelangfuse.Version{Prompt: prompt, Labels: []string{"production"}})
		return err
	})
}

// seedDemo pushes one prompt of each sort: text, chat, composed.
func seedDemo(fake *fakelangfuse.Server) error {
	production := []string{"production"}
	for _, demo := range []struct {
		prompt string
		fakelangfuse.Version
	}{
		{"greeting", fakelangfuse.Version{Prompt: fakelangfuse.Text("Hello {{name}}"), Labels: production}},
		{"greeting", fakelangfuse.Version{Prompt: fakelangfuse.Text("Hi {{name}}"), Labels: []string{"staging"}, CommitMessage: "shorter"}},
		{"assistant", fakelangfuse.Version{Prompt: fakelangfuse.Chat(
			fakelangfuse.Message{Role: "system", Content: "You are a helpful assistant who answers in {{language}}."},
			fakelangfuse.Message{Role: "placeholder", Content: "history"},
			fakelangfuse.Message{Role: "user", Content: "{{question}}"},
		), Labels: production, Config: json.RawMessage(`{"model":"gpt-4o-mini","temperature":0}`), Tags: []string{"demo"}}},
		{"signature", fakelangfuse.Version{Prompt: fakelangfuse.Text("Yours, {{team}}"), Labels: production}},
		{"support/reply", fakelangfuse.Version{Prompt: fakelangfuse.Text(
			"Answer {{question}} in two sentences.\n@@@langfusePrompt:name=signature|label=production@@@",
		), Labels: production}},
	} {
		if _, err := fake.Push(demo.prompt, demo.Version); err != nil {
			return err
		}
	}
	return nil
}
