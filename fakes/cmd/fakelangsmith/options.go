package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/promptcache/promptcache-go/fakes/internal/fakecmd"
	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

// options is what the command line says.
type options struct {
	keys    []fakelangsmith.Key
	prompts fakecmd.PromptFiles
	demo    bool
}

const usage = `Runs a fake LangSmith prompt registry for tests and demos, until SIGINT or
SIGTERM. Its first line on standard output is "listening on URL".

Usage: fakelangsmith [-addr HOST:PORT] [-key SECRET[=WORKSPACE]]... [-prompt [OWNER/]NAME=FILE]... [flags]

Every flag may be written with one dash or two.

`

func (o *options) flags(flags *flag.FlagSet) {
	flags.Func("key", "accept the API key `SECRET[=WORKSPACE]` (repeatable); without a workspace it belongs to "+fakelangsmith.DefaultWorkspace+
		",\nwith an empty one it is organization-scoped (default "+fakelangsmith.DefaultKey+")", o.addKey)
	flags.Func("prompt", "serve the prompt `[OWNER/]NAME=FILE` (repeatable); FILE is a manifest if it ends in .json,\nand otherwise the template of a text prompt", o.prompts.Add)
	flags.BoolVar(&o.demo, "demo", true, "serve the demo prompts greeting, assistant, translator and the public demo-hub/rag")
}

func (o *options) addKey(text string) error {
	secret, workspace, given := strings.Cut(text, "=")
	if !given {
		workspace = fakelangsmith.DefaultWorkspace
	}
	if secret == "" {
		return errors.New("the key is empty")
	}
	o.keys = append(o.keys, fakelangsmith.Key{Secret: secret, Workspace: workspace})
	return nil
}

// open makes the server with the prompts that it begins with.
func (o *options) open(addr string) (server fakecmd.Server, note string, err error) {
	fake, err := fakelangsmith.New(fakelangsmith.Config{Addr: addr, Keys: o.keys, Admin: true})
	if err != nil {
		return nil, "", err
	}
	if len(o.keys) == 0 {
		note = fmt.Sprintf("the key is %s, of workspace %s\n", fakelangsmith.DefaultKey, fakelangsmith.DefaultWorkspace)
	}
	return fakecmd.Seeded(fake, o.seed, note)
}
