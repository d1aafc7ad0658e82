package fakelangsmith

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// response is an answer before it is sent, so that a fault can spoil it on the
// way.
type response struct {
	status      int
	contentType string
	header      map[string]string
	body        []byte
}

func jsonResponse(status int, v any) response {
	return response{status: status, contentType: "application/json", body: encode(v)}
}

// detail is the shape of most of LangSmith's errors.
func detail(status int, text string) response {
	return jsonResponse(status, map[string]string{"detail": text})
}

// head writes everything before the body; a negative length leaves it unsaid.
func (resp response) head(w http.ResponseWriter, length int) {
	header := w.Header()
	header.Set("Content-Type", resp.contentType)
	for name, value := range resp.header {
		header.Set(name, value)
	}
	if length >= 0 {
		header.Set("Content-Length", strconv.Itoa(length))
	}
	w.WriteHeader(resp.status)
}

func (resp response) send(w http.ResponseWriter) {
	resp.head(w, len(resp.body))
	_, _ = w.Write(resp.body) // fails only when the client has gone, who needs no answer
}

// commitJSON is the answer to a pull, as the SDKs read it.
type commitJSON struct {
	CommitHash    string          `json:"commit_hash"`
	Manifest      json.RawMessage `json:"manifest"`
	Examples      json.RawMessage `json:"examples"`
	Description   *string         `json:"description"`
	IsDraft       bool            `json:"is_draft"`
	ModelConfig   json.RawMessage `json:"model_config"`
	ModelProvider *string         `json:"model_provider"`
}

// historyJSON is a commit in a list of commits.
type historyJSON struct {
	ID           string          `json:"id"`
	CommitHash   string          `json:"commit_hash"`
	ParentHash   *string         `json:"parent_commit_hash"`
	Manifest     json.RawMessage `json:"manifest"`
	Examples     json.RawMessage `json:"examples"`
	Description  *string         `json:"description"`
	IsDraft      bool            `json:"is_draft"`
	CreatedAt    string          `json:"created_at"`
	NumDownloads int             `json:"num_downloads"`
}

// repoJSON is a prompt without its content: the SDK's schema Prompt.
type repoJSON struct {
	ID             string   `json:"id"`
	RepoHandle     string   `json:"repo_handle"`
	Owner          string   `json:"owner"`
	FullName       string   `json:"full_name"`
	TenantID       string   `json:"tenant_id"`
	Description    *string  `json:"description"`
	Readme         *string  `json:"readme"`
	CreatedAt      string   `json:"created_at"`
	UpdatedAt      string   `json:"updated_at"`
	IsPublic       bool     `json:"is_public"`
	IsArchived     bool     `json:"is_archived"`
	Tags           []string `json:"tags"`
	NumLikes       int      `json:"num_likes"`
	NumDownloads   int      `json:"num_downloads"`
	NumViews       int      `json:"num_views"`
	NumCommits     int      `json:"num_commits"`
	LikedByUser    bool     `json:"liked_by_auth_user"`
	LastCommitHash *string  `json:"last_commit_hash"`
}

// nullable is null for the empty text.
func nullable(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
