package fakelangsmith

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/promptcache/promptcache-go/fakes/internal/fakeserver"
)

type response = fakeserver.Response

// detail is the shape of most of LangSmith's errors.
func detail(status int, text string) response {
	return fakeserver.JSON(status, map[string]string{"detail": text})
}

// failure is the answer with a fault's status.
func failure(f Fault) response {
	return detail(f.Status, strings.ToLower(http.StatusText(f.Status)))
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
