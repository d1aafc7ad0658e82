package fakecmd_test

import (
	"errors"
	"flag"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/fakes/internal/fakecmd"
	"github.com/promptcache/promptcache-go/fakes/internal/fakecmd/fakecmdtest"
)

// server is a fake that listens nowhere.
type server struct{ closed bool }

func (*server) Up() error   { return nil }
func (*server) URL() string { return "http://127.0.0.1:1" }
func (s *server) Close()    { s.closed = true }

func TestWhereItListens(t *testing.T) {
	opened := ""
	command := fakecmd.Command{
		Name: "fake", Usage: "usage\n", Flags: func(*flag.FlagSet) {},
		Open: func(addr string) (fakecmd.Server, string, error) {
			opened = addr
			return &server{}, "note\n", nil
		},
	}
	for _, addr := range []string{"127.0.0.1:0", "127.9.9.9:80", "[::1]:0", "localhost:0"} {
		require.Equal(t, fakecmd.ExitOK, command.Run(fakecmdtest.Ended(), []string{"-addr", addr}, io.Discard, io.Discard), addr)
		require.Equal(t, addr, opened)
	}
	for _, addr := range []string{"0.0.0.0:0", "[::]:0", ":0", "192.0.2.1:0", "localhost.example.com:0", "", "::1"} {
		opened = "nothing"
		require.Equal(t, fakecmd.ExitUsage, command.Run(fakecmdtest.Ended(), []string{"-addr", addr}, io.Discard, io.Discard), addr)
		require.Equal(t, "nothing", opened)
	}
	require.Equal(t, fakecmd.ExitOK, command.Run(fakecmdtest.Ended(), []string{"-addr", "0.0.0.0:0", "-allow-remote"}, io.Discard, io.Discard))
	require.Equal(t, "0.0.0.0:0", opened)
}

func TestEnds(t *testing.T) {
	fake := &server{}
	command := fakecmd.Command{
		Name: "fake", Flags: func(*flag.FlagSet) {},
		Open: func(string) (fakecmd.Server, string, error) { return fake, "note\n", nil },
	}
	code, stderr := fakecmdtest.Begin(t, command).Stop()
	require.Equal(t, fakecmd.ExitOK, code)
	require.Equal(t, "note\n", stderr)
	require.True(t, fake.closed)

	command.Open = func(string) (fakecmd.Server, string, error) { return nil, "", errors.New("no room") }
	var told strings.Builder
	require.Equal(t, fakecmd.ExitFailure, command.Run(t.Context(), nil, io.Discard, &told))
	require.Equal(t, "fake: no room\n", told.String())
}

func TestSeeded(t *testing.T) {
	fake := &server{}
	got, note, err := fakecmd.Seeded(fake, func(s *server) error {
		require.Same(t, fake, s)
		return nil
	}, "note")
	require.NoError(t, err)
	require.Same(t, fake, got)
	require.Equal(t, "note", note)
	require.False(t, fake.closed)

	_, _, err = fakecmd.Seeded(fake, func(*server) error { return errors.New("bad prompt") }, "note")
	require.EqualError(t, err, "bad prompt")
	require.True(t, fake.closed)
}
