package term_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
)

func noEnv(string) string { return "" }

func TestPlainWhereThereIsNoTerminal(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	for name, s := range map[string]term.Style{
		"zero":   {},
		"buffer": term.StyleOf(&bytes.Buffer{}, noEnv),
		"file":   term.StyleOf(file, noEnv),
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, "a b c d", strings.Join([]string{s.Bold("a"), s.Dim("b"), s.Good("c"), s.Bad("d")}, " "))
			require.Equal(t, "ok", s.Mark(true))
			require.Equal(t, "FAILED", s.Mark(false))
			require.Equal(t, 100, s.Width())
			require.Equal(t, "a...b -> ?0m c d?", s.Clean("a…b → \x1b0m\tc\nd\u00e9"))
		})
	}
}

func TestFancyOnATerminal(t *testing.T) {
	s := term.Fancy(80)
	require.Equal(t, "\x1b[1ma\x1b[0m", s.Bold("a"))
	require.Contains(t, s.Mark(true), "✓")
	require.Contains(t, s.Mark(false), "✗")
	require.Equal(t, 80, s.Width())
	require.Equal(t, 100, term.Fancy(500).Width(), "lines that are too long are hard to read")
	require.Equal(t, "é ?[2J?", s.Clean("é \x1b[2J\u009b"), "a server must not move the cursor")
}

func TestWhatATerminalUnderstands(t *testing.T) {
	for _, tt := range []struct {
		goos, env string
		want      bool
	}{
		{"linux", "", true},
		{"darwin", "TERM=xterm-256color", true},
		{"linux", "NO_COLOR=1", false},
		{"linux", "TERM=dumb", false},
		{"windows", "", false},
	} {
		got := term.IsFancy(tt.goos, func(name string) string {
			value, _ := strings.CutPrefix(tt.env, name+"=")
			if value == tt.env {
				return ""
			}
			return value
		})
		require.Equal(t, tt.want, got, tt)
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"", []string{""}},
		{"one two", []string{"one two"}},
		{"one two three", []string{"one two", "three"}},
		{"unbreakable a b", []string{"unbreakable", "a b"}},
		{"  a \n b  ", []string{"a b"}},
		{"ééé ééé", []string{"ééé ééé"}},
	} {
		require.Equal(t, tt.want, term.Wrap(tt.text, 7), tt.text)
	}
}
