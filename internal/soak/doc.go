// Package soak runs the cache for a long time over real HTTP while everything
// around it goes wrong, and checks all along what it promises.
//
// # Model
//
// Two fake registries, a LangSmith and a Langfuse, each behind a
// fakes/faultnet proxy, and a cache over each. Readers read all the time, with
// every call that there is; editors push commits and move tags; operators set,
// invalidate, mark stale, configure, stop and start. A schedule of faults, drawn
// from a seed, goes on meanwhile: at the registry, on the network, in the clock
// and in the fetch itself.
//
// # Truth
//
// Every edit of a prompt has a serial number, and the package knows when each
// became current. So of every value that is read it can tell whether the
// registry ever had it, when it was outdated, and whether the cache has gone
// back to an older one.
//
// # Invariants
//
// Those of type [Invariant]. A run has no [Violation], or the cache is broken.
// The seed reproduces the faults and their times, not the order in which
// goroutines run.
package soak
