package registry

import (
	"encoding/json"

	"github.com/promptcache/promptcache-go/prompt"
)

// neutralFormat is the format of snapshots of *prompt.Prompt: of files, and of
// several registries.
const neutralFormat = "json"

// neutral is a prompt that has no type of its registry's own.
type neutral struct{ of *prompt.Prompt }

func asNeutral(p *prompt.Prompt) Value { return neutral{p} }

// Revision implements Value.
func (n neutral) Revision() string { return n.of.Revision() }

// Immutable implements Value.
func (n neutral) Immutable() bool { return n.of.Immutable() }

// Prompt implements Value.
func (n neutral) Prompt() (*prompt.Prompt, error) { return n.of, nil }

// MarshalJSON implements Value.
func (n neutral) MarshalJSON() ([]byte, error) { return n.of.MarshalJSON() }

func decodeNeutral(name string, data []byte) (key string, value any, err error) {
	p := &prompt.Prompt{}
	if err := json.Unmarshal(data, p); err != nil {
		return "", nil, err
	}
	return name, neutral{p}, nil
}
