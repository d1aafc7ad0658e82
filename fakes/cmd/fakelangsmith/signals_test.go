//go:build unix

package main

import (
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEndsOnSignals runs the command as a process of its own.
func TestEndsOnSignals(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		command := exec.CommandContext(t.Context(), os.Args[0], "-addr", "127.0.0.1:0")
		command.Env = append(os.Environ(), asCommand+"=1")
		stdout, err := command.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, command.Start())
		url := firstLine(t, stdout)
		status, _ := ask(t, http.MethodGet, url+"/info", "", "")
		require.Equal(t, 200, status)
		require.NoError(t, command.Process.Signal(sig))
		require.NoError(t, command.Wait(), "%v ends it with exit code 0", sig)
	}
}
