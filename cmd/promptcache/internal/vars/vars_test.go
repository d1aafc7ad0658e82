package vars_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/vars"
	"github.com/promptcache/promptcache-go/prompt"
)

func TestAssignments(t *testing.T) {
	got, err := vars.Parse([]string{
		"a=text", "b=", "c=x=y", "d=:=1", "e=@file", "ü=é", "f:=1.50", "g:=null", `h:=[true,"x"]`, `i:= {"n":9007199254740993} `, "two words=x",
	}, "", nil)
	require.NoError(t, err)
	require.Equal(t, prompt.Vars{
		"a": "text", "b": "", "c": "x=y", "d": ":=1", "e": "@file", "ü": "é",
		"f": json.Number("1.50"), "g": nil, "h": []any{true, "x"},
		"i": map[string]any{"n": json.Number("9007199254740993")}, "two words": "x",
	}, got)
}

func TestNothingIsNil(t *testing.T) {
	got, err := vars.Parse(nil, "", nil)
	require.NoError(t, err)
	require.Nil(t, got, "no values and an empty object of values are different things")
	got, err = vars.Parse(nil, "-", strings.NewReader("{}"))
	require.NoError(t, err)
	require.NotNil(t, got)
}

func TestAssignmentsComeBeforeTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vars.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"a":1,"b":{"c":1e400}}`+"\n"), 0o600))
	got, err := vars.Parse([]string{"a=over"}, path, nil)
	require.NoError(t, err)
	require.Equal(t, prompt.Vars{"a": "over", "b": map[string]any{"c": json.Number("1e400")}}, got)
}

func TestRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		assignments []string
		stdin       string // read if it is not empty
		says        string
	}{
		"no value":        {[]string{"a"}, "", `--var "a": want name=text or name:=JSON`},
		"no name":         {[]string{"=x"}, "", `--var "=x": want name=text or name:=JSON`},
		"no name of JSON": {[]string{":=1"}, "", `want name=text or name:=JSON`},
		"not JSON":        {[]string{"a:=x"}, "", "--var a: what follows := is not JSON"},
		"no JSON":         {[]string{"a:="}, "", "it is empty; for a text write a="},
		"JSON and more":   {[]string{"a:=1 2"}, "", "something follows it"},
		"twice":           {[]string{"a=1", "a:=1"}, "", "--var a: it is given twice"},
		"not UTF-8":       {[]string{"a=\xff"}, "", `--var "a": it is not UTF-8`},
		"a list":          {nil, "[]", "--vars-file -: want one JSON object"},
		"null":            {nil, "null", "it is null"},
		"two objects":     {nil, "{} {}", "something follows it"},
		"an empty file":   {nil, " ", "it is empty"},
		"a broken file":   {nil, `{"a":`, "unexpected EOF"},
		"bytes":           {nil, "{\"a\":\"\xff\"}", "it is not UTF-8"},
		"too large":       {nil, strings.Repeat(" ", 2*prompt.MaxCompiledBytes+1), "it has more than"},
	} {
		t.Run(name, func(t *testing.T) {
			path := ""
			if tt.stdin != "" {
				path = "-"
			}
			got, err := vars.Parse(tt.assignments, path, strings.NewReader(tt.stdin))
			require.ErrorContains(t, err, tt.says)
			require.Nil(t, got)
		})
	}
}

// endless is a file without an end.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	clear(p)
	e.read += len(p)
	if e.read > 8*prompt.MaxCompiledBytes {
		return 0, errors.New("far too much was read")
	}
	return len(p), nil
}

func TestEndlessFile(t *testing.T) {
	_, err := vars.Parse(nil, "-", &endless{})
	require.ErrorContains(t, err, "it has more than")
}

func TestUnreadableFiles(t *testing.T) {
	_, err := vars.Parse(nil, "nowhere.json", nil)
	require.EqualError(t, err, "--vars-file nowhere.json: no such file or directory")
	_, err = vars.Parse(nil, t.TempDir(), nil)
	require.ErrorContains(t, err, "is a directory")
	_, err = vars.Parse(nil, "-", iotest.ErrReader(errors.New("torn")))
	require.EqualError(t, err, "--vars-file -: torn")
}
