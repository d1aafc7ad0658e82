package promptcacheotel_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/promptcache/promptcache-go/fakes/source"
	promptcacheotel "github.com/promptcache/promptcache-go/metrics/otel"
	"github.com/promptcache/promptcache-go/promptcache"
)

func TestSpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, promptcacheotel.Config{Cache: "prompts"})
		var inFetch trace.SpanContext
		answer := func(ctx context.Context, _ string) (string, error) {
			inFetch = trace.SpanContextFromContext(ctx)
			time.Sleep(time.Second)
			return "one", nil
		}
		s.src.Always(answer)

		starting, start := s.traces.Tracer("test").Start(t.Context(), "start")
		require.NoError(t, s.Start(starting))
		start.End()
		handling, request := s.traces.Tracer("test").Start(t.Context(), "request")
		_, err := s.GetOrFetch(handling, "smith/a")
		require.NoError(t, err)
		request.End()
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		s.src.Always(source.Fail[string](&promptcache.FetchError{Kind: promptcache.KindRateLimited, StatusCode: 429}))
		_, err = s.GetOrFetch(context.Background(), "smith/b")
		require.ErrorIs(t, err, promptcache.ErrRateLimited)

		ended := s.spans.Ended()
		require.Len(t, ended, 5) // start, fetch, request, refresh, failure
		fetch, refresh, failure := ended[1], ended[3], ended[4]

		require.Equal(t, "promptcache.fetch", fetch.Name())
		require.Equal(t, request.SpanContext().TraceID(), fetch.SpanContext().TraceID(), "it is in the trace of the request")
		require.Equal(t, request.SpanContext().SpanID(), fetch.Parent().SpanID())
		require.Empty(t, fetch.Links())
		require.Equal(t, time.Second, fetch.EndTime().Sub(fetch.StartTime()))
		require.Equal(t, codes.Unset, fetch.Status().Code)
		require.Equal(t, map[string]any{
			"promptcache.cache": "prompts", "promptcache.domain": "smith", "promptcache.key": "smith/a",
			"promptcache.cached": false, "promptcache.background": false, "promptcache.outcome": "ok",
		}, attributes(fetch))

		require.Equal(t, inFetch, refresh.SpanContext(), "what the fetch does is below its span")
		require.False(t, refresh.Parent().IsValid(), "it belongs to no request")
		require.NotEqual(t, start.SpanContext().TraceID(), refresh.SpanContext().TraceID())
		require.Len(t, refresh.Links(), 1)
		require.Equal(t, start.SpanContext().SpanID(), refresh.Links()[0].SpanContext.SpanID())
		require.Equal(t, map[string]any{
			"promptcache.cache": "prompts", "promptcache.domain": "smith", "promptcache.key": "smith/a",
			"promptcache.cached": true, "promptcache.background": true, "promptcache.outcome": "unchanged",
		}, attributes(refresh))

		require.False(t, failure.Parent().IsValid(), "its reader had no span")
		require.Empty(t, failure.Links())
		require.Equal(t, codes.Error, failure.Status().Code)
		require.Contains(t, failure.Status().Description, `fetch "smith/b": rate limited (HTTP 429)`)
		got := attributes(failure)
		require.Equal(t, "rate_limited", got["error.type"])
		require.Equal(t, "rate_limited", got["promptcache.outcome"])
		require.EqualValues(t, 429, got["http.response.status_code"])
	})
}

func TestRefreshesOfAStartWithoutASpanHaveNoLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, promptcacheotel.Config{})
		s.src.Put("a", "one")
		require.NoError(t, s.Start(t.Context()))
		_, err := s.GetOrFetch(t.Context(), "a")
		require.NoError(t, err)
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		ended := s.spans.Ended()
		require.Len(t, ended, 2)
		require.Empty(t, ended[1].Links())
	})
}

// A fetch that its request has left is canceled, which is no failure, or goes
// on; either way the span ends when the fetch does.
func TestSpanOfAFetchThatNobodyWants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, promptcacheotel.Config{})
		s.src.Hold()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := s.GetOrFetch(ctx, "a")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait()
		ended := s.spans.Ended()
		require.Len(t, ended, 1)
		require.Equal(t, codes.Unset, ended[0].Status().Code)
		require.Equal(t, "canceled", attributes(ended[0])["promptcache.outcome"])
		require.Equal(t, time.Second, ended[0].EndTime().Sub(ended[0].StartTime()))
	})
}
