package langsmith_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langsmith"
)

func TestParseRef(t *testing.T) {
	tests := []struct {
		in        string
		want      langsmith.Ref
		canonical string
	}{
		{"al", langsmith.Ref{Owner: "-", Name: "al", Version: "latest"}, "al"},
		{"al:", langsmith.Ref{Owner: "-", Name: "al", Version: "latest"}, "al"},
		{"al:latest", langsmith.Ref{Owner: "-", Name: "al", Version: "latest"}, "al"},
		{"-/al", langsmith.Ref{Owner: "-", Name: "al", Version: "latest"}, "al"},
		{"-/al:latest", langsmith.Ref{Owner: "-", Name: "al", Version: "latest"}, "al"},
		{"-/al:?model", langsmith.Ref{Owner: "-", Name: "al", Version: "latest", Model: true}, "al?model"},
		{"al?model", langsmith.Ref{Owner: "-", Name: "al", Version: "latest", Model: true}, "al?model"},
		{"al:staging", langsmith.Ref{Owner: "-", Name: "al", Version: "staging"}, "al:staging"},
		{"al:abc12345?model", langsmith.Ref{Owner: "-", Name: "al", Version: "abc12345", Model: true}, "al:abc12345?model"},
		{"acme/al", langsmith.Ref{Owner: "acme", Name: "al", Version: "latest"}, "acme/al"},
		{"acme/al:v 1", langsmith.Ref{Owner: "acme", Name: "al", Version: "v 1"}, "acme/al:v 1"},
		{"-/-", langsmith.Ref{Owner: "-", Name: "-", Version: "latest"}, "-"},
		{"latest", langsmith.Ref{Owner: "-", Name: "latest", Version: "latest"}, "latest"},
		{"Al:Latest", langsmith.Ref{Owner: "-", Name: "Al", Version: "Latest"}, "Al:Latest"},
		{"...", langsmith.Ref{Owner: "-", Name: "...", Version: "latest"}, "..."},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, err := langsmith.ParseRef(tt.in)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.canonical, got.String())
			require.NoError(t, got.Validate())
			require.Equal(t, tt.want.Owner != "-", got.Public())

			canonical, err := langsmith.Canonical(tt.in)
			require.NoError(t, err)
			require.Equal(t, tt.canonical, canonical)
			again, err := langsmith.ParseRef(canonical)
			require.NoError(t, err)
			require.Equal(t, got, again)
		})
	}
}

func TestParseRefProblems(t *testing.T) {
	tests := []struct{ name, in, problem string }{
		{"LF-02 an empty name", "", "it is empty"},
		{"LF-02 only the model flag", "?model", "it is empty"},
		{"LF-02 only a version", ":v1", "its name is empty"},
		{"LF-02 an owner without a name", "acme/", `nothing follows its "/"`},
		{"LF-02 an owner and a version", "acme/:v1", `nothing follows its "/"`},
		{"leading slash", "/al", `it begins with "/"`},
		{"trailing slash", "acme/al/", `it has more than one "/"`},
		{"two slashes", "a/b/c", `it has more than one "/"`},
		{"two colons", "a:b:c", `it has more than one ":"`},
		{"a slash in the version", "a:b/c", `its version contains "/"`},
		{"dot", "./al", `its owner is "."`},
		{"dots as name", "..", `its name is ".."`},
		{"dots as version", "al:..", `its version is ".."`},
		{"an unknown option", "al?include=evil", `a "?" that is not the "?model" at its end`},
		{"the option before the version", "al?model:v1", `a "?" that is not the "?model" at its end`},
		{"the option twice", "al?model?model", `a "?" that is not the "?model" at its end`},
		{"rewriting a request", "al:a/../../../x?include=evil#z", `its version contains "/"`},
		{"backslash", `a\..\b`, `its name contains one of / : ? \`},
		{"control character", "al\r\nX-Evil: 1", "its name contains a character that does not print"},
		{"NUL", "al\x00", "does not print"},
		{"zero width", "al\u200b", "does not print"},
		{"not UTF-8", "al\xff", "its name is not UTF-8"},
		{"leading blank", " al", "its name begins or ends with a blank"},
		{"trailing blank", "al:v1 ", "its version begins or ends with a blank"},
		{"too long", strings.Repeat("a", 1025), "it has 1025 bytes, more than 1024"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := langsmith.ParseRef(tt.in)
			require.ErrorIs(t, err, langsmith.ErrInvalidRef)
			require.ErrorContains(t, err, tt.problem)
			require.ErrorContains(t, err, "want [owner/]name[:version][?model]")
			require.Less(t, len(err.Error()), 300)
			_, err = langsmith.Canonical(tt.in)
			require.ErrorIs(t, err, langsmith.ErrInvalidRef)
		})
	}
}

func TestRefByHand(t *testing.T) {
	require.Equal(t, "al", langsmith.Ref{Name: "al"}.String())
	require.False(t, langsmith.Ref{Name: "al"}.Public())
	require.NoError(t, langsmith.Ref{Name: "al"}.Validate())
	require.ErrorIs(t, langsmith.Ref{}.Validate(), langsmith.ErrInvalidRef)
	require.ErrorContains(t, langsmith.Ref{Owner: "a/b", Name: "al"}.Validate(), "its owner contains one of")
	require.ErrorContains(t, langsmith.Ref{Name: "al", Version: strings.Repeat("v", 2000)}.Validate(), "its version has more than 1024 bytes")
}

func FuzzParseRef(f *testing.F) {
	for _, seed := range []string{
		"al", "al:", "al:latest", "-/al:latest", "al?model", "al:with_model", "acme/al:abc12345?model", "-/-:-", "a b/c d:e f",
		"", "/", ":", "?", "?model", "a/b/c", "a:b:c", "../x", "a:..", "a%2F..%2Fb", "a\\b", "é/ü:ß", "a#b", "a;b", "al\x00", "al\xff",
		"al:a/../../../x?include=evil#z", "...", "a&b=c", "a+b", "%2e%2e", "[x]", "a@b",
	} {
		f.Add(seed)
	}
	var sent *url.URL
	src, err := langsmith.New(langsmith.Config{
		Endpoint: "https://h.example.com/ls", AllowPublic: true, Retries: new(0), Getenv: sourcetest.NoEnv,
		HTTPClient: sourcetest.InMemory(func(w http.ResponseWriter, r *http.Request) {
			sent = r.URL
			sourcetest.Reply(w, http.StatusNotFound, `{"detail":"no"}`)
		}),
	})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, in string) {
		sent = nil
		_, fetchErr := src.Fetch(t.Context(), in)
		require.Error(t, fetchErr)
		ref, err := langsmith.ParseRef(in)
		if err != nil {
			require.ErrorIs(t, err, langsmith.ErrInvalidRef)
			require.Equal(t, langsmith.Ref{}, ref)
			require.Nil(t, sent, "a request for an invalid identifier")
			return
		}
		require.NoError(t, ref.Validate())
		canonical := ref.String()
		require.LessOrEqual(t, len(canonical), len(in))
		again, err := langsmith.ParseRef(canonical)
		require.NoError(t, err)
		require.Equal(t, ref, again)
		require.Equal(t, canonical, again.String())

		segments, query := sourcetest.Segments(t, sent, "/ls/api/v1/commits/")
		require.Equal(t, []string{ref.Owner, ref.Name, ref.Version}, segments)
		require.Equal(t, map[bool]string{true: "include_model=true"}[ref.Model], query.Encode())
	})
}
