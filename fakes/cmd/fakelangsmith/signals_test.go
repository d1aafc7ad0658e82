//go:build unix

package main

import (
	"net/http"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/internal/fakecmd/fakecmdtest"
)

func TestEndsOnSignals(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		fakecmdtest.EndsOn(t, sig, func(url string) {
			status, _ := ask(t, http.MethodGet, url+"/info", "", "")
			require.Equal(t, 200, status)
		})
	}
}
