package sdktest_test

import (
	"testing"

	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
)

// The pairs of keys that the scripts use, too.
var (
	acmePair = fakelangfuse.Key{Public: "pk-lf-acme", Secret: "sk-lf-acme", Project: "acme"}
	betaPair = fakelangfuse.Key{Public: "pk-lf-beta", Secret: "sk-lf-beta", Project: "beta"}
	orgPair  = fakelangfuse.Key{Public: "pk-lf-org", Secret: "sk-lf-org"}
)

func startLangfuse(t *testing.T) *fakelangfuse.Server {
	t.Helper()
	return fakelangfuse.StartTest(t, fakelangfuse.Config{Admin: true, Keys: []fakelangfuse.Key{acmePair, betaPair, orgPair}})
}
