package langsmith

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/promptcache/promptcache-go/internal/httpsource"
)

// PromptCommit is one version of a prompt, as LangSmith's commits endpoint
// answers with it. It cannot be changed: every accessor returns a copy of what
// could be, so one PromptCommit may be shared by any number of goroutines.
//
// Make one from JSON, for a fallback or a test: UnmarshalJSON reads an entry of
// the files that the cache of LangSmith's SDKs dumps.
type PromptCommit struct {
	ref           Ref // what was asked for, normal
	commitHash    string
	manifest      json.RawMessage // compact, an object
	examples      []json.RawMessage
	description   string
	draft         bool
	modelConfig   json.RawMessage // nil if there is none
	modelProvider string
	revision      string
	parsed        *parsedManifest // see Prompt; nil in the zero PromptCommit
}

// Ref returns what was asked for when this commit was fetched. Its Version is
// what the reader named, such as a tag; see CommitHash.
func (c *PromptCommit) Ref() Ref { return c.ref }

// Owner returns the prompt's owner as it was asked for: a handle, or "-" for
// the workspace of the credentials. The registry does not send it.
func (c *PromptCommit) Owner() string { return c.ref.Owner }

// Repo returns the prompt's name as it was asked for.
func (c *PromptCommit) Repo() string { return c.ref.Name }

// CommitHash returns the commit's hash, whatever version was asked for.
func (c *PromptCommit) CommitHash() string { return c.commitHash }

// Manifest returns a copy of the prompt in LangChain's serialization: a JSON
// object, its numbers as the registry wrote them, without insignificant space.
func (c *PromptCommit) Manifest() json.RawMessage { return bytes.Clone(c.manifest) }

// Examples returns a copy of the example runs that are stored with the commit,
// one JSON value each; never nil.
func (c *PromptCommit) Examples() []json.RawMessage {
	out := make([]json.RawMessage, len(c.examples))
	for i, e := range c.examples {
		out[i] = bytes.Clone(e)
	}
	return out
}

// Description returns the commit's description, "" if it has none.
func (c *PromptCommit) Description() string { return c.description }

// IsDraft reports whether the commit is unfinished, so that its content can
// change under the same hash.
func (c *PromptCommit) IsDraft() bool { return c.draft }

// HubModelConfig returns a copy of the model configuration that is stored with
// the commit (model_config on the wire), nil if there is none.
func (c *PromptCommit) HubModelConfig() json.RawMessage { return bytes.Clone(c.modelConfig) }

// HubModelProvider returns the model's provider (model_provider on the wire),
// such as "ChatOpenAI", "" if there is none.
func (c *PromptCommit) HubModelProvider() string { return c.modelProvider }

// Revision names the content: the commit hash, and for a draft the hash, "+"
// and the beginning of a SHA-256 of the whole commit. See promptcache.FetchFunc.
func (c *PromptCommit) Revision() string { return c.revision }

// Immutable reports whether a later fetch of the same key must bring the same
// content: the commit was asked for by its full hash of 40 or 64 hex digits,
// and is not a draft. See promptcache.FetchFunc.
func (c *PromptCommit) Immutable() bool { return isFullHash(c.ref.Version) && !c.draft }

// computeRevision sets c.revision, for which everything else must be in place.
func (c *PromptCommit) computeRevision() error {
	c.revision = c.commitHash
	if !c.draft {
		return nil
	}
	content, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("hash the draft's content: %w", err)
	}
	sum := sha256.Sum256(content)
	c.revision += "+" + hex.EncodeToString(sum[:8])
	return nil
}

// dumpCommit is a commit in the dump files of LangSmith's SDKs, and after that
// what is ours, which the SDKs ignore.
type dumpCommit struct {
	Owner            string            `json:"owner"`
	Repo             string            `json:"repo"`
	CommitHash       string            `json:"commit_hash"`
	Manifest         json.RawMessage   `json:"manifest"`
	Examples         []json.RawMessage `json:"examples"` // Python's SDK refuses null
	Description      *string           `json:"description"`
	HubModelConfig   json.RawMessage   `json:"hub_model_config"`
	HubModelProvider *string           `json:"hub_model_provider"`

	Version      string `json:"version,omitempty"`
	IncludeModel bool   `json:"include_model,omitempty"`
	IsDraft      bool   `json:"is_draft,omitempty"`
}

// MarshalJSON returns the commit in the shape of LangSmith's SDKs' dump files:
// owner, repo, commit_hash, manifest, examples (never null), description,
// hub_model_config and hub_model_provider; and, where they say something,
// version, include_model and is_draft, which the SDKs ignore.
func (c PromptCommit) MarshalJSON() ([]byte, error) { return json.Marshal(c.dump()) }

func (c *PromptCommit) dump() dumpCommit {
	d := dumpCommit{
		Owner:            c.ref.Owner,
		Repo:             c.ref.Name,
		CommitHash:       c.commitHash,
		Manifest:         c.manifest,
		Examples:         c.examples,
		Description:      orNull(c.description),
		HubModelConfig:   c.modelConfig,
		HubModelProvider: orNull(c.modelProvider),
		IncludeModel:     c.ref.Model,
		IsDraft:          c.draft,
	}
	if d.Examples == nil {
		d.Examples = []json.RawMessage{}
	}
	if c.ref.Version != latestVersion {
		d.Version = c.ref.Version
	}
	return d
}

// UnmarshalJSON reads what MarshalJSON wrote, or an entry of an SDK's dump file
// (one without a version is as good as asked for by latest). It changes nothing
// on failure, and it fails for a PromptCommit that holds something already,
// because others may be reading it.
func (c *PromptCommit) UnmarshalJSON(data []byte) error {
	if c.commitHash != "" {
		return errors.New("langsmith: a PromptCommit cannot be changed; decode into a new one")
	}
	var d dumpCommit
	if err := httpsource.Unmarshal(data, &d); err != nil {
		return fmt.Errorf("langsmith: decode commit: %w", err)
	}
	read := PromptCommit{
		ref:           Ref{Owner: d.Owner, Name: d.Repo, Version: d.Version, Model: d.IncludeModel}.normal(),
		commitHash:    d.CommitHash,
		manifest:      d.Manifest,
		examples:      d.Examples,
		description:   orEmpty(d.Description),
		draft:         d.IsDraft,
		modelConfig:   d.HubModelConfig,
		modelProvider: orEmpty(d.HubModelProvider),
	}
	if err := read.ref.Validate(); err != nil {
		return fmt.Errorf("langsmith: decode commit: %w", err)
	}
	if err := read.complete(); err != nil {
		return fmt.Errorf("langsmith: decode commit of %q: %w", read.ref, err)
	}
	*c = read
	return nil
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
