package fakecmdtest

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/internal/fakecmd"
)

// Ask makes one request with a header, on a connection of its own.
func Ask(t *testing.T, method, url, header, value, body string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Close = true
	req.Header.Set(header, value)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close() //nolint:errcheck // read only
	read, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(read)
}

// Fails runs the command, which must say what is wrong and end with code.
func Fails(t *testing.T, command fakecmd.Command, code int, want string, args ...string) {
	t.Helper()
	var stdout, stderr strings.Builder
	require.Equal(t, code, command.Run(Ended(), args, &stdout, &stderr), args)
	require.Contains(t, stderr.String(), want)
	require.Equal(t, code == fakecmd.ExitUsage, strings.Contains(stderr.String(), "-h lists the flags"))
	require.Empty(t, stdout.String())
}

// Helps asks the command for help, in which all of want must be.
func Helps(t *testing.T, command fakecmd.Command, want ...string) {
	t.Helper()
	for _, flag := range []string{"-h", "--help"} {
		var stdout, stderr strings.Builder
		require.Equal(t, fakecmd.ExitOK, command.Run(Ended(), []string{flag}, &stdout, &stderr))
		for _, text := range append(want, "-addr HOST:PORT", "-allow-remote") {
			require.Contains(t, stderr.String(), text)
		}
	}
}
