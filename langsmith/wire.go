package langsmith

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
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
	if err := unmarshal(body, &w); err != nil {
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
	if len(c.commitHash) == 0 || len(c.commitHash) > 128 || unsendable(c.commitHash, false) >= 0 {
		return fmt.Errorf("its commit_hash is %.80q; want 1 to 128 printable characters", c.commitHash)
	}
	if isFullHash(c.ref.Version) && !strings.EqualFold(c.ref.Version, c.commitHash) {
		return fmt.Errorf("it is another commit, %.80q", c.commitHash)
	}
	c.manifest = compact(c.manifest)
	if len(c.manifest) == 0 || c.manifest[0] != '{' {
		return errors.New("its manifest is missing or not a JSON object")
	}
	for i, e := range c.examples {
		c.examples[i] = compact(e)
	}
	c.modelConfig = compact(c.modelConfig)
	if string(c.modelConfig) == "null" {
		c.modelConfig = nil
	}
	return c.computeRevision()
}

// unmarshal is json.Unmarshal for data whose raw parts are kept: those are not
// checked to be UTF-8 by it.
func unmarshal(data []byte, v any) error {
	if !utf8.Valid(data) {
		return errors.New("it is not UTF-8")
	}
	return json.Unmarshal(data, v)
}

// compact returns raw without insignificant space, in memory of its own. raw is
// empty or valid JSON.
func compact(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return nil
	}
	return bytes.Clone(b.Bytes())
}

// isFullHash reports whether version is a whole commit hash (SHA-1 or SHA-256),
// which names one commit for ever. A shorter one may be a prefix or a tag.
func isFullHash(version string) bool {
	_, err := hex.DecodeString(version)
	return err == nil && (len(version) == 40 || len(version) == 64)
}
