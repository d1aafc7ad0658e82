package httpsource

import (
	"fmt"
	"iter"
	"time"
)

// PageSize is how many items to ask for at once: the most that the registries
// give.
const PageSize = 100

// mostPages and mostItems bound a list. A registry with more prompts than that,
// or one that never says that its list has ended, gets an error.
const (
	mostPages = 1000
	mostItems = mostPages * PageSize // of pages, too, that are larger than was asked for
	maxID     = 2048                 // in bytes; no key is that long. It bounds what is remembered
)

// List yields the items of all pages, in their order, each id once: a page can
// repeat the end of the one before it when a list changes meanwhile. page gets
// the number of the page, counted from 0, and how many items there were on those
// before it, and returns its items and whether it is the last.
//
// The list ends with the last page, an empty one or an error, which is yielded
// with a zero item: page's, that the pages repeat or do not end, or that an id is
// longer than any key.
func List[T any](registry string, page func(n, before int) (items []T, last bool, err error), id func(T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		seen := make(map[string]bool)
		before := 0
		for n := range mostPages {
			items, last, err := page(n, before)
			if err != nil {
				yield(zero, err)
				return
			}
			before += len(items)
			known := len(seen)
			for _, item := range items {
				name := id(item)
				if seen[name] {
					continue
				}
				if err := roomFor(registry, name, len(seen)); err != nil {
					yield(zero, err)
					return
				}
				seen[name] = true
				if !yield(item, nil) {
					return
				}
			}
			if last || len(items) == 0 {
				return
			}
			if len(seen) == known {
				yield(zero, fmt.Errorf("%s: page %d of the list repeats what came before, and is not the last", registry, n+1))
				return
			}
		}
		yield(zero, fmt.Errorf("%s: the list does not end within %d pages", registry, mostPages))
	}
}

// roomFor reports why a list that has so many items already takes no further one
// of that id, or nil.
func roomFor(registry, id string, items int) error {
	switch {
	case len(id) > maxID:
		return fmt.Errorf("%s: the list has a name of %d bytes; want %d at most", registry, len(id), maxID)
	case items >= mostItems:
		return fmt.Errorf("%s: the list does not end within %d prompts", registry, mostItems)
	}
	return nil
}

// ParseTime reads a time as registries write it: RFC 3339, or the same without a
// zone, which is UTC. Anything else is the zero time: it is only information.
func ParseTime(text string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	return time.Time{}
}
