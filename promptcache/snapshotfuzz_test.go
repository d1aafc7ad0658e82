package promptcache_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// FuzzLoad: a file is refused, and then nothing is loaded; or it is loaded, and
// then what the cache dumps is the same again.
func FuzzLoad(f *testing.F) {
	good := sealed(oneEntry+`,"b":{"Text":"\u003cü\u003e"}`, oneFact+`,"b":{"key":"b","source":"s","fetched_at":"2026-01-02T03:04:05.5Z","revision":"r","stale":true}`)
	for _, seed := range []string{
		good, sealed(``, ``), `{"entries":{"a":[1.50,-0,1e-7,{"x":null}]}}`, `{"entries":{"a":"\ud83d\ude00\ud800"},"other":[]}`,
		`[]`, `{"entries":null}`, `{"entries":{"a":1,"a":2}}`, strings.Repeat("[", 200), good[:len(good)/2], good + "}", "\xff",
		sealedAs(`"version":2,"format":"json"`, oneEntry, oneFact), sealedAs(`"version":1,"format":"yaml"`, oneEntry, oneFact),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := promptcache.New[any](nil, exactly(offline, sized(1000)))
		require.NoError(t, err)
		n, err := c.Load(bytes.NewReader(data))
		read, readErr := promptcache.ReadSnapshot(bytes.NewReader(data))
		require.Equal(t, n, c.Len())
		if readErr != nil {
			require.Zero(t, n)
			require.ErrorIs(t, err, promptcache.ErrSnapshot)
			return
		}
		require.True(t, json.Valid(data), "it is no JSON")
		require.LessOrEqual(t, n, len(read.Entries))

		var first, second bytes.Buffer
		require.NoError(t, c.Dump(&first))
		again, err := promptcache.New[any](nil, exactly(offline, sized(1000)))
		require.NoError(t, err)
		loaded, err := again.Load(bytes.NewReader(first.Bytes()))
		require.NoError(t, err)
		require.Equal(t, n, loaded)
		require.Equal(t, c.Keys(), again.Keys())
		require.NoError(t, again.Dump(&second))
		one, err := promptcache.ReadSnapshot(&first)
		require.NoError(t, err)
		two, err := promptcache.ReadSnapshot(&second)
		require.NoError(t, err)
		require.Equal(t, one.Entries, two.Entries)
	})
}
