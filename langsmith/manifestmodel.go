package langsmith

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/promptcache/promptcache-go/prompt"
)

// manifestConfig is what a neutral prompt's Config has for a prompt of LangSmith.
type manifestConfig struct {
	Provider         string                     `json:"provider,omitempty"` // the model's class, such as ChatOpenAI
	ID               []string                   `json:"id,omitempty"`       // with the class's path
	Settings         json.RawMessage            `json:"settings,omitempty"` // what the model is made with
	Bound            map[string]json.RawMessage `json:"bound,omitempty"`    // what it is called with, such as tools
	StructuredOutput json.RawMessage            `json:"structured_output,omitempty"`
	Method           string                     `json:"method,omitempty"` // of structured output
}

// model reads the model of a sequence, and what is bound to it. Secrets in it
// stay the references that they are.
func (r *manifestReader) model(raw json.RawMessage, path string) {
	for range maxManifestDepth {
		n := manifestNode{path: path}
		if err := json.Unmarshal(raw, &n); err != nil || n.LC != 1 || len(n.ID) == 0 || n.Type == "secret" {
			r.invalid(path, "it is not a model")
			return
		}
		if n.class() != "RunnableBinding" {
			r.config.Provider, r.config.ID = n.class(), n.ID
			if n.Kwargs != nil {
				r.config.Settings = r.encode(path, n.Kwargs)
			}
			return
		}
		var bound map[string]json.RawMessage
		if r.take(&n, "kwargs", &bound); len(bound) > 0 {
			maps.Copy(bound, r.config.Bound) // of bindings of bindings, the outer one counts
			r.config.Bound = bound
		}
		raw, path = n.Kwargs["bound"], n.at("bound")
	}
	r.problem(path, fmt.Errorf("%w: bindings are nested more than %d deep", prompt.ErrTooLarge, maxManifestDepth))
}

// encoded returns the config as JSON, nil if it says nothing.
func (c manifestConfig) encoded() (json.RawMessage, error) {
	raw, err := json.Marshal(c)
	if err != nil || string(raw) == "{}" {
		return nil, err
	}
	return raw, nil
}
