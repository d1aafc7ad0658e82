package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
)

// steering is text that clears a terminal, sets its title, begins a line, turns
// the direction around, and has a text hidden in it.
const steering = "\x1b[2J\x1b]0;pwned\x07\r\nFORGED\u202e\u2028\u009b31m\u200b\U000e0041"

// hostileRegistry answers as either registry does, with steering wherever a text
// may be, and with the request's credential in its errors.
func hostileRegistry(w http.ResponseWriter, r *http.Request) {
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	status, said := http.StatusOK, steering+r.Header.Get("X-Api-Key")+token
	var body any
	switch path := r.URL.Path; {
	case strings.Contains(path, "forbidden"):
		status, body = http.StatusForbidden, map[string]any{"detail": said, "message": said, "error": "ForbiddenError"}
	case strings.Contains(path, "absent"):
		status, body = http.StatusNotFound, map[string]any{"detail": said, "message": said, "error": "LangfuseNotFoundError"}
	case strings.Contains(path, "repos"):
		body = map[string]any{"total": 1, "repos": []any{map[string]any{
			"repo_handle": "al", "description": steering, "tags": []string{steering}, "last_commit_hash": steering, "updated_at": steering,
		}}}
	case strings.HasSuffix(path, "prompts"):
		body = map[string]any{"meta": map[string]any{"page": 1, "totalPages": 1}, "data": []any{map[string]any{
			"name": "greeting", "type": "text", "versions": []int{1}, "labels": []string{steering}, "tags": []string{steering},
		}}}
	case strings.Contains(path, "commits"):
		body = map[string]any{"commit_hash": strings.Repeat("0123456789abcdef", 4), "manifest": map[string]any{
			"lc": 1, "type": "constructor", "id": []string{"langchain", "prompts", "prompt", "PromptTemplate"}, "kwargs": map[string]any{
				"template": "Hi {name}" + steering, "input_variables": []string{"name", steering}, "template_format": "f-string",
			},
		}}
	default:
		body = map[string]any{
			"name": "greeting", "version": 3, "type": "chat", "labels": []string{"production", steering}, "tags": []string{steering},
			"config": map[string]any{steering: steering}, "commitMessage": steering,
			"prompt": []any{map[string]any{"role": "user" + steering, "content": "Hi {{name}}" + steering, "name": steering}},
		}
	}
	data, _ := json.Marshal(body)
	sourcetest.Reply(w, status, string(data))
}

// TestHostileText runs every command on what a hostile registry says, and on
// files that come from elsewhere.
func TestHostileText(t *testing.T) {
	srv := sourcetest.Serve(t, hostileRegistry)
	dir := t.TempDir()
	for name, content := range map[string]string{
		"bare.json":   `{"entries":{"a` + jsonText(t) + `":{"commit_hash":"` + jsonText(t) + `","manifest":{}},"b` + jsonText(t) + `":1},"` + jsonText(t) + `":1}`,
		"broken.json": "{\"entries\":{\"a\x1b[2J\":",
		"empty.json":  `{"entries":{},"promptcache":{"version":1,"format":"` + jsonText(t) + `","sha256":"` + jsonText(t) + `"}}`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	const smithKey = "lsv2_" + sourcetest.Hidden
	env := sourcetest.Env(map[string]string{
		"LANGSMITH_API_KEY": smithKey, "LANGSMITH_ENDPOINT": srv.URL, "NO_COLOR": "1",
		"LANGFUSE_PUBLIC_KEY": "pk-1", "LANGFUSE_SECRET_KEY": sourcetest.Hidden, "LANGFUSE_BASE_URL": srv.URL,
	})
	snapshot := filepath.Join(dir, "s.json")
	file := func(name string) string { return filepath.Join(dir, name) }
	for _, args := range [][]string{
		{"get", "langsmith:al"},
		{"get", "langsmith:al", "--json"},
		{"get", "langsmith:al", "--raw"},
		{"get", "langsmith:forbidden"},
		{"get", "langsmith:absent"},
		{"get", "langfuse:greeting"},
		{"get", "langfuse:greeting", "--json"},
		{"get", "langfuse:greeting", "--raw"},
		{"get", "langfuse:greeting", "--var", "name=x"},
		{"get", "langfuse:forbidden"},
		{"get", "langfuse:absent"},
		{"get", "langfuse:a" + steering},
		{"get", "langsmith:a" + steering},
		{"get", "x" + steering, "--from", "langsmith"},
		{"get", "langsmith:al", "--" + steering},
		{steering},
		{"pull", "-o", snapshot, "langsmith:al", "langfuse:greeting"},
		{"pull", "-o", snapshot, "langsmith:al", "langfuse:forbidden"},
		{"pull", "-o", snapshot, "--all"},
		{"ls", snapshot},
		{"ls", snapshot, "--json"},
		{"inspect", snapshot},
		{"inspect", snapshot, "langsmith:al"},
		{"inspect", snapshot, "langfuse:greeting", "--json"},
		{"verify", snapshot},
		{"diff", file("bare.json"), snapshot},
		{"diff", file("bare.json"), snapshot, "--json"},
		{"diff", "langsmith:al", "langfuse:greeting"},
		{"ls", file("bare.json")},
		{"inspect", file("bare.json")},
		{"inspect", file("bare.json"), "a" + steering},
		{"verify", file("bare.json")},
		{"ls", file("broken.json")},
		{"verify", file("broken.json")},
		{"diff", file("broken.json"), snapshot},
		{"inspect", file("empty.json")},
		{"verify", file("empty.json")},
		{"ls", file(steering)},
		{"verify", file(steering)},
	} {
		t.Run(strings.ToValidUTF8(strings.Join(args, " "), ""), func(t *testing.T) {
			var out, errs bytes.Buffer
			run(t.Context(), args, streams{in: strings.NewReader(""), out: &out, err: &errs, getenv: env, now: time.Now})
			require.NotEmpty(t, out.String()+errs.String())
			for _, shown := range []string{out.String(), errs.String()} {
				require.NotRegexp(t, `[\x00-\x08\x0b-\x1f\x7f-\x9f\x{200b}\x{2028}-\x{202e}\x{2066}-\x{2069}\x{e0041}]`, shown)
			}
			require.NotRegexp(t, `(?m)^FORGED`, errs.String())
			sourcetest.NoCredential(t, out.String()+errs.String(), sourcetest.Hidden, "pk-1:"+sourcetest.Hidden)
			if args[0] != "get" && args[0] != "inspect" { // which print the lines of prompts
				require.NotRegexp(t, `(?m)^FORGED`, out.String())
			}
		})
	}
}

// jsonText is steering as JSON has it, without the quotes.
func jsonText(t *testing.T) string {
	t.Helper()
	text, err := json.Marshal(steering)
	require.NoError(t, err)
	return strings.Trim(string(text), `"`)
}
