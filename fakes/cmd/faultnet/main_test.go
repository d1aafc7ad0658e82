package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/fakes/faultnet"
	"github.com/promptcache/promptcache-go/fakes/internal/fakecmd"
	"github.com/promptcache/promptcache-go/fakes/internal/fakecmd/fakecmdtest"
)

func TestMain(m *testing.M) {
	fakecmdtest.Main(command())
	goleak.VerifyTestMain(m)
}

func get(t *testing.T, url string) (body string, err error) {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	read, err := io.ReadAll(resp.Body)
	return string(read), err
}

func TestServes(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	defer server.Close()
	proxy := fakecmdtest.Begin(t, command(), "-target", server.URL,
		"-fault", "reset,times=1,skip=1", "-fault", "latency,delay=100ms,jitter=1ms,direction=both", "-fault", "refuse,at=1h,for=1s")
	began := time.Now()
	body, err := get(t, proxy.URL)
	require.NoError(t, err)
	require.Equal(t, "hello", body)
	require.GreaterOrEqual(t, time.Since(began), 190*time.Millisecond)
	_, err = get(t, proxy.URL)
	require.Error(t, err)
	body, err = get(t, proxy.URL)
	require.NoError(t, err)
	require.Equal(t, "hello", body)
	code, stderr := proxy.Stop()
	require.Equal(t, fakecmd.ExitOK, code, stderr)
}

func TestFaultFlag(t *testing.T) {
	var o options
	require.NoError(t, o.addFault("corrupt,direction=both,skip=1,times=2,after=3,fraction=0.5,at=1s,for=2s"))
	require.NoError(t, o.addFault("latency,delay=2s,jitter=1s"))
	require.NoError(t, o.addFault("bandwidth,rate=7"))
	require.Equal(t, faultnet.Schedule{
		{At: time.Second, For: 2 * time.Second, Fault: faultnet.Fault{
			Kind: faultnet.Corrupt, Direction: faultnet.Both, Skip: 1, Times: 2, After: 3, Fraction: 0.5,
		}},
		{For: forever, Fault: faultnet.Fault{Kind: faultnet.Latency, Delay: 2 * time.Second, Jitter: time.Second}},
		{For: forever, Fault: faultnet.Fault{Kind: faultnet.Bandwidth, BytesPerSecond: 7}},
	}, o.steps)
	o = options{storm: time.Minute, cfg: faultnet.Config{Seed: 3}}
	opened, _, err := o.open("127.0.0.1:0")
	require.NoError(t, err)
	require.Equal(t, faultnet.Storm{Seed: 3, Length: time.Minute}.Schedule(), opened.(*player).steps)
}

func TestRefusals(t *testing.T) {
	for _, fault := range []string{"reset,x=1", "reset,times=x", "reset,", "reset,for=1"} {
		fakecmdtest.Fails(t, command(), fakecmd.ExitUsage, `for flag -fault: `, "-target", "127.0.0.1:1", "-fault", fault)
	}
	fakecmdtest.Fails(t, command(), fakecmd.ExitFailure, `step 0: faultnet: fault: kind "x"`, "-target", "127.0.0.1:1", "-fault", "x")
	fakecmdtest.Fails(t, command(), fakecmd.ExitFailure, `target "": want HOST:PORT`)
	fakecmdtest.Fails(t, command(), fakecmd.ExitFailure, "want a loopback address", "-target", "192.0.2.1:80")
	fakecmdtest.Fails(t, command(), fakecmd.ExitUsage, "can be reached by other hosts", "-target", "127.0.0.1:1", "-addr", "0.0.0.0:0")
	fakecmdtest.Helps(t, command(), "Usage: faultnet", "-fault KIND[,NAME=VALUE]", "-storm DURATION", "half-open")
}
