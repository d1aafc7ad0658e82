package fakelangfuse

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/promptcache/promptcache-go/fakes/internal/fakeserver"
)

// registry holds the prompts of all projects.
type registry struct {
	mu      sync.Mutex
	prompts map[ref]*history
}

// history is a prompt with its versions, of which there is one at least.
type history struct {
	ref
	kind     string // typeText or typeChat
	tags     []string
	versions []*entry // by number, which need not be without gaps
}

// entry is one version of a prompt. Its labels and the time of its last
// update change, under the registry's lock; all else does not.
type entry struct {
	ref
	number           int
	kind             string
	content          json.RawMessage // a string or an array
	config           json.RawMessage
	commitMessage    *string
	createdBy        string
	labels           []string
	created, updated time.Time
}

func newRegistry() *registry { return &registry{prompts: map[ref]*history{}} }

// id is the version's own, the same in every run.
func (v *entry) id() string {
	return fakeserver.StableID("prompt", v.String()+"|"+strconv.Itoa(v.number))
}

// find returns the version that number, or label if that is 0, names; nil if
// none.
func (g *registry) findLocked(r ref, number int, label string) *entry {
	p := g.prompts[r]
	if p == nil {
		return nil
	}
	i := slices.IndexFunc(p.versions, func(v *entry) bool {
		return number != 0 && v.number == number || number == 0 && slices.Contains(v.labels, label)
	})
	if i < 0 {
		return nil
	}
	return p.versions[i]
}

// byTextLocked returns the version that the digits of a path name, nil if none.
func (g *registry) byTextLocked(r ref, digits string) *entry {
	number, err := strconv.Atoi(digits)
	if err != nil || number == 0 {
		return nil
	}
	return g.findLocked(r, number, "")
}

// newest is the version with the highest number.
func (p *history) newest() *entry { return p.versions[len(p.versions)-1] }

// add makes v the newest version of its prompt, which it makes if need be. Nil
// tags leave the prompt's as they are. It returns whose labels changed besides.
func (g *registry) addLocked(v *entry, tags []string) (touched []*entry) {
	p := g.prompts[v.ref]
	if p == nil {
		p = &history{ref: v.ref, kind: v.kind, tags: []string{}}
		g.prompts[v.ref] = p
	}
	v.number = 1
	if len(p.versions) > 0 {
		v.number = p.newest().number + 1
	}
	v.labels = unique(append(v.labels, latest)...)
	touched = p.take(v.labels, v)
	if tags != nil {
		touched = p.setTags(tags) // all, so that they include those that lost a label
	}
	p.versions = append(p.versions, v)
	return touched
}

// setTags replaces the tags, and returns the versions, which all have them.
func (p *history) setTags(tags []string) (touched []*entry) {
	p.tags = unique(tags...)
	for _, v := range p.versions {
		v.updated = now()
	}
	return slices.Clone(p.versions)
}

// take takes the labels from all versions but owner's, and returns those that
// had one.
func (p *history) take(labels []string, owner *entry) (touched []*entry) {
	for _, v := range p.versions {
		if v == owner || !slices.ContainsFunc(v.labels, func(l string) bool { return slices.Contains(labels, l) }) {
			continue
		}
		v.setLabels(slices.DeleteFunc(slices.Clone(v.labels), func(l string) bool { return slices.Contains(labels, l) }))
		touched = append(touched, v)
	}
	return touched
}

func (v *entry) setLabels(labels []string) {
	v.labels = labels
	v.updated = now()
}

// now is the time as the registry keeps it, to the millisecond.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// relabel gives a version the labels, which other versions lose, and returns
// all whose labels were set, the version first.
func (g *registry) relabelLocked(v *entry, labels []string) (touched []*entry) {
	p := g.prompts[v.ref]
	touched = append([]*entry{v}, p.take(labels, v)...)
	v.setLabels(labels)
	return touched
}

// remove removes versions of a prompt, and the prompt with the last one. The
// label "latest" goes to the newest of those that stay.
func (g *registry) removeLocked(r ref, gone []*entry) {
	p := g.prompts[r]
	p.versions = slices.DeleteFunc(p.versions, func(v *entry) bool { return slices.Contains(gone, v) })
	if len(p.versions) == 0 {
		delete(g.prompts, r)
		return
	}
	if v := p.newest(); !slices.Contains(v.labels, latest) {
		v.setLabels(append(slices.Clone(v.labels), latest))
	}
}

// get returns the version of p with that number.
func (p *history) get(number int) (*entry, error) {
	for _, v := range p.versions {
		if v.number == number {
			return v, nil
		}
	}
	return nil, fmt.Errorf("%w: version %d of prompt %s", ErrNotFound, number, p.ref)
}

// inProject returns the project's prompts by name.
func (g *registry) inProjectLocked(project string) []*history {
	var found []*history
	for r, p := range g.prompts {
		if r.project == project {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b *history) int { return cmp.Compare(a.name, b.name) })
	return found
}
