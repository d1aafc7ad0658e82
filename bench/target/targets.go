package target

import "github.com/promptcache/promptcache-go/bench/peer"

// times is the unit of ratios.
const times = "×"

// Why some targets are missed.
const (
	twoLocked = "an exact order and count take a locked instruction or two, where a limit writes nothing"
	derefs    = "a hit touches the prompt's entry and its snapshot and writes its stamp, where a limit touches its map"
	evicts    = "beside what expirable does it keeps a schedule, a snapshot with its times, and reads the clock"
	perEntry  = "112 B are an entry with its snapshot, the rest the index and the orders of use and of refreshes"
)

// All returns the targets, in the order of the report. This is the one place
// where they, and the limits of the gate, are set.
//
// The gate's limits are a third to a half above the targets: a round beside
// somebody else's work goes past the target now and then. A mutex in Get costs
// as much as the rest of it on one goroutine, and three times that on two.
func All() []Target {
	return []Target{
		{Name: Hit("100 keys", "one goroutine", peer.OtterName), Limit: 0.55, Unit: times, Gate: 0.80},
		{Name: Hit("100 keys", "one goroutine", peer.OtterRefreshingName), Limit: 0.35, Unit: times, Gate: 0.50},
		{Name: Hit("100 keys", "one goroutine", peer.LimitName), Limit: 1.6, Unit: times, Gate: 2.5, Why: twoLocked},
		{Name: Hit("100 keys", "one goroutine", peer.CopyOnWriteName), Limit: 1.6, Unit: times, Gate: 2.5, Why: twoLocked},
		{Name: Hit("100 keys", "parallel on 2", peer.OtterName), Limit: 0.60, Unit: times, Gate: 0.80},
		{Name: Hit("100 keys", "parallel on 2", peer.OtterRefreshingName), Limit: 0.40, Unit: times, Gate: 0.55},
		{Name: Hit("100 keys", "parallel on 2", peer.LimitName), Limit: 1.6, Unit: times, Gate: 2.5, Why: twoLocked},
		{Name: Hit("100 keys", "parallel on 2", peer.CopyOnWriteName), Limit: 1.6, Unit: times, Gate: 2.5, Why: twoLocked},
		{Name: Hit("100 keys", "parallel on 8", peer.OtterName), Limit: 0.60, Unit: times},
		{Name: Hit("100 keys", "parallel on 8", peer.OtterRefreshingName), Limit: 0.40, Unit: times},
		{Name: Hit("100 keys", "parallel on 8", peer.LimitName), Limit: 1.6, Unit: times, Why: twoLocked},
		{Name: Hit("100 keys", "parallel on 8", peer.CopyOnWriteName), Limit: 1.6, Unit: times, Why: twoLocked},

		{Name: Hit("10,000 keys, Zipf", "one goroutine", peer.OtterName), Limit: 0.65, Unit: times},
		{Name: Hit("10,000 keys, Zipf", "one goroutine", peer.OtterRefreshingName), Limit: 0.45, Unit: times},
		{Name: Hit("10,000 keys, Zipf", "one goroutine", peer.LimitName), Limit: 1.7, Unit: times, Why: derefs},
		{Name: Hit("10,000 keys, Zipf", "one goroutine", peer.CopyOnWriteName), Limit: 1.7, Unit: times, Why: derefs},
		{Name: Hit("10,000 keys, Zipf", "parallel on 2", peer.OtterName), Limit: 0.75, Unit: times},
		{Name: Hit("10,000 keys, Zipf", "parallel on 2", peer.OtterRefreshingName), Limit: 0.45, Unit: times},
		{Name: Hit("10,000 keys, Zipf", "parallel on 2", peer.LimitName), Limit: 1.7, Unit: times, Why: derefs},
		{Name: Hit("10,000 keys, Zipf", "parallel on 2", peer.CopyOnWriteName), Limit: 1.7, Unit: times, Why: derefs},
		{Name: Hit("10,000 keys, Zipf", "parallel on 8", peer.OtterName), Limit: 0.75, Unit: times},
		{Name: Hit("10,000 keys, Zipf", "parallel on 8", peer.OtterRefreshingName), Limit: 0.45, Unit: times},
		{Name: Hit("10,000 keys, Zipf", "parallel on 8", peer.LimitName), Limit: 1.7, Unit: times, Why: derefs},
		{Name: Hit("10,000 keys, Zipf", "parallel on 8", peer.CopyOnWriteName), Limit: 1.7, Unit: times, Why: derefs},

		{Name: HitColumnsBehind, Limit: 0},
		{Name: WriterColumnsBehind, Limit: 0},
		{Name: HitAllocations(peer.OursName), Limit: 0},
		{Name: HitAllocations(peer.OursGetOrFetchName), Limit: 0},
		{Name: HitAllocations(peer.OursLookupName), Limit: 0},
		{Name: GetOrFetchByGet, Limit: 1.5, Unit: times},
		{Name: LookupByGetAndClock, Limit: 1, Unit: times},

		{Name: WithWriters("100 keys"), Limit: 1.5, Unit: times},
		{Name: WithWriters("10,000 keys, Zipf"), Limit: 1.5, Unit: times},
		{Name: DuringRefresh("10,000 entries"), Limit: 1.5, Unit: times},

		{Name: FromExactLRU("Zipf"), Limit: 0.3, Unit: "points"},
		{Name: FromExactLRU("scan"), Limit: 0.3, Unit: "points"},
		{Name: "LRU order of sequential programs, and that a refresh moves nothing", Elsewhere: "the library's model tests"},
		{Name: Miscounted, Limit: 0},

		{Name: ScanTick("1,000,000 entries"), Limit: 1_000, Unit: "ns"},
		{Name: "time that background work holds the lock, 50 µs at most", Elsewhere: "the library's own tests"},
		{Name: Stall("scans of 1,000,000 entries"), Limit: 2, Unit: times},
		{Name: Stall("1,000,000 entries turning stale"), Limit: 2, Unit: times},
		{Name: Stall("a refresh of 10,000 entries"), Limit: 2, Unit: times},
		{Name: RefreshTime("10,000 entries"), Limit: 1.15, Unit: times},
		{Name: RefreshAllocations("10,000 entries"), Limit: 3},

		{Name: SetByExpirable, Limit: 1.7, Unit: times, Why: evicts},
		{Name: BytesPerEntry("100,000 entries"), Limit: 240, Unit: "B", Why: perEntry},
		{Name: SmallCache, Limit: 64, Unit: "KiB"},
		{Name: SnapshotByJSON("10,000 prompts of 4 KiB"), Limit: 3, Unit: times},
		{Name: SnapshotByJSON("10,000 prompts of 0.5 KiB"), Limit: 3, Unit: times},

		{Name: ClientHit("LangSmith", "npm langsmith"), Limit: 25, AtLeast: true, Unit: times},
		{Name: ClientHit("Langfuse", "npm langfuse"), Limit: 6, AtLeast: true, Unit: times},
		{Name: ClientHit("Langfuse", "npm @langfuse/client"), Limit: 6, AtLeast: true, Unit: times},
		{Name: PublishedHit, Limit: 8, AtLeast: true, Unit: times},
	}
}
