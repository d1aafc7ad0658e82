package langsmith

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/promptcache/promptcache-go/internal/httpsource"
)

// wireCommit is the answer of GET /api/v1/commits/{owner}/{name}/{commit}. The
// owner and the name are not part of it.
type wireCommit struct {
	CommitHash    string            `json:"commit_hash"`
	Manifest      json.RawMessage   `json:"manifest"`
	Examples      []json.RawMessage `json:"examples"` // or null
	Description   string            `json:"description"`
	IsDraft       bool              `json:"is_draft"`
	ModelConfig   json.RawMessage   `json:"model_config"`
	ModelProvider string            `json:"model_provider"`
}

// decodeCommit reads the answer to a request for ref, and checks that it is one.
func decodeCommit(body []byte, ref Ref) (*PromptCommit, error) {
	var w wireCommit
	if err := httpsource.Unmarshal(body, &w); err != nil {
		return nil, fmt.Errorf("the answer is not a commit: %w", err)
	}
	c := &PromptCommit{
		ref:           ref,
		commitHash:    w.CommitHash,
		manifest:      w.Manifest,
		examples:      w.Examples,
		description:   w.Description,
		draft:         w.IsDraft,
		modelConfig:   w.ModelConfig,
		modelProvider: w.ModelProvider,
	}
	if err := c.complete(); err != nil {
		return nil, fmt.Errorf("the answer is not a usable commit: %w", err)
	}
	return c, nil
}

// complete checks what was decoded into c, brings it into its final form, and
// computes its revision.
func (c *PromptCommit) complete() error {
	if err := c.agree(); err != nil {
		return err
	}
	c.manifest = httpsource.Compact(c.manifest)
	if len(c.manifest) == 0 || c.manifest[0] != '{' {
		return errors.New("its manifest is missing or not a JSON object")
	}
	for i, e := range c.examples {
		c.examples[i] = httpsource.Compact(e)
	}
	c.modelConfig = httpsource.Compact(c.modelConfig)
	if string(c.modelConfig) == "null" {
		c.modelConfig = nil
	}
	c.parsed = &parsedManifest{}
	return c.computeRevision()
}

// agree checks that c has a commit hash, which is what was asked for if that was
// one.
func (c *PromptCommit) agree() error {
	if len(c.commitHash) == 0 || len(c.commitHash) > 128 || httpsource.Sendable("", c.commitHash, false) != nil {
		return fmt.Errorf("its commit_hash is %.80q; want 1 to 128 printable characters", c.commitHash)
	}
	if isFullHash(c.ref.Version) && !strings.EqualFold(c.ref.Version, c.commitHash) {
		return fmt.Errorf("it is another commit, %.80q", c.commitHash)
	}
	return nil
}

// isFullHash reports whether version is a whole commit hash (SHA-1 or SHA-256),
// which names one commit for ever. A shorter one may be a prefix or a tag.
func isFullHash(version string) bool {
	_, err := hex.DecodeString(version)
	return err == nil && (len(version) == 40 || len(version) == 64)
}
