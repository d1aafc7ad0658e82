package promptcache_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/promptcache"
)

// The measure of a snapshot is encoding/json of the same values: 10,000 prompts
// of 4 KiB.
const manyPrompts = 10_000

// paper is a prompt of some size.
type paper struct {
	Name, Template string
	Tags           []string
	Temperature    float64
}

// papers returns n prompts of 4 KiB.
func papers(n int) map[string]*paper {
	line := "Du bist ein <assistant> that \"answers\" in {{language}}, never in another.\n"
	all := make(map[string]*paper, n)
	for i := range n {
		name := fmt.Sprintf("team/prompt-%05d", i)
		all[name] = &paper{Name: name, Template: strings.Repeat(line, 4096/len(line)), Tags: []string{"production"}, Temperature: 0.7}
	}
	return all
}

func holdingPapers(b *testing.B, all map[string]*paper) *promptcache.PromptCache[*paper] {
	b.Helper()
	c, err := promptcache.New[*paper](nil, exactly(offline, sized(manyPrompts)))
	require.NoError(b, err)
	for key, p := range all {
		c.Set(key, p)
	}
	return c
}

func BenchmarkDump(b *testing.B) {
	all := papers(manyPrompts)
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			file, err := json.MarshalIndent(map[string]any{"entries": all}, "", "  ")
			require.NoError(b, err)
			_, err = io.Discard.Write(file)
			require.NoError(b, err)
		}
	})
	c := holdingPapers(b, all)
	b.Run("Dump", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, c.Dump(io.Discard))
		}
	})
	b.Run("DumpFile", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "a.json")
		for b.Loop() {
			require.NoError(b, c.DumpFile(path))
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	var file bytes.Buffer
	require.NoError(b, holdingPapers(b, papers(manyPrompts)).Dump(&file))
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			var all struct{ Entries map[string]*paper }
			require.NoError(b, json.Unmarshal(file.Bytes(), &all))
			require.Len(b, all.Entries, manyPrompts)
		}
	})
	b.Run("Load", func(b *testing.B) {
		for b.Loop() {
			c := holdingPapers(b, nil)
			n, err := c.Load(bytes.NewReader(file.Bytes()))
			require.NoError(b, err)
			require.Equal(b, manyPrompts, n)
		}
	})
	b.Run("ReadSnapshot", func(b *testing.B) {
		for b.Loop() {
			_, err := promptcache.ReadSnapshot(bytes.NewReader(file.Bytes()))
			require.NoError(b, err)
		}
	})
}
