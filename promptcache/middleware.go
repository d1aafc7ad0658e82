package promptcache

import "context"

// Middleware over FetchFunc carries what is not caching. Compose it before New:
//
//	promptcache.New(promptcache.Validate(src.Fetch, check), cfg)

// Validate returns a fetch that passes on only what check accepts. What check
// returns an error for becomes an error of KindInvalid that wraps it, so that
// the last good prompt stays cached and is served on, and the rejection shows
// in the log, in Lookup's LastError, in Metrics.Rejected and as EventRejected.
// check may be called from several goroutines; a panic in it is a failed fetch.
func Validate[V any](fetch FetchFunc[V], check func(key string, value V) error) FetchFunc[V] {
	return func(ctx context.Context, key string) (V, error) {
		v, err := fetch(ctx, key)
		if err != nil {
			return v, err
		}
		if err := check(key, v); err != nil {
			var zero V
			return zero, &FetchError{Key: key, Kind: KindInvalid, Err: &answeredError{"rejected: ", err}}
		}
		return v, nil
	}
}

// answeredError is the cause of a failure behind which there is an answer of the
// registry, whatever its kind says: what Validate rejects, and what a Fallback
// did not find there and could not find elsewhere.
type answeredError struct {
	what  string
	cause error
}

func (e *answeredError) Error() string { return e.what + e.cause.Error() }
func (e *answeredError) Unwrap() error { return e.cause }
