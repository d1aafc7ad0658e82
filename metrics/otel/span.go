package promptcacheotel

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/promptcache/promptcache-go/metrics"
	"github.com/promptcache/promptcache-go/promptcache"
)

// spanName is what every fetch's span is called; its attributes say which fetch.
const spanName = "promptcache.fetch"

// The attributes of spans. The error's two have the names of OpenTelemetry's
// semantic conventions.
const (
	keyCache      = attribute.Key("promptcache.cache")
	keyDomain     = attribute.Key("promptcache.domain")
	keyPrompt     = attribute.Key("promptcache.key")
	keyCached     = attribute.Key("promptcache.cached")
	keyBackground = attribute.Key("promptcache.background")
	keyOutcome    = attribute.Key("promptcache.outcome")
	keyErrorType  = attribute.Key("error.type")
	keyStatus     = attribute.Key("http.response.status_code")
)

// startSpan begins the span of a fetch: below the reader's, or as the root of a
// trace of its own if the refresher began it.
func (i *Instrumentation) startSpan(ctx context.Context, f promptcache.FetchInfo) (context.Context, trace.Span) {
	options := []trace.SpanStartOption{trace.WithAttributes(
		keyCache.String(i.name.Value.AsString()),
		keyDomain.String(metrics.Label(f.Domain)),
		keyPrompt.String(metrics.Label(f.Key)),
		keyCached.Bool(f.Cached),
		keyBackground.Bool(f.Background),
	)}
	if f.Background {
		options = append(options, trace.WithNewRoot(), trace.WithLinks(trace.LinkFromContext(ctx)))
	}
	return i.tracer.Start(ctx, spanName, options...)
}

func endSpan(span trace.Span, r promptcache.FetchResult, outcome string) {
	defer span.End()
	span.SetAttributes(keyOutcome.String(outcome))
	if r.Err == nil {
		return
	}
	span.SetAttributes(keyErrorType.String(metrics.KindName(r.Err)))
	if fe, ok := errors.AsType[*promptcache.FetchError](r.Err); ok && fe.StatusCode != 0 {
		span.SetAttributes(keyStatus.Int(fe.StatusCode))
	}
	span.SetStatus(codes.Error, metrics.Label(r.Err.Error()))
}
