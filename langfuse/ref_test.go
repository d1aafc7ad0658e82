package langfuse_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langfuse"
)

func TestParseRef(t *testing.T) {
	type ref = langfuse.Ref
	tests := []struct {
		in        string
		want      ref
		canonical string
	}{
		{"greeting", ref{Name: "greeting", Label: "production"}, "greeting"},
		{"greeting@production", ref{Name: "greeting", Label: "production"}, "greeting"},
		{"greeting@staging", ref{Name: "greeting", Label: "staging"}, "greeting@staging"},
		{"greeting@latest", ref{Name: "greeting", Label: "latest"}, "greeting@latest"},
		{"greeting@1", ref{Name: "greeting", Label: "1"}, "greeting@1"},
		{"greeting@a_b.c-9", ref{Name: "greeting", Label: "a_b.c-9"}, "greeting@a_b.c-9"},
		{"greeting#1", ref{Name: "greeting", Version: 1}, "greeting#1"},
		{"greeting#2147483647", ref{Name: "greeting", Version: 1<<31 - 1}, "greeting#2147483647"},
		{"mails/bye now", ref{Name: "mails/bye now", Label: "production"}, "mails/bye now"},
		{"C# tutor@production", ref{Name: "C# tutor", Label: "production"}, "C# tutor@production"},
		{"a@b@production", ref{Name: "a@b", Label: "production"}, "a@b@production"},
		{"a@b#7", ref{Name: "a@b", Version: 7}, "a@b#7"},
		{"a#1#2", ref{Name: "a#1", Version: 2}, "a#1#2"},
		{"@@@x", ref{Name: "@@", Label: "x"}, "@@@x"},
		{"a:b-c", ref{Name: "a:b-c", Label: "production"}, "a:b-c"},
		{"greeting-label:production", ref{Name: "greeting-label:production", Label: "production"}, "greeting-label:production"},
		{" padded ", ref{Name: " padded ", Label: "production"}, " padded "},
		{"...", ref{Name: "...", Label: "production"}, "..."},
		{"Production@production", ref{Name: "Production", Label: "production"}, "Production"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, err := langfuse.ParseRef(tt.in)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.canonical, got.String())
			require.NoError(t, got.Validate())
			canonical, err := langfuse.Canonical(tt.in)
			require.NoError(t, err)
			require.Equal(t, tt.canonical, canonical)
			again, err := langfuse.ParseRef(canonical)
			require.NoError(t, err)
			require.Equal(t, got, again)
		})
	}
	t.Run("LF-07 version 1 is not label 1", func(t *testing.T) {
		version, err := langfuse.ParseRef("greeting#1")
		require.NoError(t, err)
		label, err := langfuse.ParseRef("greeting@1")
		require.NoError(t, err)
		require.NotEqual(t, version, label)
		require.NotEqual(t, version.String(), label.String())
	})
}

func TestParseRefProblems(t *testing.T) {
	tests := []struct{ name, in, problem string }{
		{"LF-02 an empty name", "", "its name is empty"},
		{"LF-02 only blanks", " \u00a0", "its name is empty"},
		{"LF-02 only a label", "@staging", "its name is empty"},
		{"LF-02 only a version", "#3", "its name is empty"},
		{"no label", "greeting@", `what follows its last "@" is no label`},
		{"a label in capitals", "greeting@Prod", `what follows its last "@" is no label`},
		{"a label with a blank", "greeting@my label", `what follows its last "@" is no label`},
		{"a long label", "greeting@" + strings.Repeat("a", 37), "1 to 36 of a–z 0–9 _ . -"},
		{"a name with @", "me@Example", `if the "@" belongs to the name, add "@production"`},
		{"a name with #", "C# tutor", `if the "#" belongs to the name, add "@production"`},
		{"no version", "greeting#", "is no version, 1 or more"},
		{"version 0", "greeting#0", "is no version, 1 or more"},
		{"a leading zero", "greeting#01", "is no version, 1 or more"},
		{"a sign", "greeting#+1", "is no version, 1 or more"},
		{"a negative version", "greeting#-1", "is no version, 1 or more"},
		{"a version that is too large", "greeting#2147483648", "is no version, 1 or more"},
		{"a version beyond numbers", "greeting#99999999999999999999", "is no version, 1 or more"},
		{"v3", "greeting#v3", "is no version, 1 or more"},
		{"leading slash", "/a", `begins or ends with "/" or contains "//"`},
		{"trailing slash", "a/@x", `begins or ends with "/" or contains "//"`},
		{"double slash", "a//b", `begins or ends with "/" or contains "//"`},
		{"pipe", "a|b", `contains "|"`},
		{"HTML", "a <b>c", "contains an HTML tag"},
		{"HTML that is not closed at once", "<script src=x >", "contains an HTML tag"},
		{"dots", "..", `has a folder "." or ".."`},
		{"a dot", ".", `has a folder "." or ".."`},
		{"dots in folders", "a/../../../x", `has a folder "." or ".."`},
		{"dots and a label", "..@x", `has a folder "." or ".."`},
		{"backslashes", `a\..\b`, `has a folder "." or ".."`},
		{"encoded", "%2e%2E", `has a folder "." or ".."`},
		{"encoded in part", "a%2F.%2e%5Cb", `has a folder "." or ".."`},
		{"control character", "a\r\nX-Evil: 1", "contains a control character"},
		{"NUL", "a\x00", "contains a control character"},
		{"line separator", "a\u2028", "contains a control character"},
		{"not UTF-8", "a\xff", "is not UTF-8"},
		{"too long", strings.Repeat("a", 1025), "has 1025 bytes, more than 1024"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := langfuse.ParseRef(tt.in)
			require.ErrorIs(t, err, langfuse.ErrInvalidRef)
			require.ErrorContains(t, err, tt.problem)
			require.ErrorContains(t, err, "want name, name@label or name#version")
			require.Less(t, len(err.Error()), 400)
			canonical, err := langfuse.Canonical(tt.in)
			require.ErrorIs(t, err, langfuse.ErrInvalidRef)
			require.Empty(t, canonical)
		})
	}
}

func TestRefByHand(t *testing.T) {
	require.Equal(t, "greeting", langfuse.Ref{Name: "greeting"}.String())
	require.NoError(t, langfuse.Ref{Name: "greeting"}.Validate())
	require.NoError(t, langfuse.Ref{Name: "C#"}.Validate())
	require.Equal(t, "C#@production", langfuse.Ref{Name: "C#"}.String())
	for problem, ref := range map[string]langfuse.Ref{
		"its name is empty":              {},
		"it has a label and a version":   {Name: "a", Label: "production", Version: 1},
		"its version is not 1 to":        {Name: "a", Version: -1},
		"its label is no label, 1 to 36": {Name: "a", Label: "A"},
	} {
		require.ErrorIs(t, ref.Validate(), langfuse.ErrInvalidRef)
		require.ErrorContains(t, ref.Validate(), problem)
	}
}

func FuzzParseRef(f *testing.F) {
	for _, seed := range []string{
		"greeting", "greeting@production", "greeting@1", "greeting#1", "a/b c@x", "C# tutor@production", "a@b#7", "@@@x", "a#1#2", "…", "é/ü",
		"", "@", "#", "a@", "a#", "a#0", "a#01", "a@A", "/a", "a//b", "a|b", "<b>", "..", "a/./b", `a\..`, "%2e%2E", "a\x00", "a\xff", "a;b,c", "a+b", "?x=y#1",
	} {
		f.Add(seed)
	}
	var sent *url.URL
	src, err := langfuse.New(langfuse.Config{
		Endpoint: "https://h.example.com/lf", Retries: new(0), Getenv: sourcetest.NoEnv,
		HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, r *http.Request) {
			sent = r.URL
			sourcetest.Reply(w, http.StatusNotFound, missing)
		}),
	})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, in string) {
		sent = nil
		_, fetchErr := src.Fetch(t.Context(), in)
		require.Error(t, fetchErr)
		ref, err := langfuse.ParseRef(in)
		if err != nil {
			require.ErrorIs(t, err, langfuse.ErrInvalidRef)
			require.Equal(t, langfuse.Ref{}, ref)
			require.Nil(t, sent, "a request for an invalid key")
			return
		}
		require.NoError(t, ref.Validate())
		canonical := ref.String()
		require.LessOrEqual(t, len(canonical), len(in))
		again, err := langfuse.ParseRef(canonical)
		require.NoError(t, err)
		require.Equal(t, ref, again)
		require.Equal(t, canonical, again.String())

		segments, query := sourcetest.Segments(t, sent, "/lf/api/public/v2/prompts/")
		require.Equal(t, []string{ref.Name}, segments)
		require.Len(t, query, 1)
		require.Equal(t, ref.Version == 0, query.Has("label"))
		require.Equal(t, ref.Label, query.Get("label"))
	})
}
