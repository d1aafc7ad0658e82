package term_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
)

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"plain é 日本語 👩‍🚀\n\tx":           "plain é 日本語 👩‍🚀\n\tx",
		"\x1b[2J\x00\x7f\r":              `\x1b[2J\x00\x7f\x0d`,
		"\u009b31m":                      `\x9b31m`,
		"a\u202eb\u2066c":                `a\u202eb\u2066c`,
		"a\u2028b\u200bc\ufeff":          `a\u2028b\u200bc\ufeff`,
		"a\U000e0041\U000e007fb":         `a\U000e0041\U000e007fb`,
		"\u05e9\u05dc\u05d5\u05dd\u200f": "\u05e9\u05dc\u05d5\u05dd\u200f",
	} {
		require.Equal(t, want, term.Visible(text))
	}
}

func TestOneLine(t *testing.T) {
	require.Equal(t, `a\x0aFORGED\x09\x1b[2J`, term.OneLine("a\nFORGED\t\x1b[2J"))
	require.Equal(t, "plain é", term.OneLine("plain é"))
}

func TestSafeJSONSaysTheSame(t *testing.T) {
	text := "\u009b31m \u007f \u202e é \U0001f680 \U000e0041 \u200b"
	document, err := json.Marshal(text)
	require.NoError(t, err)
	safe := term.SafeJSON(string(document))
	require.Equal(t, `"\u009b31m \u007f \u202e é `+"\U0001f680"+` \udb40\udc41 \u200b"`, safe)
	var got string
	require.NoError(t, json.Unmarshal([]byte(safe), &got))
	require.Equal(t, text, got)
}

func TestFold(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string // on a terminal with 20 columns, 4 of them used
	}{
		{"", []string{""}},
		{"one two three four", []string{"one two three", "four"}},
		{"one  two   three four", []string{"one  two   three", "four"}},
		{"sixteen columns.", []string{"sixteen columns."}},
		{"sixteen columns. and", []string{"sixteen columns.", "and"}},
		{"a\n\n  b", []string{"a", "", "  b"}},
		{"  indented and too long", []string{"  indented and", "  too long"}},
		{"- a point that hangs below", []string{"- a point that", "  hangs below"}},
		{"12. a point that hangs", []string{"12. a point that", "    hangs"}},
		{"\tx", []string{"    x"}},
		{"0123456789abcdefghij", []string{"0123456789abcdef", "ghij"}},
		{"日本語でも答えてください。", []string{"日本語でも答えて", "ください。"}},
		{strings.Repeat(" ", 30) + "far", []string{strings.Repeat(" ", 8) + "far"}},
		{strings.Repeat("é", 18), []string{strings.Repeat("é", 16), "éé"}},
	} {
		require.Equal(t, tt.want, term.Fancy(20).Fold(tt.text, 4), tt.text)
	}
	long := strings.Repeat("word ", 100) + "\n\ttab"
	require.Equal(t, strings.Split(long, "\n"), term.Style{}.Fold(long, 4), "where there is no terminal, lines are left alone")
	require.Equal(t, []string{"0123456789", "ab"}, term.Fancy(5).Fold("0123456789ab", 4), "something must fit")
}

func TestColumns(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "abc": 3, "é": 1, "e\u0301": 1, "日本": 4, "ｆｗ": 4, "。": 2, "\U0001f680": 2, "한": 2, "…": 1,
	} {
		require.Equal(t, want, term.Columns(text), text)
	}
}

func TestColours(t *testing.T) {
	s := term.Fancy(80)
	require.Equal(t, "\x1b[36muser\x1b[0m", s.In(term.Cyan, "user"))
	require.Equal(t, "\x1b[1;35msystem\x1b[0m", s.Heading(term.Magenta, "system"))
	require.Equal(t, "user system", term.Style{}.In(term.Cyan, "user")+" "+term.Style{}.Heading(term.Magenta, "system"))
}
