package metrics

import (
	"errors"
	"strings"
	"sync"

	"github.com/promptcache/promptcache-go/promptcache"
)

// Outcomes of fetches beside the kinds of errors; see [Outcome].
const (
	OutcomeOK        = "ok"
	OutcomeUnchanged = "unchanged"
	OutcomeFallback  = "fallback"
	OutcomeCanceled  = "canceled"
)

// FetchDuration describes the histogram of how long fetches took, for a
// promptcache.FetchHook to fill.
func FetchDuration() Instrument {
	return Instrument{
		Name: "promptcache.fetch.duration", Unit: "s", Kind: Histogram,
		Help:   "How long fetches took that have returned, by how they ended.",
		Labels: []string{LabelDomain, LabelOutcome},
	}
}

// FetchDurationBuckets returns the upper bounds of FetchDuration's buckets, in
// seconds: from a registry in the same rack to one that outlasts the default
// FetchTimeout of 10 seconds.
func FetchDurationBuckets() []float64 {
	return []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}
}

// PromptFetches describes the counter of fetches by prompt, for a
// promptcache.FetchHook to fill, if names of prompts are asked for.
func PromptFetches() Instrument {
	return Instrument{
		Name: "promptcache.prompt.fetches", Unit: "{fetch}", Kind: Counter,
		Help:   "Fetches that have returned, by prompt and how they ended. The prompts that have no series of their own are counted as one without a name.",
		Labels: []string{LabelPrompt, LabelOutcome},
	}
}

// Outcome returns how a fetch ended: OutcomeCanceled, OutcomeFallback, the kind
// of its error ("not_found", "rate_limited", …), OutcomeUnchanged or OutcomeOK.
func Outcome(r promptcache.FetchResult) string {
	switch {
	case r.Canceled:
		return OutcomeCanceled
	case r.Fallback:
		return OutcomeFallback
	case r.Err != nil:
		return KindName(r.Err)
	case r.Unchanged:
		return OutcomeUnchanged
	default:
		return OutcomeOK
	}
}

// KindName returns the kind of a failed fetch as the value of a label:
// "not_found".
func KindName(err error) string {
	kind := promptcache.KindUnknown
	if fe, ok := errors.AsType[*promptcache.FetchError](err); ok {
		kind = fe.Kind
	}
	return strings.ReplaceAll(kind.String(), " ", "_")
}

// longestName is how many bytes a prompt's name may have to be a label's value.
const longestName = 200

// Names says which prompts have a label of their own, so that there are never
// too many: the first ones that could be fetched. It is safe for concurrent use.
type Names struct {
	limit int

	mu    sync.Mutex // guards what follows
	known map[string]struct{}
}

// NewNames returns a Names that admits limit prompts; none if limit is 0 or less.
func NewNames(limit int) *Names {
	return &Names{limit: limit, known: make(map[string]struct{})}
}

// Label returns key as the value of LabelPrompt, or "" if it has none of its own:
// because there are limit others, because it is longer than 200 bytes, or because
// no fetch of it has succeeded, and so anybody could have made it up. fetched says
// that one has, now.
func (n *Names) Label(key string, fetched bool) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, ok := n.known[key]; ok {
		return Label(key)
	}
	if !fetched || len(n.known) >= n.limit || len(key) > longestName {
		return ""
	}
	n.known[key] = struct{}{}
	return Label(key)
}
