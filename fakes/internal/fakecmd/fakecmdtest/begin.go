// Package fakecmdtest runs the commands of package fakecmd in tests.
package fakecmdtest

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/internal/fakecmd"
)

// Running is a command in this process.
type Running struct {
	// URL is where it listens.
	URL string
	// Stop ends it, and returns its exit code and what it wrote to standard
	// error.
	Stop func() (code int, stderr string)
}

// Begin runs the command and waits until it listens. It ends with the test.
func Begin(t *testing.T, command fakecmd.Command, args ...string) Running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	var stderr strings.Builder
	ended := make(chan struct{})
	var code int
	go func() {
		defer close(ended)
		code = command.Run(ctx, args, write, &stderr)
		_ = write.Close()
	}()
	stop := func() (int, string) {
		cancel()
		<-ended
		return code, stderr.String()
	}
	t.Cleanup(func() { stop() })
	return Running{URL: firstLine(t, read), Stop: stop}
}

// firstLine reads "listening on URL".
func firstLine(t *testing.T, stdout io.Reader) (url string) {
	t.Helper()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	url, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "listening on ")
	require.True(t, ok, line)
	require.Regexp(t, `^http://127\.0\.0\.1:[1-9]\d*$`, url)
	return url
}

// Ended is a context with which a command ends at once should it start.
func Ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// asCommand in the environment makes the test binary the command itself.
const asCommand = "FAKECMD_TEST_AS_COMMAND"

// Main runs the command in place of the tests if [EndsOn] started the process.
// Call it first in TestMain.
func Main(command fakecmd.Command) {
	if os.Getenv(asCommand) == "1" {
		command.Main()
	}
}

// EndsOn runs the command as a process of its own, waits until it listens,
// checks the URL, and ends it with sig, which must end it with exit code 0.
func EndsOn(t *testing.T, sig os.Signal, check func(url string)) {
	t.Helper()
	process := exec.CommandContext(t.Context(), os.Args[0], "-addr", "127.0.0.1:0") //nolint:gosec // the test binary itself
	process.Env = append(os.Environ(), asCommand+"=1")
	stdout, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	check(firstLine(t, stdout))
	require.NoError(t, process.Process.Signal(sig))
	require.NoError(t, process.Wait(), "%v ends it with exit code 0", sig)
}
