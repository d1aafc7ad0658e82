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
	From        string        `placeholder:"REGISTRY" help:"Registry of a key without a scheme: langsmith or langfuse. Else it is the one whose credentials are in the environment."`
	Endpoint    string        `placeholder:"URL" help:"The registry's address; else what the environment says."`
	AllowPublic bool          `help:"Permit LangSmith's prompts of a named owner, which others publish."`
	EnvFile     string        `placeholder:"FILE" help:"File of NAME=VALUE lines with credentials that are not in the environment."`
	Timeout     time.Duration `default:"30s" help:"The longest that it may take; ${default} if not given."`
}

// opened is a registry and the key of a prompt in it.
type opened struct {
	*registry.Registry

	key    string // canonical, without a scheme
	getenv func(string) string
}

// open opens the registry of a key. It asks the registry nothing, so whatever is
// wrong is an error of usage.
func (f sourceFlags) open(ctx context.Context, key string, getenv func(string) string) (opened, error) {
	if f.Timeout <= 0 {
		return opened{}, usageError{fmt.Errorf("--timeout is %v; want more than 0", f.Timeout)}
	}
	getenv, err := envfile.Over(getenv, f.EnvFile)
	if err != nil {
		return opened{}, usageError{err}
	}
	name, rest, err := registry.Choose(key, f.From, getenv)
	if err != nil {
		return opened{}, usageError{err}
	}
	reg, err := registry.Open(name, registry.Settings{Endpoint: f.Endpoint, AllowPublic: f.AllowPublic, Getenv: getenv})
	if err != nil {
		return opened{}, usageError{err}
	}
	o := opened{Registry: reg, key: rest, getenv: getenv}
	if err := reg.Check(rest); err != nil {
		return opened{}, usageError{o.explain(ctx, err)}
	}
	o.key, err = reg.Canonical(rest)
	return o, err
}

// fullKey returns the key with its scheme.
func (o opened) fullKey() string { return o.Name() + ":" + o.key }

// explain returns err, with which o's prompt could not be fetched, for people.
func (o opened) explain(ctx context.Context, err error) error {
	advice := o.Advice(ctx, o.key, err, o.getenv)
	if fe, ok := errors.AsType[*promptcache.FetchError](err); ok {
		err = fetchError{o.fullKey(), fe}
	}
	return advised(err, advice)
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
