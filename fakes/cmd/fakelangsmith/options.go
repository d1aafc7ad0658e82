package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strings"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

// options is what the command line says.
type options struct {
	addr    string
	keys    []fakelangsmith.Key
	prompts []promptFile
	demo    bool
}

// promptFile is a prompt to begin with.
type promptFile struct {
	prompt, path string
}

const usage = `Runs a fake LangSmith prompt registry for tests and demos, until SIGINT or
SIGTERM. Its first line on standard output is "listening on URL".

Usage: fakelangsmith [-addr HOST:PORT] [-key SECRET[=WORKSPACE]]... [-prompt [OWNER/]NAME=FILE]... [flags]

Every flag may be written with one dash or two.

`

// parse reads the command line. Help goes to stderr, and is flag.ErrHelp; it
// returns all other problems for the caller to print.
func parse(args []string, stderr io.Writer) (options, error) {
	var opts options
	var allowRemote bool
	flags := flag.NewFlagSet("fakelangsmith", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are returned; only -h prints
	flags.StringVar(&opts.addr, "addr", "127.0.0.1:0", "listen on `HOST:PORT`; port 0 is a free one")
	flags.Func("key", "accept the API key `SECRET[=WORKSPACE]` (repeatable); without a workspace it belongs to "+fakelangsmith.DefaultWorkspace+
		",\nwith an empty one it is organization-scoped (default "+fakelangsmith.DefaultKey+")", opts.addKey)
	flags.Func("prompt", "serve the prompt `[OWNER/]NAME=FILE` (repeatable); FILE is a manifest if it ends in .json,\nand otherwise the template of a text prompt", opts.addPrompt)
	flags.BoolVar(&opts.demo, "demo", true, "serve the demo prompts greeting, assistant, translator and the public demo-hub/rag")
	flags.BoolVar(&allowRemote, "allow-remote", false, "permit an address that other hosts can reach; whoever reaches it may drive the server")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(stderr)
			_, _ = io.WriteString(stderr, usage)
			flags.PrintDefaults()
		}
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if !allowRemote {
		if err := checkLoopback(opts.addr); err != nil {
			return options{}, err
		}
	}
	return opts, nil
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

func (o *options) addPrompt(text string) error {
	prompt, path, _ := strings.Cut(text, "=")
	if prompt == "" || path == "" {
		return errors.New("want [OWNER/]NAME=FILE")
	}
	o.prompts = append(o.prompts, promptFile{prompt: prompt, path: path})
	return nil
}

// checkLoopback refuses what other hosts might reach. A name other than
// localhost is refused unresolved: what it means can change.
func checkLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("-addr %q: want HOST:PORT, such as 127.0.0.1:0", addr)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("-addr %q can be reached by other hosts, and the server lets everybody drive it: use 127.0.0.1, or -allow-remote", addr)
}
