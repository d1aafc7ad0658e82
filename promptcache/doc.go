// Package promptcache is a prompt registry cache: it keeps the prompts that a
// team edits in a registry (LangSmith, Langfuse) in memory, so that request
// handlers have the current one in nanoseconds and go on when the registry is
// slow, rate-limited, wrong or down. It is not provider-side KV caching and not
// a cache of responses.
//
// # Model
//
// A [PromptCache] is an LRU of values of any type V, filled by a [FetchFunc].
// [PromptCache.Get] and [PromptCache.Lookup] only look; [PromptCache.GetOrFetch],
// [PromptCache.GetFresh] and [PromptCache.GetOr] fetch what is missing.
// Between [PromptCache.Start] and [PromptCache.Stop] a goroutine, the
// refresher, scans every RefreshInterval for prompts that are due and refetches
// them before anyone waits. Without it the cache still works: a stale prompt is
// then refetched by the read-through that meets it.
//
// Values are shared by all readers and must not be changed.
//
// # Staleness
//
// A prompt's age counts from the moment the fetch that brought it began.
//
//   - fresh: its age is at most TTL.
//   - stale: it is older, or [PromptCache.MarkStale] was called. It is served,
//     and refetched.
//   - too old: its age is more than TTL + MaxStale, if MaxStale is set. It is
//     not served.
//
// A prompt is due for its refresh a little before it is stale; see
// Config.RefreshJitter. While the refresher runs, Get and GetOrFetch go by what
// its last scan found, so they may take a prompt for fresh for up to one
// RefreshInterval too long; Lookup and GetFresh ask the clock.
//
// When a fetch fails, the old value (the very same one) stays, and the key backs
// off: 1 s, 2 s, 4 s … until a fetch succeeds. A Domain that fails as a whole is
// down: one fetch at a time probes it, reads of missing prompts fail at once
// ([DownError]) or get what a [Fallback] has, and when it is back its prompts are refetched little by little.
// One line in the log says that an outage has begun, one that it is over;
// [PromptCache.Status] and [PromptCache.WaitFor] tell more.
//
// # Concurrency
//
// All methods may be called from any goroutine. There is one fetch at a time for
// a key, whoever asked for it. A write wins over a fetch that began before it:
// what a fetch brings is dropped if its key was set, invalidated, cleared or
// evicted meanwhile. User code (fetches, methods of values, Config's functions,
// the logger, subscribers, predicates) never runs under a lock.
//
// # Several registries
//
// [Route] makes one fetch of several, by a scheme before the key, and keeps what
// they bring apart. [Fallback] asks a second one where the first has never
// answered; what that brings is a fallback: served, stale from the start, and
// replaced as soon as the first answers.
//
// # Offline
//
// A nil TTL is offline mode, for deployments without a network: nothing is
// stale, nothing is fetched, no goroutine runs, and a miss is [ErrOffline].
// [PromptCache.LoadFile] fills it from a snapshot that another cache wrote with
// [PromptCache.DumpFile]. With [SnapshotConfig] a cache keeps a snapshot of its
// own, so that it can serve from its start whether the registry answers or not.
//
// # Shutdown
//
// Stop cancels what the refresher has under way and returns when it has ended;
// the cache serves on and can be started again. Shutdown is for the end of the
// process: it lets fetches finish, until its context ends, and is final.
//
// # Testing
//
// Config.Clock takes a mock clock of github.com/benbjohnson/clock; step it by
// one RefreshInterval at a time, and set RefreshJitter to 0 so that every
// moment is exact. The real clock is exact inside a testing/synctest bubble.
// The fakes beside this package are a scripted fetch and HTTP servers that
// behave, and misbehave, like the registries.
package promptcache
