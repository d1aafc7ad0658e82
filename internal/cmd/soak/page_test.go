package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// docs is where the committed page and its report are.
const docs = "../../../docs"

func TestTheReliabilityPageIsWhatTheCommandWrites(t *testing.T) {
	want, err := os.ReadFile(filepath.Join(docs, "reliability.md"))
	require.NoError(t, err)
	place := func(page []byte) (before, after []byte) {
		before, rest, begins := bytes.Cut(page, []byte(reportBegin))
		_, after, ends := bytes.Cut(rest, []byte(reportEnd))
		require.True(t, begins && ends)
		return before, after
	}
	before, after := place(want)
	page := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(page, bytes.Join([][]byte{before, []byte(reportBegin), []byte("old\n"), []byte(reportEnd), after}, nil), 0o600))

	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"-again", "-json", filepath.Join(docs, "reliability", "soak.json"), "-page", page}, &stdout, &stderr)
	require.Equal(t, exitOK, code, stderr.String())
	got, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run make reliability, or soak -again")
	require.Contains(t, string(want), "| one fetch of a key at a time | 0 |")
}

func TestPagesThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	report, page := file("soak.json", "{}"), file("page.md", "nothing\n")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-page", page}, "-page shows what -json names"},
		{[]string{"-again", "-json", report}, "-page shows what -json names"},
		{[]string{"-again", "-page", page, "-json", filepath.Join(dir, "none")}, "no such file"},
		{[]string{"-again", "-page", page, "-json", file("bad.json", "{")}, "bad.json: unexpected end"},
		{[]string{"-again", "-page", filepath.Join(dir, "none.md"), "-json", report}, "none.md: no such file"},
		{[]string{"-again", "-page", page, "-json", report}, "page.md: no place for the report"},
	} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, exitUsage, run(t.Context(), test.args, &stdout, &stderr), test.args)
		require.Contains(t, stderr.String(), test.want)
	}
	left, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, "nothing\n", string(left))
}
