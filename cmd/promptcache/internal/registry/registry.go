// Package registry opens the registries that the commands read, each by the
// scheme of its keys, so that a command knows of none.
package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
)

// Value is what every source's prompts have in common. A *langsmith.PromptCommit
// and a *langfuse.Prompt are Values.
type Value interface {
	Revision() string
	Immutable() bool
	// Prompt returns the neutral prompt, or why this one cannot be compiled.
	Prompt() (*prompt.Prompt, error)
	// MarshalJSON returns the prompt as a snapshot has it.
	MarshalJSON() ([]byte, error)
}

// Listed is what a registry's list says of a prompt.
type Listed struct {
	// Unserved says why Key cannot be fetched, "" if it can.
	Unserved string
	// Key is the canonical key of the version that is served if no other is
	// asked for, without a scheme.
	Key string
	// Name is the prompt's name, and its owner if it has one.
	Name string
	// Labels and Versions are what the prompt has, if the list says it. Keys
	// are those of Labels and Versions, spelled out.
	Labels   []string
	Versions []int
}

// Detail is something that one registry knows of a prompt, and others do not.
type Detail struct{ Name, Text string }

// Settings is how a registry is opened. The zero Settings take what they can
// from the process's environment.
type Settings struct {
	// Endpoint is the registry's address. Empty is what the environment says,
	// or the registry's own server.
	Endpoint string
	// AllowPublic permits prompts of a named owner, where there are such.
	AllowPublic bool
	// Getenv reads the environment. nil is os.Getenv.
	Getenv func(name string) string
	// Transport makes the requests. nil is http.DefaultTransport.
	Transport http.RoundTripper
	// Retries and AttemptTimeout are those of the sources; see langsmith.Config.
	Retries        *int
	AttemptTimeout time.Duration
}

// Registry is a registry that is open: settings that were checked, and no more.
// It needs no closing. Its methods are safe for concurrent use. Keys are without
// a scheme.
type Registry struct {
	kind   kind
	source source
}

// source is what a kind opens.
type source interface {
	Check(key string) error
	Domain(key string) string
	Backend() promptcache.Backend[*prompt.Prompt]
	// Address returns where it is, without the workspace or the project.
	Address() string
	newCache(cfg promptcache.Config) (caching, error)
	fetch(ctx context.Context, key string) (Value, error)
	list(ctx context.Context, name string) iter.Seq2[Listed, error]
}

// asValue returns what a source has fetched: nil, and not a nil pointer in a
// Value, if that has failed.
func asValue[V Value](v V, err error) (Value, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}

// asListed returns a source's list as this package has it.
func asListed[T any](list iter.Seq2[T, error], convert func(T) Listed) iter.Seq2[Listed, error] {
	return func(yield func(Listed, error) bool) {
		for info, err := range list {
			listed := Listed{}
			if err == nil {
				listed = convert(info)
			}
			if !yield(listed, err) {
				return
			}
		}
	}
}

// Open opens the registry of that name, one of [Names]. It asks nothing; an
// error says what is wrong with the settings, and shows no credential.
func Open(name string, s Settings) (*Registry, error) {
	k, ok := find(name)
	if !ok {
		return nil, fmt.Errorf("there is no registry %.40q; want %s", name, oneOf(Names()))
	}
	if s.Getenv == nil {
		s.Getenv = os.Getenv
	}
	if s.Transport == nil {
		s.Transport = http.DefaultTransport
	}
	if s.AllowPublic && !k.public {
		return nil, fmt.Errorf("%s has no prompts of other owners, so there are none to allow", k.title)
	}
	src, err := k.open(s)
	if err != nil {
		return nil, err
	}
	return &Registry{kind: k, source: src}, nil
}

// Name returns the registry's name, which is the scheme of its keys.
func (r *Registry) Name() string { return r.kind.name }

// Title returns what people call the registry.
func (r *Registry) Title() string { return r.kind.title }

// Address returns where the registry is, without the workspace or the project.
func (r *Registry) Address() string { return r.source.Address() }

// addressOf returns the address in the Domain of a registry.
func addressOf(domain, name string) string {
	address, _, _ := strings.Cut(strings.TrimPrefix(domain, name+":"), "#")
	return address
}

// Domain is for promptcache.Config.Domain.
func (r *Registry) Domain(key string) string { return r.source.Domain(key) }

// Canonical returns the shortest spelling of a key. It is for
// promptcache.Config.Canonical.
func (r *Registry) Canonical(key string) (string, error) { return r.kind.canonical(key) }

// Check returns the error with which Fetch would refuse key before any request.
func (r *Registry) Check(key string) error { return r.source.Check(key) }

// Fetch gets a prompt. It is a promptcache.FetchFunc[Value].
func (r *Registry) Fetch(ctx context.Context, key string) (Value, error) {
	return r.source.fetch(ctx, key)
}

// FetchRaw is Fetch that also returns the registry's answer, to the byte; of a file
// it is the prompt's JSON.
func (r *Registry) FetchRaw(ctx context.Context, key string) (Value, json.RawMessage, error) {
	var kept answer
	v, err := r.source.fetch(kept.in(ctx), key)
	if err != nil {
		return nil, nil, err
	}
	if raw := kept.bytes(); raw != nil {
		return v, raw, nil
	}
	raw, err := v.MarshalJSON() // nobody was asked: it is a file
	return v, raw, err
}

// Details returns what the registry of that name says of v beside the prompt
// itself.
func Details(name string, v Value) []Detail {
	k, ok := find(name)
	if !ok {
		return nil
	}
	return k.details(v)
}

// List yields the registry's prompts. After an error it ends.
func (r *Registry) List(ctx context.Context) iter.Seq2[Listed, error] { return r.source.list(ctx, "") }

var _ promptcache.FetchFunc[Value] = (*Registry)(nil).Fetch
