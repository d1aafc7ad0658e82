package metrics

import (
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// Outcomes of refreshes.
const (
	refreshChanged   = "changed"
	refreshUnchanged = "unchanged"
	refreshFailed    = "failed"
)

// Instruments returns everything that is read from a cache, in the order in
// which it should be shown. docs/observability has the questions that they
// answer.
func Instruments() []Instrument {
	return append(counters(), append(gauges(), domainGauges()...)...)
}

func counters() []Instrument {
	type counts = promptcache.Metrics
	count := func(name, unit, help string, value func(m *counts) uint64) Instrument {
		return Instrument{
			Name: "promptcache." + name, Unit: unit, Help: help, Kind: Counter,
			points: func(r *Reading, emit func(float64, ...string)) { emit(float64(value(&r.Metrics))) },
		}
	}
	return []Instrument{
		count("hits", "{read}", "Reads that found a prompt that may be served, stale ones included.", func(m *counts) uint64 { return m.Hits }),
		count("stale_hits", "{read}", "Reads that found a stale prompt.", func(m *counts) uint64 { return m.StaleHits }),
		count("misses", "{read}", "Reads that found no prompt, or only one that is too old to be served.", func(m *counts) uint64 { return m.Misses }),
		count("fetches", "{fetch}", "Fetches begun, for whatever reason.", func(m *counts) uint64 { return m.Fetches }),
		count("fetch_errors", "{fetch}", "Fetches that failed, timeouts included.", func(m *counts) uint64 { return m.FetchErrors }),
		count("fetches_canceled", "{fetch}", "Fetches ended because nobody wanted the result any more.", func(m *counts) uint64 { return m.FetchesCanceled }),
		count("fetches_dropped", "{fetch}", "Fetches that succeeded, but whose prompt was invalidated, cleared or evicted meanwhile.", func(m *counts) uint64 { return m.Dropped }),
		count("fetches_not_found", "{fetch}", "Failed fetches of prompts that the registry says do not exist.", func(m *counts) uint64 { return m.NotFound }),
		count("fetches_rejected", "{fetch}", "Failed fetches that brought what may not be served.", func(m *counts) uint64 { return m.Rejected }),
		count("fallbacks_stored", "{fetch}", "Failed fetches that brought a fallback, which was cached.", func(m *counts) uint64 { return m.StoredFallbacks }),
		{
			Name: "promptcache.refreshes", Unit: "{fetch}", Kind: Counter, Labels: []string{LabelOutcome},
			Help: "Fetches of prompts that were cached, by whether they changed the prompt, found it unchanged, or failed.",
			points: func(r *Reading, emit func(float64, ...string)) {
				emit(float64(r.Metrics.Refreshes-r.Metrics.Unchanged), refreshChanged)
				emit(float64(r.Metrics.Unchanged), refreshUnchanged)
				emit(float64(r.Metrics.RefreshErrors), refreshFailed)
			},
		},
		count("evictions", "{prompt}", "Prompts removed to make room, or by Configure.", func(m *counts) uint64 { return m.Evictions }),
		count("invalidations", "{prompt}", "Prompts removed by Invalidate and Clear.", func(m *counts) uint64 { return m.Invalidations }),
		count("removals", "{prompt}", "Prompts removed because the registry says that they do not exist.", func(m *counts) uint64 { return m.Removals }),
		count("fallbacks", "{read}", "Calls of GetOr that returned the caller's fallback.", func(m *counts) uint64 { return m.Fallbacks }),
		count("dropped_events", "{event}", "Events that a slow subscriber lost.", func(m *counts) uint64 { return m.DroppedEvents }),
		count("snapshot_prompts_loaded", "{prompt}", "Prompts loaded from snapshots.", func(m *counts) uint64 { return m.SnapshotLoaded }),
		count("snapshot_writes", "{file}", "Snapshot files written.", func(m *counts) uint64 { return m.SnapshotWrites }),
		count("snapshot_errors", "{file}", "Snapshots that could not be loaded, and files that could not be written.", func(m *counts) uint64 { return m.SnapshotErrors }),
	}
}

func gauges() []Instrument {
	gauge := func(name, unit, help string, points func(r *Reading, emit func(float64, ...string))) Instrument {
		return Instrument{Name: "promptcache." + name, Unit: unit, Help: help, Kind: Gauge, points: points}
	}
	state := gauge("state", "", "1 for the state that the cache is in, 0 for the others.", func(r *Reading, emit func(float64, ...string)) {
		emitStates(promptcache.StateStopped, promptcache.StateShutdown, r.Status.State, emit)
	})
	state.Labels = []string{LabelState}
	return []Instrument{
		state,
		gauge("state_since_timestamp", "s", "When the cache came into its state, in Unix time.", func(r *Reading, emit func(float64, ...string)) {
			emitTime(r.Status.Since, emit)
		}),
		gauge("max_entries", "{prompt}", "How many prompts are held at most.", func(r *Reading, emit func(float64, ...string)) {
			emit(float64(r.MaxSize))
		}),
		gauge("ttl", "s", "The age up to which a prompt is fresh; none offline.", func(r *Reading, emit func(float64, ...string)) {
			if r.TTL != nil {
				emit(r.TTL.Seconds())
			}
		}),
		gauge("fetches_in_flight", "{fetch}", "Fetches that have not returned, abandoned ones included.", func(r *Reading, emit func(float64, ...string)) {
			emit(float64(r.Status.InFlight))
		}),
		gauge("fetches_abandoned", "{fetch}", "Fetches that go on although their context has ended. They leak.", func(r *Reading, emit func(float64, ...string)) {
			emit(float64(r.Status.Abandoned))
		}),
		gauge("refreshes_queued", "{prompt}", "Prompts that are due and wait for one of RefreshConcurrency.", func(r *Reading, emit func(float64, ...string)) {
			emit(float64(r.Status.Queued))
		}),
		gauge("snapshot_saved_timestamp", "s", "When a snapshot file was last written, in Unix time.", func(r *Reading, emit func(float64, ...string)) {
			emitTime(r.Status.Snapshot.LastSaved, emit)
		}),
		gauge("snapshot_loaded_timestamp", "s", "When the latest load of a snapshot ended, in Unix time.", func(r *Reading, emit func(float64, ...string)) {
			emitTime(r.Status.Snapshot.LastLoaded, emit)
		}),
		gauge("snapshot_save_failing", "", "1 if the latest attempt to write a snapshot failed or left something out.", func(r *Reading, emit func(float64, ...string)) {
			emitFlag(r.Status.Snapshot.SaveError != nil, emit)
		}),
	}
}

// domainGauges are those that there are for each Domain.
func domainGauges() []Instrument {
	gauge := func(name, unit, help string, points func(d *promptcache.DomainStatus, emit func(float64, ...string))) Instrument {
		return Instrument{
			Name: "promptcache." + name, Unit: unit, Help: help, Kind: Gauge, Labels: []string{LabelDomain},
			points: func(r *Reading, emit func(float64, ...string)) {
				for i := range r.Status.Domains {
					d := &r.Status.Domains[i]
					labels := []string{Label(d.Domain)}
					points(d, func(value float64, more ...string) { emit(value, with(labels, more...)...) })
				}
			},
		}
	}
	count := func(name, help string, value func(d *promptcache.DomainStatus) int) Instrument {
		return gauge(name, "{prompt}", help, func(d *promptcache.DomainStatus, emit func(float64, ...string)) { emit(float64(value(d))) })
	}
	moment := func(name, help string, value func(d *promptcache.DomainStatus) time.Time) Instrument {
		return gauge(name, "s", help, func(d *promptcache.DomainStatus, emit func(float64, ...string)) { emitTime(value(d), emit) })
	}
	flag := func(name, help string, value func(d *promptcache.DomainStatus) bool) Instrument {
		return gauge(name, "", help, func(d *promptcache.DomainStatus, emit func(float64, ...string)) { emitFlag(value(d), emit) })
	}
	state := gauge("domain_state", "", "1 for the state that the Domain is in, 0 for the others.", func(d *promptcache.DomainStatus, emit func(float64, ...string)) {
		emitStates(promptcache.StateStarting, promptcache.StateDown, d.State, emit)
	})
	state.Labels = []string{LabelDomain, LabelState}
	return []Instrument{
		count("entries", "Prompts held.", func(d *promptcache.DomainStatus) int { return d.Entries }),
		count("entries_stale", "Prompts held that are stale or too old.", func(d *promptcache.DomainStatus) int { return d.Stale }),
		count("entries_failing", "Prompts held that failed when they were last fetched.", func(d *promptcache.DomainStatus) int { return d.Failing }),
		count("entries_serving_stale", "Stale prompts that may be served and are stale because they fail, or wait for a registry that does.", func(d *promptcache.DomainStatus) int { return d.ServingStale }),
		count("entries_too_old", "Prompts held that are too old to be served.", func(d *promptcache.DomainStatus) int { return d.TooOld }),
		count("entries_not_found", "Prompts held that the registry says do not exist.", func(d *promptcache.DomainStatus) int { return d.NotFound }),
		gauge("oldest_age", "s", "The age of the oldest prompt that may be served.", func(d *promptcache.DomainStatus, emit func(float64, ...string)) {
			emit(d.Oldest.Seconds())
		}),
		state,
		moment("domain_state_since_timestamp", "When the Domain came into its state, in Unix time.", func(d *promptcache.DomainStatus) time.Time { return d.Since }),
		moment("last_success_timestamp", "When the latest fetch from the Domain succeeded, in Unix time.", func(d *promptcache.DomainStatus) time.Time { return d.LastSuccess }),
		moment("last_error_timestamp", "When the latest failed fetch from the Domain ended, in Unix time.", func(d *promptcache.DomainStatus) time.Time { return d.LastError.Time }),
		moment("next_attempt_timestamp", "When a Domain that is held back may be asked again, in Unix time.", func(d *promptcache.DomainStatus) time.Time { return d.NextAttempt }),
		flag("probing", "1 if the Domain is held back and is being asked.", func(d *promptcache.DomainStatus) bool { return d.Probing }),
		flag("removals_suspended", "1 if so many prompts of the Domain are not found that none is removed.", func(d *promptcache.DomainStatus) bool { return d.RemovalsSuspended }),
	}
}

// emitStates emits a flag for each state from first to last.
func emitStates(first, last, now promptcache.State, emit func(float64, ...string)) {
	for s := first; s <= last; s++ {
		emit(number(s == now), s.String())
	}
}

// emitTime emits t in Unix time, unless there is none.
func emitTime(t time.Time, emit func(float64, ...string)) {
	if !t.IsZero() {
		emit(float64(t.UnixNano()) / float64(time.Second))
	}
}

func emitFlag(on bool, emit func(float64, ...string)) { emit(number(on)) }

func number(on bool) float64 {
	if on {
		return 1
	}
	return 0
}
