// Package clients runs whole clients of a registry, from the call in a handler
// to the HTTP request: the official SDKs in Node, and Go.
package clients

import (
	"context"
	"errors"
	"time"
)

// ErrNoSnapshots says that a client cannot start with a snapshot.
var ErrNoSnapshots = errors.New("clients: no snapshots")

// Client is one client, which pulls the same prompts as the others. Its methods
// are called one at a time.
type Client interface {
	// First returns the time to the first prompt: a new client, nothing cached, a
	// request to the registry.
	First(ctx context.Context) (time.Duration, error)
	// Storm asks for every prompt by so many callers at once, with nothing
	// cached. It leaves all prompts cached.
	Storm(ctx context.Context, callers int) (time.Duration, error)
	// Hits pulls n prompts that are cached, one after the other.
	Hits(ctx context.Context, n int) (time.Duration, error)
	// Restored returns the time to the first prompt of a new client that starts
	// with a snapshot of all prompts and asks the registry nothing. All prompts
	// must be cached; afterwards they are again. ErrNoSnapshots says that the
	// client has none.
	Restored(ctx context.Context) (time.Duration, error)
	// Close ends the client.
	Close() error
}
