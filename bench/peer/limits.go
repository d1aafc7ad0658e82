package peer

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/puzpuzpuz/xsync/v4"
)

// xsyncMap is a concurrent map: no order, no bound, no counting.
type xsyncMap struct{ m *xsync.Map[string, *Prompt] }

func newXsync(context.Context, Options) Cache { return &xsyncMap{xsync.NewMap[string, *Prompt]()} }

func (a *xsyncMap) Read(keys []string) (found int) {
	for _, key := range keys {
		if _, ok := a.m.Load(key); ok {
			found++
		}
	}
	return found
}

func (a *xsyncMap) Get(key string) *Prompt {
	p, _ := a.m.Load(key)
	return p
}

func (a *xsyncMap) Set(key string, p *Prompt) { a.m.Store(key, p) }

func (a *xsyncMap) Fill(keys []string, prompts []*Prompt) { fill(a, keys, prompts) }

func (a *xsyncMap) Settle() {}

func (a *xsyncMap) Close() {}

// copyOnWrite is a map that a write replaces: nothing can be read faster, and
// little be written slower.
type copyOnWrite struct {
	mu sync.Mutex // taken to write
	m  atomic.Pointer[map[string]*Prompt]
}

func newCopyOnWrite(context.Context, Options) Cache {
	a := &copyOnWrite{}
	a.m.Store(&map[string]*Prompt{})
	return a
}

func (a *copyOnWrite) Read(keys []string) (found int) {
	for _, key := range keys {
		if _, ok := (*a.m.Load())[key]; ok {
			found++
		}
	}
	return found
}

func (a *copyOnWrite) Get(key string) *Prompt { return (*a.m.Load())[key] }

func (a *copyOnWrite) Set(key string, p *Prompt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := maps.Clone(*a.m.Load())
	m[key] = p
	a.m.Store(&m)
}

func (a *copyOnWrite) Fill(keys []string, prompts []*Prompt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := maps.Clone(*a.m.Load())
	for i, key := range keys {
		m[key] = prompts[i]
	}
	a.m.Store(&m)
}

func (a *copyOnWrite) Settle() {}

func (a *copyOnWrite) Close() {}

// empty finds everything and looks at nothing.
type empty struct{}

func newEmpty(context.Context, Options) Cache { return empty{} }

func (empty) Read(keys []string) (found int) {
	for _, key := range keys {
		if key != "" {
			found++
		}
	}
	return found
}

func (empty) Get(string) *Prompt { return nil }

func (empty) Set(string, *Prompt) {}

func (empty) Fill([]string, []*Prompt) {}

func (empty) Settle() {}

func (empty) Close() {}
