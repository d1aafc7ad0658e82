// Command langchaingo answers a question with a prompt of Langfuse and
// github.com/tmc/langchaingo.
//
//	LANGFUSE_PUBLIC_KEY=… LANGFUSE_SECRET_KEY=… OPENAI_API_KEY=… \
//	    go run ./langchaingo "Where is order 7?"
//
// It takes the version of the prompt "support" that is labeled "production"; its
// one variable is question. messages.go makes its messages those of langchaingo,
// for any of its models; settings.go sets up the one of OpenAI.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/promptcache/promptcache-go/langfuse"
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
	source, err := langfuse.New(langfuse.Config{}) // LANGFUSE_PUBLIC_KEY and friends
	if err != nil {
		return err
	}
	cache, err := langfuse.NewCache(source, promptcache.DefaultConfig())
	if err != nil {
		return err
	}
	if err := cache.Start(ctx); err != nil {
		return err
	}
	defer cache.Stop()

	// A service does this for every request: only the first one fetches.
	version, err := cache.GetOrFetch(ctx, "support")
	if err != nil {
		return err
	}
	p, err := version.Prompt()
	if err != nil {
		return err
	}
	answer, err := ask(ctx, p, prompt.Vars{"question": question}) // OPENAI_API_KEY and friends
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, answer)
	return err
}

// ask sends the prompt with vars filled in, and returns what the model says.
func ask(ctx context.Context, p *prompt.Prompt, vars prompt.Vars) (string, error) {
	compiled, err := p.CompileStrict(vars)
	if err != nil {
		return "", err
	}
	content, err := messages(compiled)
	if err != nil {
		return "", fmt.Errorf("prompt %q: %w", p.Name(), err)
	}
	model, options, err := configure(p)
	if err != nil {
		return "", fmt.Errorf("the model of prompt %q: %w", p.Name(), err)
	}
	response, err := model.GenerateContent(ctx, content, options...)
	if err != nil {
		return "", err
	}
	return response.Choices[0].Content, nil // without choices there is an error
}
