// Package completionstest has what the examples are tested with: a server that
// answers as the chat completions API of OpenAI does, and a prompt that has all
// that such a request can carry.
package completionstest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Answer is what the model of a Server says, always.
const Answer = "It was sent on Monday."

// Server is the API's POST /chat/completions. It asks for Key, and keeps the
// bodies that it was sent.
type Server struct {
	URL string // the API's base URL, without a slash at its end
	Key string // the API key that it accepts

	mu     sync.Mutex
	bodies [][]byte
}

// Start runs a Server until the test ends.
func Start(t *testing.T) *Server {
	t.Helper()
	s := &Server{Key: "sk-test"}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", s.complete)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.URL = server.URL + "/v1"
	return s
}

// Setenv points the clients that read OpenAI's environment variables at s.
func (s *Server) Setenv(t *testing.T) {
	t.Helper()
	t.Setenv("OPENAI_BASE_URL", s.URL)
	t.Setenv("OPENAI_API_KEY", s.Key)
}

func (s *Server) complete(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.Header.Get("Authorization") != "Bearer "+s.Key {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":{"message":"wrong key","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}`)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.bodies = append(s.bodies, body)
	s.mu.Unlock()
	_, _ = io.WriteString(w, `{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-4.1","choices":[`+
		`{"index":0,"message":{"role":"assistant","content":"`+Answer+`","refusal":null},"logprobs":null,"finish_reason":"stop"}],`+
		`"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`)
}

// Sent returns the fields of the one request that there was, as they were sent.
func (s *Server) Sent(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Len(t, s.bodies, 1, "requests")
	var fields map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(s.bodies[0], &fields))
	return fields
}

// Count returns how many requests there were.
func (s *Server) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.bodies)
}
