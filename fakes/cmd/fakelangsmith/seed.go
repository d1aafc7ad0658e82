package main

import (
	"encoding/json"
	"path/filepath"

	"github.com/promptcache/promptcache-go/fakes/internal/fakecmd"
	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

// seed pushes the prompts that the server begins with.
func (o *options) seed(fake *fakelangsmith.Server) error {
	if o.demo {
		if err := seedDemo(fake); err != nil {
			return err
		}
	}
	return o.prompts.Push(func(file fakecmd.PromptFile, content []byte) error {
		manifest := fakelangsmith.Text(string(content))
		if filepath.Ext(file.Path) == ".json" {
			manifest = json.RawMessage(content)
		}
		_, err := fake.Push(file.Prompt, fakelangsmith.Commit{Manifest: manifest})
		return err
	})
}

// seedDemo pushes one prompt of each sort: text, chat, with a model, public.
func seedDemo(fake *fakelangsmith.Server) error {
	translator, err := fakelangsmith.WithModel(
		fakelangsmith.Chat(fakelangsmith.Message{Role: "human", Template: "Translate into {language}: {text}"}),
		fakelangsmith.Model{Class: "ChatOpenAI", Config: map[string]any{"model": "gpt-4o-mini", "temperature": 0}},
	)
	if err != nil {
		return err
	}
	for _, demo := range []struct {
		prompt string
		fakelangsmith.Commit
	}{
		{"greeting", fakelangsmith.Commit{Manifest: fakelangsmith.Text("Hello {name}"), Tags: []string{"production"}}},
		{"greeting", fakelangsmith.Commit{Manifest: fakelangsmith.Text("Hi {name}"), Tags: []string{"staging"}}},
		{"assistant", fakelangsmith.Commit{Manifest: fakelangsmith.Chat(
			fakelangsmith.Message{Role: "system", Template: "You are a helpful assistant who answers in {language}."},
			fakelangsmith.Message{Role: "placeholder", Template: "history"},
			fakelangsmith.Message{Role: "human", Template: "{question}"},
		), Tags: []string{"production"}}},
		{"translator", fakelangsmith.Commit{Manifest: translator, Tags: []string{"production"}}},
		{"demo-hub/rag", fakelangsmith.Commit{Manifest: fakelangsmith.Text("Answer from {context} only: {question}")}},
	} {
		if _, err := fake.Push(demo.prompt, demo.Commit); err != nil {
			return err
		}
	}
	return fake.SetPublic("demo-hub/rag", true)
}
