package demo

import (
	"context"
	"errors"
	"time"
)

// lookEvery is how often await looks.
const lookEvery = 2 * time.Millisecond

// await looks until what was expected is seen, which is a check, or until the
// step's time is over: then it returns errUnmet.
func (t *teller) await(ctx context.Context, label, expected string, look func() (seen string, ok bool)) error {
	for {
		seen, ok := look()
		if ok {
			t.verdict(label, expected, seen, true)
			return nil
		}
		if pause(ctx, nil, lookEvery) {
			continue
		}
		if errors.Is(ctx.Err(), context.Canceled) { // that says nothing about the cache
			return ctx.Err()
		}
		t.verdict(label, expected, seen, false)
		return errUnmet
	}
}
