package promptcache

import (
	"cmp"
	"slices"
)

// chunk is how many entries are looked at before the lock is let go of.
const chunk = 64

// each calls do under the lock, which it lets go of after every few, with every
// entry, in no order. One that is there all the time is met once; one that comes
// or goes meanwhile may be missed.
func (c *PromptCache[V]) each(do func(e *entry[V])) {
	c.search(func(e *entry[V]) bool {
		do(e)
		return false
	})
}

// search is each that ends when found, which is called under the lock, returns
// true.
func (c *PromptCache[V]) search(found func(e *entry[V]) bool) {
	c.mu.Lock()
	t := c.entries.index.table.Load()
	c.unlock()
	over := false
	for part, more := 0, true; more && !over; {
		c.mu.Lock()
		entries, next := t.part(part)
		c.unlock()
		c.inChunks(len(entries), func(i int) {
			if e := entries[i]; !over && !e.is(isGone|isSpelling) {
				over = found(e)
			}
		})
		part, more = next, next != 0
	}
}

// inChunks calls do for 0 to n-1 under the lock, which it lets go of after every
// few.
func (c *PromptCache[V]) inChunks(n int, do func(i int)) {
	for i := 0; i < n; {
		c.mu.Lock()
		for end := min(i+chunk, n); i < end; i++ {
			do(i)
		}
		c.unlock()
	}
}

// choose returns the entries that match, which is called under the lock, least
// recently used first.
func (c *PromptCache[V]) choose(match func(e *entry[V]) bool) []*entry[V] {
	var matching chain[ranked[V]]
	c.each(func(e *entry[V]) {
		if match(e) {
			matching.push(ranked[V]{e.stamp.Load(), e})
		}
	})
	chosen := matching.slice()
	slices.SortFunc(chosen, func(a, b ranked[V]) int { return cmp.Compare(a.key, b.key) })
	out := make([]*entry[V], len(chosen))
	for i, r := range chosen {
		out[i] = r.entry
	}
	return out
}

// keys returns the canonical keys, least recently used first.
func (c *PromptCache[V]) keys() []string {
	all := c.choose(func(*entry[V]) bool { return true })
	keys := make([]string, len(all))
	for i, e := range all {
		keys[i] = e.key
	}
	return keys
}
