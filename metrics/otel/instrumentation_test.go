package promptcacheotel_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/promptcache/promptcache-go/fakes/source"
	promptcacheotel "github.com/promptcache/promptcache-go/metrics/otel"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestInstrumentation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, promptcacheotel.Config{Cache: "prompts"})
		require.Empty(t, s.collect(), "there is no cache yet")
		s.otel.Watch(s)
		s.src.Put("smith/a", "one")
		require.NoError(t, s.Start(t.Context()))
		_, err := s.GetOrFetch(t.Context(), "smith/a")
		require.NoError(t, err)
		s.Get("smith/a")
		time.Sleep(6 * time.Minute) // it is refreshed, without a change
		synctest.Wait()
		s.src.Always(source.Fail[string](promptcache.ErrUnavailable))
		time.Sleep(10 * time.Minute)
		synctest.Wait()

		m, got := s.Metrics(), s.collect()
		require.Positive(t, m.RefreshErrors)
		for name, want := range map[string]float64{
			"promptcache.hits{cache=prompts}":                                                  1,
			"promptcache.misses{cache=prompts}":                                                1,
			"promptcache.fetches{cache=prompts}":                                               float64(m.Fetches),
			"promptcache.refreshes{cache=prompts outcome=unchanged}":                           1,
			"promptcache.refreshes{cache=prompts outcome=failed}":                              float64(m.RefreshErrors),
			"promptcache.state{cache=prompts state=down}":                                      1,
			"promptcache.state{cache=prompts state=healthy}":                                   0,
			"promptcache.domain_state{cache=prompts domain=smith state=down}":                  1,
			"promptcache.entries_serving_stale{cache=prompts domain=smith}":                    1,
			"promptcache.max_entries{cache=prompts}":                                           100,
			"promptcache.fetch.duration{cache=prompts domain=smith outcome=ok} count":          1,
			"promptcache.fetch.duration{cache=prompts domain=smith outcome=unchanged} count":   1,
			"promptcache.fetch.duration{cache=prompts domain=smith outcome=unavailable} count": float64(m.FetchErrors),
			"promptcache.fetch.duration{cache=prompts domain=smith outcome=unavailable} sum":   0,
		} {
			require.Contains(t, got, name)
			require.InDelta(t, want, got[name], 0, name)
		}
		for name := range got {
			require.NotContains(t, name, "prompt=", "no names unless asked for")
		}
	})
}

func TestPromptsAreNamedIfAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, promptcacheotel.Config{Prompts: 1})
		_, err := s.Refresh(t.Context(), "made-up")
		require.ErrorIs(t, err, promptcache.ErrNotFound)
		s.src.Always(func(context.Context, string) (string, error) {
			time.Sleep(300 * time.Millisecond)
			return "one", nil
		})
		for _, key := range []string{"a", "b", "a"} {
			_, err := s.Refresh(t.Context(), key)
			require.NoError(t, err)
		}
		require.Equal(t, map[string]float64{
			"promptcache.prompt.fetches{cache=default outcome=ok prompt=a}":                    1,
			"promptcache.prompt.fetches{cache=default outcome=unchanged prompt=a}":             1,
			"promptcache.prompt.fetches{cache=default outcome=ok prompt=}":                     1,
			"promptcache.fetch.duration{cache=default domain=a outcome=ok} count":              1,
			"promptcache.fetch.duration{cache=default domain=a outcome=ok} sum":                0.3,
			"promptcache.fetch.duration{cache=default domain=a outcome=unchanged} count":       1,
			"promptcache.fetch.duration{cache=default domain=a outcome=unchanged} sum":         0.3,
			"promptcache.fetch.duration{cache=default domain=b outcome=ok} count":              1,
			"promptcache.fetch.duration{cache=default domain=b outcome=ok} sum":                0.3,
			"promptcache.prompt.fetches{cache=default outcome=not_found prompt=}":              1,
			"promptcache.fetch.duration{cache=default domain=made-up outcome=not_found} count": 1,
			"promptcache.fetch.duration{cache=default domain=made-up outcome=not_found} sum":   0,
		}, s.collect())
	})
}

func TestCloseEndsTheObservation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, promptcacheotel.Config{})
		s.otel.Watch(s)
		require.NotEmpty(t, s.collect())
		require.NoError(t, s.otel.Close())
		require.Empty(t, s.collect())
	})
}

func TestGlobalProvidersAreTheDefault(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	before := otel.GetMeterProvider()
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	t.Cleanup(func() { otel.SetMeterProvider(before) })
	i, err := promptcacheotel.New(promptcacheotel.Config{})
	require.NoError(t, err)
	c, err := promptcache.New(source.New[string]().Fetch, promptcache.DefaultConfig())
	require.NoError(t, err)
	i.Watch(c)
	require.Contains(t, collect(t, reader), "promptcache.hits{cache=default}")
	require.NoError(t, i.Close())
}

// broken is a provider whose instruments or callbacks cannot be had.
type broken struct {
	embedded.MeterProvider
	meter metric.Meter
}

func (b broken) Meter(string, ...metric.MeterOption) metric.Meter { return b.meter }

type noGauges struct{ noop.Meter }

func (noGauges) Float64ObservableGauge(string, ...metric.Float64ObservableGaugeOption) (metric.Float64ObservableGauge, error) {
	return nil, errors.New("no gauges here")
}

type noCallbacks struct{ noop.Meter }

func (noCallbacks) RegisterCallback(metric.Callback, ...metric.Observable) (metric.Registration, error) {
	return nil, errors.New("no callbacks here")
}

func TestWhatTheProviderRefuses(t *testing.T) {
	_, err := promptcacheotel.New(promptcacheotel.Config{MeterProvider: broken{meter: noGauges{}}, Prompts: 1})
	require.ErrorContains(t, err, "promptcacheotel: the instruments cannot be made: no gauges here")
	_, err = promptcacheotel.New(promptcacheotel.Config{MeterProvider: broken{meter: noCallbacks{}}})
	require.ErrorContains(t, err, "no callbacks here")
}
