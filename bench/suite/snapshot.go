package suite

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/bench/peer"
	"github.com/promptcache/promptcache-go/bench/report"
	"github.com/promptcache/promptcache-go/bench/rounds"
	"github.com/promptcache/promptcache-go/bench/target"
	"github.com/promptcache/promptcache-go/bench/trace"
	"github.com/promptcache/promptcache-go/promptcache"
)

// snapshotSizes are the templates of the prompts, in bytes.
var snapshotSizes = []struct {
	name  string
	bytes int
}{{"0.5 KiB", 512}, {"4 KiB", 4096}}

// snapshot is how long a process takes that starts with a snapshot to have its
// first prompt.
func snapshot(ctx context.Context, s Settings) (Found, error) {
	count := s.atMost(10_000)
	t := report.Table{
		Title:   "From a snapshot of " + report.Number(float64(count)) + " prompts to the first one",
		Intro:   "A new cache, offline, loads a file and answers a Get; it verifies the file's checksum and every entry. Beside it encoding/json decodes the same file and verifies nothing: into a map of the same prompts, and into maps of any.",
		Subject: "by", Rows: []report.Row{{Name: peer.OursName, Ours: true}, {Name: "encoding/json, prompts", Unranked: true}, {Name: "encoding/json, any", Unranked: true}},
	}
	dir, err := os.MkdirTemp("", "promptcache-bench-")
	if err != nil {
		return Found{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary directory
	measured := target.Measured{}
	for _, size := range snapshotSizes {
		s.say("snapshot of prompts of %s", size.name)
		file := snapshotFile{path: filepath.Join(dir, "prompts.json"), keys: trace.Keys(count)}
		if err := file.write(size.bytes); err != nil {
			return Found{}, err
		}
		results, err := rounds.Compare(ctx, s.config(1), []rounds.Subject{
			timed(t.Rows[0].Name, file.load),
			timed(t.Rows[1].Name, file.decodePrompts),
			timed(t.Rows[2].Name, file.decodeAny),
		})
		if err != nil {
			return Found{}, err
		}
		cells, err := report.Compared(results, results[0])
		if err != nil {
			return Found{}, err
		}
		for i := range cells {
			*cells[i].Figure = times(*cells[i].Figure, 1e-6)
		}
		addColumn(&t, report.Column{Name: "prompts of " + size.name, Unit: "ms", Ratio: true}, cells)
		byJSON, err := rounds.Ratio(results[0], results[1])
		if err != nil {
			return Found{}, err
		}
		measured[target.SnapshotByJSON(report.Number(float64(count))+" prompts of "+size.name)] = byJSON
	}
	return Found{Tables: []report.Table{t}, Measured: measured}, nil
}

// timed is a subject that does one thing n times.
func timed(name string, do func() error) rounds.Subject {
	return rounds.Subject{Name: name, Run: func(ctx context.Context, n int) (time.Duration, error) {
		began := time.Now()
		for range n {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			if err := do(); err != nil {
				return 0, err
			}
		}
		return time.Since(began), nil
	}}
}

// snapshotFile is a snapshot on disk.
type snapshotFile struct {
	path string
	keys []string
}

// cache makes one with room for all, offline.
func (f snapshotFile) cache() (*promptcache.PromptCache[*peer.Prompt], error) {
	cfg := promptcache.DefaultConfig()
	cfg.TTL = nil
	cfg.MaxSize = len(f.keys)
	return promptcache.New[*peer.Prompt](nil, cfg)
}

// write fills the file with prompts whose templates have about so many bytes.
func (f snapshotFile) write(size int) error {
	const line = "You are <an assistant> that \"answers\" in {language}, and briefly.\n"
	c, err := f.cache()
	if err != nil {
		return err
	}
	for i, key := range f.keys {
		c.Set(key, &peer.Prompt{Name: key, Commit: fmt.Sprintf("%08x", i), Template: strings.Repeat(line, size/len(line))})
	}
	return c.DumpFile(f.path)
}

func (f snapshotFile) load() error {
	c, err := f.cache()
	if err != nil {
		return err
	}
	n, err := c.LoadFile(f.path)
	if err != nil {
		return err
	}
	if p, ok := c.Get(f.keys[0]); n != len(f.keys) || !ok || p.Name != f.keys[0] {
		return fmt.Errorf("suite: %d of %d prompts were loaded, and the first is %v", n, len(f.keys), p)
	}
	return nil
}

func (f snapshotFile) decodePrompts() error {
	var all struct{ Entries map[string]*peer.Prompt }
	if err := f.decode(&all); err != nil {
		return err
	}
	return f.complete(len(all.Entries))
}

func (f snapshotFile) decodeAny() error {
	var all struct{ Entries map[string]any }
	if err := f.decode(&all); err != nil {
		return err
	}
	return f.complete(len(all.Entries))
}

func (f snapshotFile) decode(into any) error {
	content, err := os.ReadFile(f.path)
	if err != nil {
		return err
	}
	return json.Unmarshal(content, into)
}

func (f snapshotFile) complete(n int) error {
	if n != len(f.keys) {
		return fmt.Errorf("suite: encoding/json found %d prompts of %d", n, len(f.keys))
	}
	return nil
}
