package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// absentPrompt is in no snapshot of the demo.
const absentPrompt = "never-fetched"

// offline: what the service had cached goes into a file, and another process, to
// which there is no network, answers from that file as the service did.
func offline(ctx context.Context, s *scene, t *teller) error {
	dir, err := os.MkdirTemp("", "promptcache-demo-")
	if err != nil {
		return fmt.Errorf("make a directory for the snapshot: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is the system's temporary directory
	keys := s.cache.Keys()
	file := filepath.Join(dir, "prompts.json")
	t.say("What the service has cached is written to a file.")
	began := time.Now()
	if err := s.cache.DumpFile(file); err != nil {
		return err
	}
	t.show("DumpFile", ms(time.Since(began)))
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	t.show("size of the file", count(int(info.Size()), "bytes"))

	address := s.registry.Address()
	if s.fake != nil {
		s.fake.Down()
	}
	found, isolated, took, err := s.elsewhere(ctx, errand{
		Registry: s.registry.Name(), Address: address, Snapshot: file, Keys: keys, Absent: absentPrompt,
	})
	if err != nil {
		return fmt.Errorf("the other process: %w", err)
	}
	where := "It has the network, which this system did not let the demo take from it"
	if isolated {
		where = "It has no network: its network namespace is empty"
	}
	t.say("Another process starts, with no credentials, no source and a nil TTL, and loads the file. %s.", where)
	t.expect("process", "another", sameProcess(found.PID))
	t.show("from its start to its end", ms(took))
	if isolated || s.fake != nil {
		t.verdict("its way to the registry", "none", orReached(found.Reached), found.Reached != "")
	}
	t.show("LoadFile", ms(found.LoadTime))
	t.check("prompts it has loaded", count(found.Loaded, "prompts"), exactly(len(keys), "prompts"))
	t.expect("state of its cache", promptcache.StateOffline.String(), found.State)
	t.expect("its answers", "the same, byte for byte", s.sameAnswers(keys, found.Prompts))
	t.expect("its answer for one that is not there", promptcache.ErrOffline.Error(), offlineError(found.Absent))
	t.check("fetches it has tried", quantity{float64(found.Fetches), "fetches"}, exactly(0, "fetches"))
	t.check("its goroutines of the cache", count(found.Goroutines, "goroutines"), exactly(0, "goroutines"))
	return nil
}

// elsewhere has another process of this program run an errand, without a network
// where the system can take it away. It returns how long that took.
func (s *scene) elsewhere(ctx context.Context, e errand) (f findings, isolated bool, took time.Duration, err error) {
	program, err := os.Executable()
	if err != nil {
		return f, false, 0, err
	}
	stdin, err := json.Marshal(e)
	if err != nil {
		return f, false, 0, err
	}
	for _, isolated := range []bool{true, false} {
		var stdout, stderr bytes.Buffer
		command := exec.CommandContext(ctx, program, OfflineCommand) //nolint:gosec // it is this program
		command.Env = []string{}                                     // no credentials, above all
		command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(stdin), &stdout, &stderr
		if isolated && !withoutNetwork(command) {
			continue
		}
		began := time.Now()
		if err = command.Start(); err != nil && isolated {
			continue // it is not allowed here
		}
		if err == nil {
			err = command.Wait()
		}
		if err != nil {
			return f, isolated, 0, errors.Join(err, errors.New(strings.TrimSpace(stderr.String())))
		}
		took = time.Since(began)
		return f, isolated, took, json.Unmarshal(stdout.Bytes(), &f)
	}
	return f, false, 0, err
}

// sameAnswers compares what the other process answered with what is cached here.
func (s *scene) sameAnswers(keys []string, answers map[string][]byte) string {
	for _, key := range keys {
		v, ok := s.cache.Get(key)
		if !ok {
			return key + " is no longer cached here"
		}
		want, err := v.MarshalJSON()
		if err != nil {
			return err.Error()
		}
		if !bytes.Equal(want, answers[key]) {
			return fmt.Sprintf("%s is %s", key, answers[key])
		}
	}
	return "the same, byte for byte"
}

func sameProcess(pid int) string {
	if pid == os.Getpid() {
		return "this one"
	}
	return "another"
}

func orReached(failure string) string {
	if failure == "" {
		return "it was reached"
	}
	return "none (" + failure + ")"
}

// offlineError returns what an error of the other process begins with, if that is
// ErrOffline.
func offlineError(text string) string {
	if want := promptcache.ErrOffline.Error(); strings.HasPrefix(text, want) {
		return want
	}
	return text
}
