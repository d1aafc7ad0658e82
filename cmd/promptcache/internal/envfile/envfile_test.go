package envfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/envfile"
)

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vars.env")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestOver(t *testing.T) {
	getenv, err := envfile.Over(func(name string) string {
		return map[string]string{"SET": "by the environment"}[name]
	}, file(t, "\ufeff# a comment\r\n\nSET=by the file\nexport A = 1 \nB=\"two words\"\nC='x=y#z'\nD=\nE=\"half\nF=$A\nA=last\n"))
	require.NoError(t, err)
	for name, want := range map[string]string{
		"SET": "by the environment", "A": "last", "B": "two words", "C": "x=y#z",
		"D": "", "E": `"half`, "F": "$A", "G": "",
	} {
		require.Equal(t, want, getenv(name), name)
	}
}

func TestNoFile(t *testing.T) {
	getenv, err := envfile.Over(func(name string) string { return "<" + name + ">" }, "")
	require.NoError(t, err)
	require.Equal(t, "<A>", getenv("A"))
}

func TestErrorsShowNoSecret(t *testing.T) {
	for name, tt := range map[string]struct{ text, says string }{
		"no name":     {"A=1\nsk-hidden\n", "vars.env:2: want NAME=VALUE"},
		"a bad name":  {"sk-hidden=1\n", "vars.env:1: want NAME=VALUE"},
		"empty name":  {"=sk-hidden\n", "vars.env:1: want NAME=VALUE"},
		"not UTF-8":   {"A=sk-hidden\xff\n", "it is not UTF-8"},
		"far too big": {"A=sk-hidden\n" + strings.Repeat("#\n", 1<<19), "it has more than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			getenv, err := envfile.Over(os.Getenv, file(t, tt.text))
			require.ErrorContains(t, err, tt.says)
			require.NotContains(t, err.Error(), "sk-hidden")
			require.Nil(t, getenv)
		})
	}
}

func TestNoSuchFile(t *testing.T) {
	_, err := envfile.Over(os.Getenv, "nowhere.env")
	require.EqualError(t, err, "read the variables of nowhere.env: no such file or directory")
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = envfile.Over(os.Getenv, t.TempDir())
	require.ErrorContains(t, err, "is a directory")
}
