package langfuse_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
	"github.com/promptcache/promptcache-go/langfuse"
)

// sentBy returns the request that a Source with cfg makes for "greeting".
func sentBy(t *testing.T, cfg langfuse.Config) *http.Request {
	t.Helper()
	var sent *http.Request
	cfg.HTTPClient = sourcetest.InMemory(func(w http.ResponseWriter, r *http.Request) {
		sent = r
		sourcetest.Reply(w, http.StatusOK, text)
	})
	src, err := langfuse.New(cfg)
	require.NoError(t, err)
	_, err = src.Fetch(t.Context(), "greeting")
	require.NoError(t, err)
	return sent
}

func TestHeaders(t *testing.T) {
	r := sentBy(t, langfuse.Config{PublicKey: "pk-lf-1", SecretKey: langfuse.NewSecret("sk-lf-2"), Getenv: sourcetest.NoEnv})
	require.Equal(t, http.MethodGet, r.Method)
	require.Nil(t, r.Body)
	require.Equal(t, http.Header{
		"Accept":        {"application/json"},
		"User-Agent":    {"promptcache-go (langfuse)"},
		"Authorization": {"Basic cGstbGYtMTpzay1sZi0y"},
	}, r.Header)
	user, password, ok := r.BasicAuth()
	require.True(t, ok)
	require.Equal(t, []string{"pk-lf-1", "sk-lf-2"}, []string{user, password})

	require.NotContains(t, sentBy(t, langfuse.Config{Getenv: sourcetest.NoEnv}).Header, "Authorization")
}

func TestEnvironment(t *testing.T) {
	keys := map[string]string{"LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk"}
	and := func(more map[string]string) map[string]string {
		for k, v := range keys {
			if _, ok := more[k]; !ok {
				more[k] = v
			}
		}
		return more
	}
	tests := []struct {
		name             string
		vars             map[string]string
		url, user, token string
	}{
		{"nothing set", nil, "https://cloud.langfuse.com", "", ""},
		{"the keys", keys, "https://cloud.langfuse.com", "pk", "sk"},
		{"LANGFUSE_BASE_URL", and(map[string]string{"LANGFUSE_BASE_URL": "https://b.example.com", "LANGFUSE_HOST": "https://x", "LANGFUSE_BASEURL": "https://y"}), "https://b.example.com", "pk", "sk"},
		{"LANGFUSE_HOST", and(map[string]string{"LANGFUSE_BASE_URL": " ", "LANGFUSE_HOST": "https://h.example.com", "LANGFUSE_BASEURL": "https://y"}), "https://h.example.com", "pk", "sk"},
		{"LANGFUSE_BASEURL", and(map[string]string{"LANGFUSE_BASEURL": "http://localhost:3000/"}), "http://localhost:3000", "pk", "sk"},
		{"blanks and quotes go", map[string]string{"LANGFUSE_PUBLIC_KEY": " \"pk\"\n", "LANGFUSE_SECRET_KEY": "'sk' "}, "https://cloud.langfuse.com", "pk", "sk"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := sentBy(t, langfuse.Config{Getenv: sourcetest.Env(tt.vars)})
			require.Equal(t, tt.url+"/api/public/v2/prompts/greeting?label=production", r.URL.String())
			user, token, _ := r.BasicAuth()
			require.Equal(t, tt.user, user)
			require.Equal(t, tt.token, token)
		})
	}
	t.Run("the configuration wins", func(t *testing.T) {
		r := sentBy(t, langfuse.Config{
			Endpoint: "https://mine.example.com", PublicKey: " 'mine' ", SecretKey: langfuse.NewSecret(`"own"`),
			Getenv: sourcetest.Env(and(map[string]string{"LANGFUSE_BASE_URL": "https://e.example.com"})),
		})
		require.Equal(t, "mine.example.com", r.URL.Host)
		user, token, _ := r.BasicAuth()
		require.Equal(t, []string{"mine", "own"}, []string{user, token})
	})
	t.Run("os.Getenv is the default", func(t *testing.T) {
		t.Setenv("LANGFUSE_PUBLIC_KEY", "from-os")
		t.Setenv("LANGFUSE_SECRET_KEY", "sk")
		t.Setenv("LANGFUSE_BASE_URL", "https://os.example.com")
		r := sentBy(t, langfuse.Config{})
		user, _, _ := r.BasicAuth()
		require.Equal(t, "from-os", user)
		require.Equal(t, "os.example.com", r.URL.Host)
	})
}

func TestEndpointForms(t *testing.T) {
	for endpoint, base := range map[string]string{
		"https://h.example.com/":                  "https://h.example.com",
		"https://h.example.com/api/public":        "https://h.example.com",
		"https://h.example.com/lf/api/public/v2/": "https://h.example.com/lf",
		"https://h.example.com/api":               "https://h.example.com/api",
		"https://h.example.com/a%2Fb":             "https://h.example.com/a%2Fb",
		"http://[::1]:3000":                       "http://[::1]:3000",
	} {
		r := sentBy(t, langfuse.Config{Endpoint: endpoint, Getenv: sourcetest.NoEnv})
		require.Equal(t, base+"/api/public/v2/prompts/greeting?label=production", r.URL.String())
	}
}

func TestKeyProblems(t *testing.T) {
	tests := []struct{ name, public, secret, problem string }{
		{"no public key", "", "sk-lf-x", "there is a SecretKey but no PublicKey"},
		{"no secret key", "pk-lf-x", "", "there is a PublicKey but no SecretKey"},
		{"mixed up", "sk-lf-hush", "pk-lf-x", "PublicKey begins with sk-"},
		{"a public key twice", "pk-lf-x", "pk-lf-hush", "SecretKey begins with pk-"},
		{"a colon", "pk:hush", "sk-lf-x", "PublicKey contains a colon"},
		{"a line break", "pk\nhush", "sk-lf-x", "PublicKey has a character that cannot be sent in a header, at byte 2"},
		{"a blank", "pk-lf-x", "sk hush", "SecretKey has a character that cannot be sent in a header, at byte 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := langfuse.New(langfuse.Config{PublicKey: tt.public, SecretKey: langfuse.NewSecret(tt.secret), Getenv: sourcetest.NoEnv})
			require.ErrorContains(t, err, "langfuse: config: "+tt.problem)
			require.NotContains(t, err.Error(), "hush")
		})
	}
}

func TestSecretsAreMasked(t *testing.T) {
	type hidden struct{ cfg langfuse.Config } // fmt cannot call methods in there
	cfg := langfuse.Config{PublicKey: publicKey, SecretKey: langfuse.NewSecret(sourcetest.Hidden)}
	for _, v := range []any{cfg, &cfg, hidden{cfg}, newSource(t, langfuse.Config{})} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			require.NotContains(t, fmt.Sprintf(format, v), sourcetest.Hidden, "%s of %T", format, v)
		}
	}
}

func TestDomain(t *testing.T) {
	src := newSource(t, langfuse.Config{Endpoint: "https://h.example.com/lf/"})
	require.Equal(t, "langfuse:https://h.example.com/lf#pk-lf-1", src.Domain("greeting"))
	require.Equal(t, src.Domain("greeting"), src.Domain("other"))
	anonymous, err := langfuse.New(langfuse.Config{Endpoint: "https://h.example.com", Getenv: sourcetest.NoEnv})
	require.NoError(t, err)
	require.Equal(t, "langfuse:https://h.example.com", anonymous.Domain(""))
	other, err := langfuse.New(langfuse.Config{
		Endpoint: "https://h.example.com/lf", PublicKey: "pk-lf-2", SecretKey: langfuse.NewSecret("sk"), Getenv: sourcetest.NoEnv,
	})
	require.NoError(t, err)
	t.Run("NB-32 two projects of one registry are two domains", func(t *testing.T) {
		require.NotEqual(t, src.Domain(""), other.Domain(""))
	})
}
