package term_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
)

func TestBar(t *testing.T) {
	var out bytes.Buffer
	bar := term.NewBar(&out, term.Fancy(60))
	bar.Draw(0, 4, "")
	require.Equal(t, "[------------------------] 0/4  ", out.String())
	out.Reset()
	bar.Draw(3, 4, "a\x1b[2J")
	require.Equal(t, "\r"+strings.Repeat(" ", 32)+"\r[##################------] 3/4  a\\x1b[2J", out.String())
	out.Reset()
	bar.Clear()
	require.Equal(t, "\r"+strings.Repeat(" ", 40)+"\r", out.String())
	out.Reset()
	bar.Clear()
	require.Empty(t, out.String(), "there is nothing to clear")

	bar.Draw(9, 4, strings.Repeat("long", 40))
	require.Less(t, term.Columns(out.String()), 60, "it would wrap, and could not be wiped")
	require.Contains(t, out.String(), strings.Repeat("#", 24))
	require.NotContains(t, out.String(), strings.Repeat("#", 25))
}

func TestNoBarWhereThereIsNoTerminal(t *testing.T) {
	var out bytes.Buffer
	bar := term.NewBar(&out, term.Style{})
	bar.Draw(1, 2, "a")
	bar.Clear()
	term.NewBar(&out, term.Fancy(80)).Draw(0, 0, "nothing to do")
	require.Empty(t, out.String())
}

func TestTable(t *testing.T) {
	heading := []string{"KEY", "AGE", "VARIABLES"}
	rows := [][]string{{"greeting", "2h", "name"}, {"日本", "12d", "a,\nb\x1b"}, {"x", "", strings.Repeat("long ", 20)}}
	var out bytes.Buffer
	require.NoError(t, term.Style{}.Table(&out, heading, rows))
	require.Equal(t, "KEY       AGE  VARIABLES\n"+
		"greeting  2h   name\n"+
		"日本      12d  a, b\\x1b\n"+
		"x              "+strings.TrimSpace(strings.Repeat("long ", 20))+"\n", out.String())

	out.Reset()
	require.NoError(t, term.Fancy(30).Table(&out, heading, rows))
	lines := strings.Split(out.String(), "\n")
	require.Equal(t, "\x1b[2mKEY       AGE  VARIABLES\x1b[0m", lines[0])
	require.Equal(t, "x              long long long…", lines[3])
	for _, line := range lines[1:] {
		require.LessOrEqual(t, term.Columns(line), 31)
	}
}

// broken is a stream that cannot be written to.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestTableSaysThatItCannotWrite(t *testing.T) {
	require.ErrorContains(t, term.Style{}.Table(broken{}, []string{"KEY"}, nil), "no space left")
}
