package fakelangsmith

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// latest is the commit that a version of this name means; it cannot be a tag.
const latest = "latest"

// shortestHash is how many characters of a commit's hash name it; anything
// shorter is read as a tag.
const shortestHash = 8

// registry holds the prompts of all workspaces.
type registry struct {
	mu         sync.Mutex
	prompts    map[ref]*repo
	workspaces map[string]bool
	changes    int // grows with each push, so that prompts sort by it even within one tick of the clock
}

// repo is a prompt with its history.
type repo struct {
	ref
	public           bool
	description      string
	created, updated time.Time
	lastChange       int
	commits          []*commit // oldest first
	tags             map[string]*commit
}

// commit is immutable once it is in a repo.
type commit struct {
	hash, parent       string
	manifest, examples json.RawMessage
	description        string
	draft              bool
	created            time.Time
}

func newRegistry() *registry {
	return &registry{prompts: map[ref]*repo{}, workspaces: map[string]bool{}}
}

func (g *registry) addWorkspace(handle string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.workspaces[handle] = true
}

// workspace reads an X-Tenant-Id, which is an id or a handle, and returns the
// handle, "" if there is no such workspace.
func (g *registry) workspace(tenant string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	for handle := range g.workspaces {
		if tenant == handle || tenant == TenantID(handle) {
			return handle
		}
	}
	return ""
}

// push appends c, whose hash and parent it sets, to the prompt r, which it
// makes if need be.
func (g *registry) push(r ref, c *commit, tags []string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.prompts[r]
	if p == nil {
		p = &repo{ref: r, created: c.created, tags: map[string]*commit{}}
		g.prompts[r] = p
		g.workspaces[r.owner] = true
	}
	if n := len(p.commits); n > 0 {
		c.parent = p.commits[n-1].hash
	}
	c.hash = c.sum()
	p.commits = append(p.commits, c)
	p.description = cmp.Or(c.description, p.description)
	p.updated = c.created
	g.changes++
	p.lastChange = g.changes
	for _, tag := range tags {
		p.tags[tag] = c
	}
	return c.hash
}

// sum hashes the content and the parent, so that the same history has the same
// hashes in every run.
func (c *commit) sum() string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s\n%d\n%s\n%d\n%s\n%q\n%t", c.parent, len(c.manifest), c.manifest, len(c.examples), c.examples, c.description, c.draft)
	return hex.EncodeToString(h.Sum(nil))
}

// visible finds the prompt r as a member of workspace sees it: its own, or a
// public one.
func (g *registry) visible(workspace string, r ref, read func(*repo)) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.prompts[r]
	if p == nil || r.owner != workspace && !p.public {
		return false
	}
	read(p)
	return true
}

// list returns what describe makes of each prompt that keep chooses, the last
// changed first.
func (g *registry) list(keep func(*repo) bool, describe func(*repo) repoJSON) []repoJSON {
	g.mu.Lock()
	defer g.mu.Unlock()
	var found []*repo
	for _, p := range g.prompts {
		if keep(p) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b *repo) int { return cmp.Compare(b.lastChange, a.lastChange) })
	described := make([]repoJSON, len(found))
	for i, p := range found {
		described[i] = describe(p)
	}
	return described
}

// change runs fn on the prompt r, which must exist.
func (g *registry) change(r ref, fn func(*repo) error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.prompts[r]
	if p == nil {
		return fmt.Errorf("%w: prompt %s", ErrNotFound, r)
	}
	return fn(p)
}

func (g *registry) remove(r ref) error {
	return g.change(r, func(*repo) error {
		delete(g.prompts, r)
		return nil
	})
}

// resolve finds the commit that version names, nil if none: a hash or a prefix
// of one first, then a tag. Drafts are never the latest commit.
func (p *repo) resolve(version string) *commit {
	for _, c := range slices.Backward(p.commits) {
		if version == latest && !c.draft {
			return c
		}
		if len(version) >= shortestHash && strings.HasPrefix(c.hash, version) {
			return c
		}
	}
	return p.tags[version]
}
