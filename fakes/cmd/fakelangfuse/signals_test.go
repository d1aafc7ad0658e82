//go:build unix

package main

import (
	"net/http"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/internal/fakecmd/fakecmdtest"
)

func TestEndsOnASignal(t *testing.T) {
	fakecmdtest.EndsOn(t, syscall.SIGTERM, func(url string) {
		_, answer := ask(t, http.MethodGet, url+"/api/public/health", "", "")
		require.JSONEq(t, `{"status":"OK","version":"4.16.0"}`, answer)
	})
}
