package main

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
)

//go:generate go test -run ^TestManual$ -update .

// manual is where the manual is, which is made of the help.
const manual = "../../docs/cli.md"

var update = flag.Bool("update", false, "write the manual")

func TestManual(t *testing.T) {
	var c cli
	parser, err := newParser(&c, streams{out: &bytes.Buffer{}, err: &bytes.Buffer{}}, func(int) {})
	require.NoError(t, err)
	want := manualOf(parser.Model)
	if *update {
		require.NoError(t, os.WriteFile(manual, []byte(want), 0o644))
	}
	got, err := os.ReadFile(manual)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "docs/cli.md is out of date: go generate ./cmd/promptcache")
}

// manualOf returns the manual, in Markdown.
func manualOf(app *kong.Application) string {
	var b strings.Builder
	b.WriteString("# The command line\n\n")
	b.WriteString("<!-- Made of the help by: go generate ./cmd/promptcache -->\n\n")
	b.WriteString("`go install github.com/promptcache/promptcache-go/cmd/promptcache@latest` builds it, " +
		"and `go run ./cmd/promptcache` runs it from a checkout.\n\n")
	b.WriteString("| command | does |\n|---|---|\n")
	for _, command := range app.Leaves(true) {
		fmt.Fprintf(&b, "| [`promptcache %s`](#promptcache-%s) | %s |\n", command.Name, command.Name, cell(command.Help))
	}
	b.WriteString("\nOf any command, `--help` shows this and `--version` the version.\n")
	for _, command := range app.Leaves(true) {
		section(&b, command)
	}
	b.WriteString("\n## Environment\n\n| variable | meaning |\n|---|---|\n")
	for _, v := range environment() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", v.Name, cell(v.Meaning))
	}
	b.WriteString("\n## Exit status\n\n| status | meaning |\n|---|---|\n")
	for _, status := range strings.Split(strings.TrimSuffix(strings.TrimPrefix(exitStatuses, "Exit status: "), "."), ", ") {
		code, meaning, _ := strings.Cut(cell(status), " ")
		fmt.Fprintf(&b, "| %s | %s |\n", code, meaning)
	}
	return b.String()
}

// section writes what there is to say of one command.
func section(b *strings.Builder, command *kong.Node) {
	fmt.Fprintf(b, "\n## promptcache %s\n\n%s\n\n    %s\n", command.Name, command.Help, strings.TrimSpace("promptcache "+command.Summary()))
	b.WriteString("\n| argument or flag | meaning |\n|---|---|\n")
	for _, arg := range command.Positional {
		fmt.Fprintf(b, "| `%s` | %s |\n", cell(arg.Summary()), cell(arg.Help))
	}
	for _, f := range command.Flags {
		fmt.Fprintf(b, "| `%s` | %s |\n", cell(flagOf(f)), cell(f.Help))
	}
	detail, _, _ := strings.Cut(command.Detail, exitStatuses)
	fmt.Fprintf(b, "\n%s\n", strings.TrimSpace(detail))
}

func flagOf(f *kong.Flag) string {
	if f.IsBool() {
		return "--" + f.Name
	}
	return fmt.Sprintf("--%s=%s", f.Name, cmp.Or(f.PlaceHolder, f.Default, strings.ToUpper(f.Name)))
}

// cell returns text that fits into a cell of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

// environment returns the variables that the command line reads.
func environment() []registry.Variable {
	return append(registry.Environment(),
		registry.Variable{Name: "NO_COLOR", Meaning: "If it is not empty, no colours are used on a terminal."},
		registry.Variable{Name: "HTTPS_PROXY, HTTP_PROXY, NO_PROXY", Meaning: "Proxies, as Go's HTTP client reads them."},
	)
}
