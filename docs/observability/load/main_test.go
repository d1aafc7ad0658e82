package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// It serves what happens, until it is told to end, and leaves nothing behind.
func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, "127.0.0.1:0", in) }()
	address, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)

	require.EventuallyWithT(t, func(t *assert.CollectT) {
		response, err := http.Get(strings.TrimSpace(address))
		require.NoError(t, err)
		defer response.Body.Close() //nolint:errcheck // it was read
		page, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Regexp(t, `(?m)^promptcache_hits_total\{cache="prompts"\} [1-9]`, string(page))
		require.Regexp(t, `(?m)^promptcache_fetch_duration_seconds_count\{.*outcome="ok"\} [1-9]`, string(page))
	}, 10*time.Second, 20*time.Millisecond)
	http.DefaultClient.CloseIdleConnections()
	cancel()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("it does not end")
	}
}

func TestAnAddressThatIsTaken(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close() //nolint:errcheck // nobody uses it
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	require.ErrorContains(t, run(ctx, listener.Addr().String(), io.Discard), "address already in use")
}
