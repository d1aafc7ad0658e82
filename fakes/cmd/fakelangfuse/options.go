package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/promptcache/promptcache-go/fakes/internal/fakecmd"
	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
)

// options is what the command line says.
type options struct {
	keys    []fakelangfuse.Key
	prompts fakecmd.PromptFiles
	demo    bool
}

const usage = `Runs a fake Langfuse prompt registry for tests and demos, until SIGINT or
SIGTERM. Its first line on standard output is "listening on URL".

Usage: fakelangfuse [-addr HOST:PORT] [-key PUBLIC:SECRET[=PROJECT]]... [-prompt [PROJECT|]NAME=FILE]... [flags]

Every flag may be written with one dash or two.

`

func (o *options) flags(flags *flag.FlagSet) {
	flags.Func("key", "accept the pair of API keys `PUBLIC:SECRET[=PROJECT]` (repeatable); without a project it belongs to "+fakelangfuse.DefaultProject+
		",\nwith an empty one it is organization-scoped (default "+fakelangfuse.DefaultPublicKey+":"+fakelangfuse.DefaultSecretKey+")", o.addKey)
	flags.Func("prompt", "serve the prompt `[PROJECT|]NAME=FILE` (repeatable), labeled production; FILE is an array of messages if it ends\nin .json, and otherwise the template of a text prompt", o.prompts.Add)
	flags.BoolVar(&o.demo, "demo", true, "serve the demo prompts greeting, assistant, support/reply and the part signature that it is composed of")
}

func (o *options) addKey(text string) error {
	pair, project, given := strings.Cut(text, "=")
	if !given {
		project = fakelangfuse.DefaultProject
	}
	public, secret, _ := strings.Cut(pair, ":")
	if public == "" || secret == "" {
		return errors.New("want PUBLIC:SECRET[=PROJECT]")
	}
	o.keys = append(o.keys, fakelangfuse.Key{Public: public, Secret: secret, Project: project})
	return nil
}

// open makes the server with the prompts that it begins with.
func (o *options) open(addr string) (server fakecmd.Server, note string, err error) {
	fake, err := fakelangfuse.New(fakelangfuse.Config{Addr: addr, Keys: o.keys, Admin: true})
	if err != nil {
		return nil, "", err
	}
	if len(o.keys) == 0 {
		note = fmt.Sprintf("the keys are %s and %s, of project %s\n",
			fakelangfuse.DefaultPublicKey, fakelangfuse.DefaultSecretKey, fakelangfuse.DefaultProject)
	}
	return fakecmd.Seeded(fake, o.seed, note)
}
