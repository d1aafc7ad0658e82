package promptcache

import "sync/atomic"

// flag is what is true of an entry.
type flag uint32

const (
	isMarked   flag = 1 << iota // MarkStale was called since current's fetch began
	isStale                     // seen to be stale, by whoever looked last
	isExpired                   // seen to be too old to be served by the refresher
	isCalling                   // whoever reads it while it is stale must see to it that it is refetched
	isDormant                   // due, but unread for IdleAfter
	isQueued                    // in the refresher's queue
	isParked                    // due, but waits for its registry, or for its turn after that is back
	isHurried                   // read since its registry is back
	isGone                      // no longer in the cache
	isSpelling                  // it is another spelling of a key
	isStuck                     // it was served stale, and has been failing or waiting for its registry since
	isRejected                  // its latest answer was rejected; what is served is older
	isFailing                   // it has a failure
	isHushed                    // it is on its registry's list of those whose readers need not call
	isInLine                    // its rank is that in the recency's line
	isSeen                      // whether the queue has looked at its place; see queue.round

	refresherShift = 16 // the upper half is the number of the refresher that was told of it
)

// flags are what is true of an entry. Who does not hold the mutex may take
// isCalling away, and read all.
//
// They are not generic, and so this package compiles the atomic operations in
// them itself. Only then does the compiler hand on what they are made of, for
// inlining where a cache of others' types is compiled; else each is a call there.
// The same goes for stamp and counters.
type flags struct{ bits atomic.Uint32 }

func (f *flags) state() flag         { return flag(f.bits.Load()) }
func (f *flags) is(either flag) bool { return f.state()&either != 0 }
func (f *flags) set(all flag)        { f.bits.Or(uint32(all)) }

// drop clears flags and returns what was set before.
func (f *flags) drop(all flag) (before flag) { return flag(f.bits.And(^uint32(all))) }

func (f *flags) put(all flag, on bool) {
	if on {
		f.set(all)
	} else {
		f.drop(all)
	}
}

// wokenBy returns the number of the refresher that was told of the entry by a
// reader and has not refetched it yet, 0 for none.
func (f *flags) wokenBy() uint16 { return uint16(f.state() >> refresherShift) }

func (f *flags) setWokenBy(number uint16) {
	for {
		old := f.bits.Load() // readers change it, too: see tell
		if f.bits.CompareAndSwap(old, old&(1<<refresherShift-1)|uint32(number)<<refresherShift) {
			return
		}
	}
}

// sleep makes the entry's next reader tell the refresher of it again.
func (f *flags) sleep() {
	f.setWokenBy(0)
	f.set(isCalling)
}
