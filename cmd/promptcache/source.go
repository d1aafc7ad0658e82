package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/envfile"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/promptcache"
)

// sourceFlags say which registry is read, and how.
type sourceFlags struct {
	From        string `placeholder:"REGISTRY" help:"Registry of a key without a scheme: langsmith, langfuse or file. Else it is the one whose credentials are in the environment."`
	Endpoint    string `placeholder:"URL" help:"The registry's address, of file the directory; else what the environment says."`
	AllowPublic bool   `help:"Permit LangSmith's prompts of a named owner, which others publish."`
	EnvFile     string `placeholder:"FILE" help:"File of NAME=VALUE lines with credentials that are not in the environment."`
}

// sources opens registries, each once.
type sources struct {
	sourceFlags

	getenv func(string) string
	open   map[string]*registry.Registry
	many   bool // several may be opened, so that a flag need not be for each of them
}

// sources returns what opens the registries that f is about. It asks nobody, and
// neither does it later: whatever is wrong is an error of usage.
func (f sourceFlags) sources(getenv func(string) string) (*sources, error) {
	getenv, err := envfile.Over(getenv, f.EnvFile)
	if err != nil {
		return nil, usageError{err}
	}
	return &sources{sourceFlags: f, getenv: getenv, open: make(map[string]*registry.Registry)}, nil
}

// registry opens a registry by its name.
func (s *sources) registry(name string) (*registry.Registry, error) {
	if reg, ok := s.open[name]; ok {
		return reg, nil
	}
	if s.Endpoint != "" && len(s.open) > 0 {
		return nil, usageError{fmt.Errorf("--endpoint %s is for one registry, and there are several; their addresses can be set in the environment: promptcache get --help", s.Endpoint)}
	}
	public := s.AllowPublic && (!s.many || registry.HasPublic(name))
	reg, err := registry.Open(name, registry.Settings{Endpoint: s.Endpoint, AllowPublic: public, Getenv: s.getenv})
	if err != nil {
		return nil, usageError{err}
	}
	s.open[name] = reg
	return reg, nil
}

// opened is a registry and the key of a prompt in it.
type opened struct {
	*registry.Registry

	key    string // canonical, without a scheme
	getenv func(string) string
}

// prompt opens the registry of a key; preferred is that of one without a scheme,
// "" for the one that the environment has credentials of.
func (s *sources) prompt(ctx context.Context, key, preferred string) (opened, error) {
	name, rest, err := registry.Split(key, s.From)
	if err == nil && name == "" {
		name = preferred
	}
	if err == nil && name == "" {
		name, rest, err = registry.Choose(key, "", s.getenv)
	}
	if err != nil {
		return opened{}, usageError{err}
	}
	return s.in(ctx, name, rest)
}

// in opens a registry, and checks a key without a scheme.
func (s *sources) in(ctx context.Context, name, rest string) (opened, error) {
	reg, err := s.registry(name)
	if err != nil {
		return opened{}, err
	}
	o := opened{Registry: reg, key: rest, getenv: s.getenv}
	if err := reg.Check(rest); err != nil {
		return opened{}, usageError{o.explain(ctx, err)}
	}
	o.key, err = reg.Canonical(rest)
	return o, err
}

// within returns ctx with a limit, the value of --timeout.
func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc, error) {
	if limit <= 0 {
		return nil, nil, usageError{fmt.Errorf("--timeout is %v; want more than 0", limit)}
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	return ctx, cancel, nil
}

// fullKey returns the key with its scheme.
func (o opened) fullKey() string { return o.Name() + ":" + o.key }

// explain returns err, with which o's prompt could not be fetched, for people.
func (o opened) explain(ctx context.Context, err error) error {
	return advised(o.said(err), o.Advice(ctx, o.key, err, o.getenv))
}

// said returns err, with which o's prompt could not be fetched, with its key.
func (o opened) said(err error) error {
	if fe, ok := errors.AsType[*promptcache.FetchError](err); ok {
		return fetchError{o.fullKey(), fe}
	}
	return fmt.Errorf("%s: %w", o.fullKey(), plain(err))
}

// fetchError is a failed fetch, as the command line says it: the key has its
// scheme.
type fetchError struct {
	key string
	err *promptcache.FetchError
}

// Error returns `KEY: KIND (HTTP STATUS): CAUSE`, without what is not known.
func (e fetchError) Error() string {
	s := e.key
	if e.err.Kind != promptcache.KindUnknown {
		s += ": " + e.err.Kind.String()
	}
	if e.err.StatusCode != 0 {
		s += fmt.Sprintf(" (HTTP %d)", e.err.StatusCode)
	}
	if e.err.Err != nil {
		s += ": " + e.err.Err.Error()
	}
	return s
}

func (e fetchError) Unwrap() error { return e.err }
