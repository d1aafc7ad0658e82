package promptcache

import (
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
)

// absences remembers the failures of keys that are not cached: "not found" for
// NegativeTTL, other failures for their backoff. It holds as many keys as the
// cache may, the most recently used ones, so a flood of made-up names grows
// nothing. The caller holds the cache's mutex.
type absences struct {
	failures *expirable.LRU[string, *failure] // nil until there is one
}

// get returns the failure remembered of key, nil if there is none.
func (a *absences) get(key string) *failure {
	if a.failures == nil {
		return nil
	}
	f, _ := a.failures.Get(key)
	return f
}

// remember stores f for key in a table of size keys.
func (a *absences) remember(key string, f *failure, size int) {
	if size == 0 {
		return
	}
	if a.failures == nil {
		a.failures = expirable.NewLRU[string, *failure](size, nil, 0)
	}
	a.failures.Add(key, f)
}

func (a *absences) forget(key string) {
	if a.failures != nil {
		a.failures.Remove(key)
	}
}

// forgetNotFound forgets key if what is remembered of it is "not found".
func (a *absences) forgetNotFound(key string) {
	if f := a.get(key); f != nil && f.err.Kind == KindNotFound {
		a.forget(key)
	}
}

func (a *absences) clear() { a.failures = nil }

// resize makes room for size keys and, if negatives are off, forgets them.
func (a *absences) resize(size int, negativeTTL time.Duration) {
	switch {
	case a.failures == nil:
	case size == 0:
		a.clear()
	default:
		a.failures.Resize(size)
		if negativeTTL == 0 {
			for _, key := range a.failures.Keys() {
				a.forgetNotFound(key)
			}
		}
	}
}

// appendKeys appends the remembered keys to keys.
func (a *absences) appendKeys(keys []string) []string {
	if a.failures == nil {
		return keys
	}
	return append(keys, a.failures.Keys()...)
}
