package sourcetest

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// FuzzWire proves that whatever a server sends becomes a prompt that can be
// dumped and loaded, or an error that can be shown to anyone; CREDENTIAL in it
// stands for the request's. Lists end.
func FuzzWire[V Value](f *testing.F, v Victim[V]) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
	for _, seed := range []string{
		"", "HTTP/1.1 ", ok + v.Good, ok + v.Rejected, ok + v.Nested, "HTTP/1.0 200 OK\r\n\r\n" + v.Good,
		"HTTP/1.1 404 No\r\nContent-Type: application/json\r\n\r\n" + v.Rejected,
		"HTTP/1.1 302 Found\r\nLocation: /base/CREDENTIAL\r\n\r\n", "HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nDate: x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: \"CREDENTIAL\"\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 CREDENTIAL\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b",
		ok + `{"repos":[{"repo_handle":"al"}],"total":1}`, ok + `{"data":[{"name":"greeting"}],"meta":{"page":1,"totalPages":1}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		var request *http.Request
		client := &http.Client{Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				near, far := net.Pipe()
				go func() {
					defer far.Close() //nolint:errcheck // of a pipe
					r, err := http.ReadRequest(bufio.NewReader(far))
					if err != nil {
						return
					}
					request = r
					_, _ = far.Write(bytes.ReplaceAll(answer, []byte("CREDENTIAL"), []byte(credentialsOf(r)[0])))
				}()
				return near, nil
			},
		}}
		src := v.open(t, Settings{Endpoint: "http://127.0.0.1:1/base", Retries: new(0), HTTPClient: client})
		if err := src.List(t); err != nil {
			requireHarmless(t, err, request)
		}
		cache, err := src.Cache(promptcache.DefaultConfig())
		require.NoError(t, err)
		value, err := cache.GetOrFetch(t.Context(), v.Key)
		if err != nil {
			requireHarmless(t, err, request)
			return
		}
		var dump bytes.Buffer
		require.NoError(t, cache.Dump(&dump))
		other, err := src.Cache(promptcache.DefaultConfig())
		require.NoError(t, err)
		n, err := other.Load(&dump)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		again, found := other.Get(v.Key)
		require.True(t, found)
		require.Equal(t, value.Revision(), again.Revision())
	})
}
