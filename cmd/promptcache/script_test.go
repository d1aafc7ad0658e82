package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/demo"
	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
)

func TestMain(m *testing.M) {
	if slices.Contains(os.Args[1:], demo.OfflineCommand) { // the demo runs its own program
		main()
		return
	}
	testscript.Main(leakless{m}, map[string]func(){"promptcache": main})
}

// leakless runs the tests, and fails if they leave a goroutine behind.
type leakless struct{ *testing.M }

func (m leakless) Run() int {
	code := m.M.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// TestScripts runs testdata/script, each with registries of its own. Their
// addresses are in $LANGSMITH and $LANGFUSE, the latter's public and secret key in
// $PUBLIC and $SECRET, LangSmith's in $KEY.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup:               setUp,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"json":  isJSON,
			// push REGISTRY NAME TEMPLATE [LABEL] and remove REGISTRY NAME change what
			// a registry has.
			"push": push,
			// asked NAME waits until LangSmith has been asked for a prompt.
			"asked":  asked,
			"remove": remove,
			// publish NAME makes a prompt of LangSmith public.
			"publish": publish,
		},
	})
}

func setUp(env *testscript.Env) error {
	smith, err := fakelangsmith.Start(fakelangsmith.Config{})
	if err != nil {
		return err
	}
	env.Defer(smith.Close)
	fuse, err := fakelangfuse.Start(fakelangfuse.Config{})
	if err != nil {
		return err
	}
	env.Defer(fuse.Close)
	env.Setenv("LANGSMITH", smith.URL())
	env.Setenv("KEY", fakelangsmith.DefaultKey)
	env.Setenv("LANGFUSE", fuse.URL())
	env.Setenv("PUBLIC", fakelangfuse.DefaultPublicKey)
	env.Setenv("SECRET", fakelangfuse.DefaultSecretKey)
	env.Values[smithValue{}], env.Values[fuseValue{}] = smith, fuse
	return errors.Join(seedLangSmith(smith), seedLangfuse(fuse))
}

// The keys of a script's registries.
type (
	smithValue struct{}
	fuseValue  struct{}
)

func push(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: push REGISTRY NAME TEMPLATE [LABEL]")
	}
	name, template, labels := args[1], args[2], append([]string{"production"}, args[3:]...)
	switch args[0] {
	case "langsmith":
		_, err := ts.Value(smithValue{}).(*fakelangsmith.Server).PushText(name, template)
		ts.Check(err)
	case "langfuse":
		_, err := ts.Value(fuseValue{}).(*fakelangfuse.Server).Push(name, fakelangfuse.Version{
			Prompt: fakelangfuse.Text(template), Labels: labels[len(labels)-1:],
		})
		ts.Check(err)
	default:
		ts.Fatalf("there is no registry %s", args[0])
	}
}

func publish(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: publish NAME")
	}
	ts.Check(ts.Value(smithValue{}).(*fakelangsmith.Server).SetPublic(args[0], true))
}

func remove(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: remove REGISTRY NAME")
	}
	switch args[0] {
	case "langsmith":
		ts.Check(ts.Value(smithValue{}).(*fakelangsmith.Server).DeletePrompt(args[1]))
	case "langfuse":
		ts.Check(ts.Value(fuseValue{}).(*fakelangfuse.Server).Delete(args[1]))
	default:
		ts.Fatalf("there is no registry %s", args[0])
	}
}

func seedLangSmith(fake *fakelangsmith.Server) error {
	_, first := fake.Push("greeting", fakelangsmith.Commit{
		Manifest: fakelangsmith.Text("Hello {name}."), Tags: []string{"production"}, Description: "the first",
	})
	_, second := fake.PushText("greeting", "Good day, {name}.")
	_, chat := fake.PushChat("assistant",
		fakelangsmith.Message{Role: "system", Template: "You answer in {language}, in one or two sentences that are easy to read.\n\n  - Say what you know.\n  - Say what you do not know, and who may."},
		fakelangsmith.Message{Role: "placeholder", Template: "history"},
		fakelangsmith.Message{Role: "human", Template: "<b>{question}</b> \x1b[2J 日本語"},
	)
	_, jinja := fake.PushChat("jinja", fakelangsmith.Message{Role: "human", Template: "{{ x }}", Format: "jinja2"})
	_, public := fake.PushText("others/rag", "Answer from {context}.")
	return errors.Join(first, second, chat, jinja, public, fake.SetPublic("others/rag", true))
}

func seedLangfuse(fake *fakelangfuse.Server) error {
	_, first := fake.Push("support/triage", fakelangfuse.Version{
		Prompt: fakelangfuse.Chat(
			fakelangfuse.Message{Role: "system", Content: "Be {{mood}}."},
			fakelangfuse.Message{Role: "placeholder", Content: "history"},
			fakelangfuse.Message{Role: "user", Content: "{{question}}"},
		),
		Config: json.RawMessage(`{"model":"gpt-4o","seed":9007199254740993}`),
		Labels: []string{"production"}, Tags: []string{"support"}, CommitMessage: "shorter",
	})
	_, second := fake.Push("support/triage", fakelangfuse.Version{
		Prompt: fakelangfuse.Chat(fakelangfuse.Message{Role: "user", Content: "{{question}}"}), Labels: []string{"staging"},
	})
	_, text := fake.PushText("farewell", "Goodbye {{name}}.")
	return errors.Join(first, second, text)
}

// exits runs a program and checks its exit status: exits 2 promptcache get.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROGRAM [ARG]...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// isJSON checks that a file, such as stdout, is one JSON document, and that what
// stands at a path in it is this JSON: json stdout messages.0.role "user".
func isJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 && len(args) != 3 {
		ts.Fatalf("usage: json FILE [PATH VALUE]")
	}
	at := json.RawMessage(ts.ReadFile(args[0]))
	if !json.Valid(at) {
		ts.Fatalf("%s is not one JSON document", args[0])
	}
	if len(args) == 1 {
		return
	}
	for name := range strings.SplitSeq(args[1], ".") {
		at = member(ts, at, name)
	}
	var want, got any
	ts.Check(json.Unmarshal([]byte(args[2]), &want))
	ts.Check(json.Unmarshal(at, &got))
	wantText, _ := json.Marshal(want)
	gotText, _ := json.Marshal(got)
	if string(wantText) != string(gotText) {
		ts.Fatalf("%s is %s, want %s", args[1], gotText, wantText)
	}
}

// member returns a member of an object, or an element of an array by its number.
func member(ts *testscript.TestScript, of json.RawMessage, name string) json.RawMessage {
	if i, err := strconv.Atoi(name); err == nil {
		var elements []json.RawMessage
		ts.Check(json.Unmarshal(of, &elements))
		if i >= len(elements) {
			ts.Fatalf("there is no element %d", i)
		}
		return elements[i]
	}
	var members map[string]json.RawMessage
	ts.Check(json.Unmarshal(of, &members))
	found, ok := members[name]
	if !ok {
		ts.Fatalf("there is no member %q", name)
	}
	return found
}

// asked waits until the fake of LangSmith has been asked for a prompt.
func asked(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: asked NAME")
	}
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	late := time.After(20 * time.Second)
	for ts.Value(smithValue{}).(*fakelangsmith.Server).CountFor(args[0]) == 0 {
		select {
		case <-look.C:
		case <-late:
			ts.Fatalf("nobody asked for %s", args[0])
		}
	}
}
