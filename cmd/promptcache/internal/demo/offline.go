package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/promptcache"
)

// OfflineCommand is the command of the program that the demo's last step runs as
// a process of its own; see [Offline].
const OfflineCommand = "demo-offline"

// dialTimeout is how long that process tries to reach the registry.
const dialTimeout = 2 * time.Second

// errand is what the other process is to do. It gets it on its standard input.
type errand struct {
	Registry string   `json:"registry"` // its name
	Address  string   `json:"address"`  // and address, which it tries to reach
	Snapshot string   `json:"snapshot"` // the file
	Keys     []string `json:"keys"`     // what it reads of that
	Absent   string   `json:"absent"`   // a key that is not in it
}

// findings are what the other process saw.
type findings struct {
	PID        int               `json:"pid"`
	Reached    string            `json:"reached"` // how trying to reach the registry failed, "" if it did not
	Loaded     int               `json:"loaded"`
	LoadTime   time.Duration     `json:"load_time"`
	State      string            `json:"state"`
	Prompts    map[string][]byte `json:"prompts"` // by key
	Absent     string            `json:"absent"`  // the error of what is not there
	Fetches    uint64            `json:"fetches"`
	Goroutines int               `json:"goroutines"`
}

// Offline is what the demo's other process does: it reads an errand from in,
// serves prompts from a snapshot with a cache that has no source and no TTL, and
// writes what it found to out.
func Offline(ctx context.Context, in io.Reader, out io.Writer) error {
	var e errand
	if err := json.NewDecoder(in).Decode(&e); err != nil {
		return fmt.Errorf("it is for promptcache demo to run this command: %w", err)
	}
	f, err := e.run(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(f)
}

func (e errand) run(ctx context.Context) (findings, error) {
	c, err := castOf(e.Registry)
	if err != nil {
		return findings{}, err
	}
	settings := promptcache.DefaultConfig()
	settings.TTL = nil // offline
	settings.Codec, settings.Canonical = c.codec, c.canonical
	cache, err := promptcache.New[registry.Value](nil, settings)
	if err != nil {
		return findings{}, err
	}
	began := time.Now()
	f := findings{PID: os.Getpid(), Prompts: make(map[string][]byte)}
	if f.Loaded, err = cache.LoadFile(e.Snapshot); err != nil {
		return findings{}, err
	}
	f.LoadTime = time.Since(began)
	if err := cache.Start(ctx); err != nil {
		return findings{}, err
	}
	defer cache.Stop()
	for _, key := range e.Keys {
		v, err := cache.GetOrFetch(ctx, key)
		if err != nil {
			return findings{}, err
		}
		if f.Prompts[key], err = v.MarshalJSON(); err != nil {
			return findings{}, err
		}
	}
	if _, err := cache.GetOrFetch(ctx, e.Absent); err != nil {
		f.Absent = err.Error()
	}
	f.Fetches, f.State = cache.Metrics().Fetches, cache.Status().State.String()
	f.Goroutines = len(goroutinesOfOurs())
	f.Reached = reach(ctx, e.Address)
	return f, nil
}

// reach tries to connect to a registry, and returns how that failed, "" if it did
// not.
func reach(ctx context.Context, address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return err.Error()
	}
	port := u.Port()
	if port == "" {
		port = u.Scheme // net knows the ports of http and https
	}
	conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err == nil {
		_ = conn.Close()
		return ""
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil {
		err = op.Err
	}
	return err.Error()
}
