// Package sim plays fleets of caches against one registry in virtual time, to
// see what a refresh policy costs the registry and what readers get: two hours
// of 100,000 instances in a minute. It is for this project's own documentation
// and tests; docs/fleet.md has what came of it.
//
// # Model
//
// A [Scenario] says what happens: how many instances there are, who reads what
// and when, how fast the registry answers, when it is down, what it refuses. A
// [Policy] says what an instance does about it: [Background] is this module's,
// [SerialScan] LangSmith's, [OnRead] Langfuse's. [Run] plays one against the
// other.
//
// A model decides when to ask and what to serve, and nothing else: no values,
// no goroutines, no clock. Only the tests use the real cache: a small fleet of
// it has to ask at the very nanoseconds at which Background does.
//
// Instances have nothing to do with one another but for the registry's limit,
// so each is played on its own, on all processors. Where there is a limit, a
// rehearsal of each minute finds the last request that is served in it.
//
// # Chance
//
// Everything is drawn from Scenario.Seed: when a prompt is read and how long an
// answer takes from a hash of which one it is, and what an instance draws from
// a generator of its own. So all policies meet the same readers, and a run
// repeats exactly, on any machine.
package sim
