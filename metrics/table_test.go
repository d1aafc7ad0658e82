package metrics_test

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/metrics"
	"github.com/promptcache/promptcache-go/promptcache"
)

// moment is a time that is exact in a float64.
var moment = time.Unix(1_700_000_000, 500_000_000)

// told returns every point of a reading as "name{labels}": value.
func told(r metrics.Reading) map[string]float64 {
	out := make(map[string]float64)
	for _, i := range metrics.Instruments() {
		for _, p := range i.Points(r) {
			out[fmt.Sprintf("%s%v", i.Name, p.Labels)] = p.Value
		}
	}
	return out
}

// changes returns the points that are not the same in two readings, with their
// later values.
func changes(before, after metrics.Reading) map[string]float64 {
	old, out := told(before), make(map[string]float64)
	for name, value := range told(after) {
		if was, ok := old[name]; !ok || was != value {
			out[name] = value
		}
	}
	return out
}

// set sets a field to something else
// than it was.
func set(t *testing.T, f reflect.Value, name string) {
	t.Helper()
	switch v := f.Addr().Interface().(type) {
	case *uint64:
		*v = 7
	case *int:
		*v = 7
	case *bool:
		*v = true
	case *time.Duration:
		*v = 7 * time.Second
	case *time.Time:
		*v = moment
	case *promptcache.State:
		*v = promptcache.StateHealthy
	case *promptcache.ErrorInfo:
		v.Time = moment
	case *error:
		*v = errors.New("it failed")
	case *string:
		*v = "something"
	default:
		require.Fail(t, "no value for the field", "%s is a %v", name, f.Type())
	}
}

func TestEveryCounterIsTold(t *testing.T) {
	fields := reflect.TypeFor[promptcache.Metrics]()
	want := map[string]string{ // where the instrument is not called what the field is
		"Dropped":         "promptcache.fetches_dropped[]",
		"NotFound":        "promptcache.fetches_not_found[]",
		"Rejected":        "promptcache.fetches_rejected[]",
		"StoredFallbacks": "promptcache.fallbacks_stored[]",
		"SnapshotLoaded":  "promptcache.snapshot_prompts_loaded[]",
		"Refreshes":       "promptcache.refreshes[changed]",
		"RefreshErrors":   "promptcache.refreshes[failed]",
	}
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		t.Run(name, func(t *testing.T) {
			before := metrics.Reading{Metrics: promptcache.Metrics{Refreshes: 9}}
			if name == "Refreshes" {
				before.Metrics.Refreshes = 0
			}
			after := before
			set(t, reflect.ValueOf(&after.Metrics).Elem().Field(i), name)
			if name == "Unchanged" { // which are no longer changed ones
				require.Equal(t, map[string]float64{"promptcache.refreshes[changed]": 2, "promptcache.refreshes[unchanged]": 7}, changes(before, after))
				return
			}
			point, ok := want[name]
			if !ok {
				point = "promptcache." + strings.ToLower(regexp.MustCompile(`(.)([A-Z])`).ReplaceAllString(name, "${1}_$2")) + "[]"
			}
			require.Equal(t, map[string]float64{point: 7}, changes(before, after))
		})
	}
}

func TestEveryStatusIsTold(t *testing.T) {
	const unix = 1_700_000_000.5
	for name, tc := range map[string]struct {
		of   any // the type whose fields these are
		at   func(r *metrics.Reading) any
		want map[string]map[string]float64 // by field; nil for what is told elsewhere or cannot be told in numbers
	}{
		"Status": {
			of: promptcache.Status{}, at: func(r *metrics.Reading) any { return &r.Status },
			want: map[string]map[string]float64{
				"State":       {"promptcache.state[healthy]": 1, "promptcache.state[stopped]": 0},
				"Since":       {"promptcache.state_since_timestamp[]": unix},
				"InFlight":    {"promptcache.fetches_in_flight[]": 7},
				"Queued":      {"promptcache.refreshes_queued[]": 7},
				"Abandoned":   {"promptcache.fetches_abandoned[]": 7},
				"LastSuccess": nil, "LastError": nil, "Prompts": nil, "NextAttempt": nil, "Probing": nil, "Domains": nil, // by Domain
				"Snapshot": nil, // below
			},
		},
		"SnapshotStatus": {
			of: promptcache.SnapshotStatus{}, at: func(r *metrics.Reading) any { return &r.Status.Snapshot },
			want: map[string]map[string]float64{
				"LastSaved":  {"promptcache.snapshot_saved_timestamp[]": unix},
				"LastLoaded": {"promptcache.snapshot_loaded_timestamp[]": unix},
				"SaveError":  {"promptcache.snapshot_save_failing[]": 1},
				"LoadError":  nil, "Loaded": nil, // counted: snapshot_errors, snapshot_prompts_loaded
				"Path": nil, "Skipped": nil, "SkippedCount": nil,
			},
		},
		"DomainStatus": {
			of: promptcache.DomainStatus{}, at: func(r *metrics.Reading) any { return &r.Status.Domains[0] },
			want: map[string]map[string]float64{
				"State":             {"promptcache.domain_state[d healthy]": 1, "promptcache.domain_state[d starting]": 0},
				"Since":             {"promptcache.domain_state_since_timestamp[d]": unix},
				"LastSuccess":       {"promptcache.last_success_timestamp[d]": unix},
				"LastError":         {"promptcache.last_error_timestamp[d]": unix},
				"NextAttempt":       {"promptcache.next_attempt_timestamp[d]": unix},
				"Probing":           {"promptcache.probing[d]": 1},
				"NotFound":          {"promptcache.entries_not_found[d]": 7},
				"RemovalsSuspended": {"promptcache.removals_suspended[d]": 1},
				"Domain":            nil, // the label
				"Prompts":           nil, // below
			},
		},
		"Prompts": {
			of: promptcache.Prompts{}, at: func(r *metrics.Reading) any { return &r.Status.Domains[0].Prompts },
			want: map[string]map[string]float64{
				"Entries":      {"promptcache.entries[d]": 7},
				"Failing":      {"promptcache.entries_failing[d]": 7},
				"Stale":        {"promptcache.entries_stale[d]": 7},
				"ServingStale": {"promptcache.entries_serving_stale[d]": 7},
				"TooOld":       {"promptcache.entries_too_old[d]": 7},
				"Oldest":       {"promptcache.oldest_age[d]": 7},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			fields := reflect.TypeOf(tc.of)
			for i := range fields.NumField() {
				field := fields.Field(i).Name
				want, known := tc.want[field]
				require.True(t, known, "%s.%s: say whether it is told", name, field)
				if want == nil {
					continue
				}
				reading := func() metrics.Reading {
					return metrics.Reading{Status: promptcache.Status{Domains: []promptcache.DomainStatus{{Domain: "d", State: promptcache.StateStarting}}}}
				}
				before, after := reading(), reading()
				set(t, reflect.ValueOf(tc.at(&after)).Elem().Field(i), field)
				require.Equal(t, want, changes(before, after), field)
			}
		})
	}
}

func TestEveryStateIsTold(t *testing.T) {
	var states []string
	for s := promptcache.State(0); !strings.HasPrefix(s.String(), "State("); s++ {
		states = append(states, s.String())
		points := told(metrics.Reading{Status: promptcache.Status{State: s}})
		for _, name := range states {
			require.Contains(t, points, "promptcache.state["+name+"]")
		}
		require.InDelta(t, 1, points["promptcache.state["+s.String()+"]"], 0)
	}
	total := 0
	for name := range told(metrics.Reading{}) {
		if strings.HasPrefix(name, "promptcache.state[") {
			total++
		}
	}
	require.Equal(t, len(states), total)
}

func TestSettingsAreTold(t *testing.T) {
	require.Equal(t, map[string]float64{"promptcache.max_entries[]": 100, "promptcache.ttl[]": 300},
		changes(metrics.Reading{}, metrics.Reading{MaxSize: 100, TTL: new(5 * time.Minute)}))
	require.NotContains(t, told(metrics.Reading{}), "promptcache.ttl[]", "offline there is none")
}

func TestTimesThatHaveNotComeAreNotTold(t *testing.T) {
	for name := range told(metrics.Reading{Status: promptcache.Status{Domains: make([]promptcache.DomainStatus, 1)}}) {
		require.NotContains(t, name, "_timestamp")
	}
}

func TestInstruments(t *testing.T) {
	names := make(map[string]bool)
	for _, i := range append(metrics.Instruments(), metrics.FetchDuration(), metrics.PromptFetches()) {
		require.Regexp(t, `^promptcache(\.[a-z_]+)+$`, i.Name)
		require.False(t, names[i.Name], "%s stands there twice", i.Name)
		names[i.Name] = true
		require.Regexp(t, `^[A-Z0-9].*\.$`, i.Help, i.Name)
		require.Regexp(t, `^(|s|\{[a-z]+\})$`, i.Unit, i.Name)
		require.NotContains(t, i.Labels, metrics.LabelCache)
		require.Equal(t, i.Kind == metrics.Counter, strings.HasSuffix(i.Prometheus(), "_total"), i.Name)
		for _, p := range i.Points(metrics.Reading{Status: promptcache.Status{Domains: make([]promptcache.DomainStatus, 2)}}) {
			require.Len(t, p.Labels, len(i.Labels), i.Name)
		}
	}
	require.Equal(t, "promptcache_fetch_duration_seconds", metrics.FetchDuration().Prometheus())
	require.Equal(t, "promptcache_prompt_fetches_total", metrics.PromptFetches().Prometheus())
	require.Empty(t, metrics.FetchDuration().Points(metrics.Reading{}))
	require.True(t, slices.IsSorted(metrics.FetchDurationBuckets()))
}

func TestDomainsThatAreNoUTF8(t *testing.T) {
	points := told(metrics.Reading{Status: promptcache.Status{Domains: []promptcache.DomainStatus{{Domain: "a\xff"}, {Domain: "a\xfe"}}}})
	require.Contains(t, points, `promptcache.entries["a\xff"]`)
	require.Contains(t, points, `promptcache.entries["a\xfe"]`)
}
