package soak

import (
	"context"
	"slices"
	"sync"
)

// liveFetches are the fetches of one key that are under way.
type liveFetches struct {
	mu   sync.Mutex // guards what follows
	list []liveFetch
}

type liveFetch struct {
	ctx   context.Context //nolint:containedctx // the fetch's own: it tells whether the fetch is still wanted
	stamp stamp
}

// enter notes a fetch that has begun, and returns whether there was another
// that is wanted and that nothing can have detached.
func (l *liveFetches) enter(ctx context.Context, at stamp) (alone bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	alone = !slices.ContainsFunc(l.list, func(other liveFetch) bool {
		return other.ctx.Err() == nil && at.steady() && other.stamp == at
	})
	l.list = append(l.list, liveFetch{ctx, at})
	return alone
}

func (l *liveFetches) leave(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = slices.DeleteFunc(l.list, func(other liveFetch) bool { return other.ctx == ctx })
}

// generation counts the fetches of the refresher of one Start, or of the one that
// comes after it when the cache is no longer offline.
type generation struct {
	mu   sync.Mutex // guards what follows
	live map[context.Context]struct{}
}

// generationKey is where a context has its generation.
type generationKey struct{}

func withGeneration(ctx context.Context) context.Context {
	return context.WithValue(ctx, generationKey{}, &generation{live: make(map[context.Context]struct{})})
}

// generationOf returns the refresher that a fetch is for, nil if it is a
// reader's.
func generationOf(ctx context.Context) *generation {
	g, _ := ctx.Value(generationKey{}).(*generation)
	return g
}

// enter returns how many of its fetches are wanted now.
func (g *generation) enter(ctx context.Context) (wanted int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.live[ctx] = struct{}{}
	for other := range g.live {
		if other.Err() == nil {
			wanted++
		}
	}
	return wanted
}

// dismiss forgets those that are under way: their refresher has ended, and readers
// wait for them.
func (g *generation) dismiss() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.live)
}

func (g *generation) leave(ctx context.Context) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.live, ctx)
}
