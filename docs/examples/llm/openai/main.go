// Command openai answers a question with a prompt of LangSmith and the official
// client of OpenAI, github.com/openai/openai-go/v3.
//
//	LANGSMITH_API_KEY=… OPENAI_API_KEY=… go run ./openai "Where is order 7?"
//
// It takes the prompt "support" with its model; its one variable is question.
// What becomes of a prompt is in request.go, and does not depend on the registry
// but for the model's settings.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/openai/openai-go/v3"

	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, strings.Join(os.Args[1:], " "), os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run writes the answer to the question.
func run(ctx context.Context, question string, out io.Writer) error {
	source, err := langsmith.New(langsmith.Config{}) // LANGSMITH_API_KEY and friends
	if err != nil {
		return err
	}
	cache, err := langsmith.NewCache(source, promptcache.DefaultConfig())
	if err != nil {
		return err
	}
	if err := cache.Start(ctx); err != nil {
		return err
	}
	defer cache.Stop()

	// A service does this for every request: only the first one fetches.
	commit, err := cache.GetOrFetch(ctx, "support?model")
	if err != nil {
		return err
	}
	p, err := commit.Prompt()
	if err != nil {
		return err
	}
	answer, err := ask(ctx, openai.NewClient(), p, prompt.Vars{"question": question}) // OPENAI_API_KEY and friends
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, answer)
	return err
}

// ask sends the prompt with vars filled in, and returns what the model says.
func ask(ctx context.Context, client openai.Client, p *prompt.Prompt, vars prompt.Vars) (string, error) {
	params, err := request(p, vars)
	if err != nil {
		return "", err
	}
	completion, err := client.Chat.Completions.New(ctx, params)
	if err != nil {
		return "", err
	}
	if len(completion.Choices) == 0 {
		return "", errors.New("the model has not answered: there are no choices")
	}
	return completion.Choices[0].Message.Content, nil
}
