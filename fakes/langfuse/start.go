package fakelangfuse

import "github.com/promptcache/promptcache-go/fakes/internal/fakeserver"

// TB is what [StartTest] needs of a test or a benchmark: *testing.T and
// *testing.B have it.
type TB = fakeserver.TB

// Start makes a server and lets it listen. It returns every problem of cfg at
// once, or why the address cannot be listened on. Close it when done.
func Start(cfg Config) (*Server, error) {
	return fakeserver.Start(func() (*Server, error) { return New(cfg) })
}

// StartTest is [Start] for a test: it fails t on an error, and closes the
// server when t ends.
func StartTest(t TB, cfg Config) *Server {
	t.Helper()
	return fakeserver.StartTest(t, func() (*Server, error) { return New(cfg) })
}
