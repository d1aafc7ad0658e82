package promptcache

import (
	"context"
	"errors"
	"reflect"
)

// FetchFunc gets one prompt from a registry. key is what Config.Canonical made
// of the key that the reader gave.
//
// The cache calls it from goroutines of its own, for different keys at once,
// and for one key once at a time (but for a call whose result is no longer
// wanted). ctx ends after Config.FetchTimeout, or when nobody wants the result
// any more; it carries the values of the first caller's context and none of its
// deadlines. With a fetch that returns at once when ctx ends, Stop returns at
// once; see [PromptCache.Stop].
//
// It returns the prompt, or an error that says what happened: a [*FetchError],
// or one that wraps [ErrNotFound] and its kin. A panic is caught and reported
// as an error. A nil pointer without an error is an error of KindInvalid. The
// goroutine may call it again for another key: what it sets on its goroutine it
// should undo.
//
// Optional methods of V tell the cache more about a value. They are called
// once, when the value is stored, and must be safe to call on any value that
// the fetch returns:
//
//   - Revision() string names the content that is served. A fetch that brings
//     an equal revision is "unchanged": the cached value stays, its age starts
//     anew, no event is sent. Without it, or if it is empty, reflect.DeepEqual
//     decides.
//   - Immutable() bool is true for a value that can never change, such as a
//     prompt fetched by its full commit hash. It is never stale by age and
//     never refetched unless asked for by name.
type FetchFunc[V any] func(ctx context.Context, key string) (V, error)

type previousKey[V any] struct{}

// previous is a fetch's previous value, or says that there is none, whatever
// an outer fetch's context says.
type previous[V any] struct{ snap *snapshot[V] }

// Previous returns the value that the fetch with this ctx is to replace, so
// that it can make a conditional request and answer with [ErrNotModified]. It
// returns false when nothing but a fallback is cached under the key, or ctx is
// not a fetch's.
func Previous[V any](ctx context.Context) (V, bool) {
	if p, ok := ctx.Value(previousKey[V]{}).(previous[V]); ok && p.snap != nil {
		return p.snap.value, true
	}
	var zero V
	return zero, false
}

// withPrevious returns a fetch's context; snap is nil if nothing is cached.
func withPrevious[V any](ctx context.Context, snap *snapshot[V]) context.Context {
	return context.WithValue(ctx, previousKey[V]{}, previous[V]{snap})
}

// errNilValue is what a fetch gets for returning neither a value nor an error.
var errNilValue = errors.New("the fetch returned no value and no error")

// traits is what a value tells about itself.
type traits struct {
	revision  string
	immutable bool
}

// traitsOf asks v. It calls the user's methods, so no lock may be held.
func traitsOf[V any](v V) traits {
	var t traits
	if isNil(v) {
		return t
	}
	if r, ok := any(v).(interface{ Revision() string }); ok {
		t.revision = r.Revision()
	}
	if i, ok := any(v).(interface{ Immutable() bool }); ok {
		t.immutable = i.Immutable()
	}
	return t
}

// sameContent reports whether two values serve the same content.
func sameContent[V any](a V, ta traits, b V, tb traits) bool {
	if ta.revision != "" || tb.revision != "" {
		return ta.revision == tb.revision
	}
	return reflect.DeepEqual(a, b)
}

// isNil reports whether v is a nil pointer or a nil interface. A nil map or
// slice is a value like any other.
func isNil[V any](v V) bool {
	rv := reflect.ValueOf(v)
	return !rv.IsValid() || rv.Kind() == reflect.Pointer && rv.IsNil()
}
