package langsmith

import (
	"fmt"
	"sync"

	"github.com/promptcache/promptcache-go/prompt"
)

// parsedManifest is a manifest that is read once, when someone asks. It stands
// behind a pointer, so that copies of a commit share it.
type parsedManifest struct {
	once   sync.Once
	prompt *prompt.Prompt
	err    error
}

// Prompt returns the commit's prompt, ready to compile. The manifest is read by
// the first call; later ones return the same Prompt or the same error.
//
// Messages of class Human are those of the role "user", of AI "assistant", of
// System "system"; a literal message is not a template; a MessagesPlaceholder
// takes messages that are not templates either. The prompt's Schema is a
// StructuredPrompt's. Its Config is {"provider","id","settings","bound",
// "structured_output","method"}: the class of the model that was fetched along
// ("?model" in the key), what it is made with and what it is called with; without
// a model in the manifest, HubModelProvider and HubModelConfig. Secrets are
// never resolved: they stay {"lc":1,"type":"secret","id":[…]}.
//
// What cannot be read faithfully is an error that matches prompt.ErrUnsupported
// and names its place in the manifest, such as
// kwargs.messages[2].kwargs.prompt.kwargs.template_format: unknown classes,
// jinja2, images by path, steps between the prompt and the model.
func (c *PromptCommit) Prompt() (*prompt.Prompt, error) {
	if c.parsed == nil {
		return nil, fmt.Errorf("langsmith: %w: the zero PromptCommit has no prompt", prompt.ErrInvalid)
	}
	c.parsed.once.Do(func() { c.parsed.prompt, c.parsed.err = c.readPrompt() })
	return c.parsed.prompt, c.parsed.err
}

func (c *PromptCommit) readPrompt() (*prompt.Prompt, error) {
	name := Ref{Owner: c.ref.Owner, Name: c.ref.Name}.String()
	spec, config, err := readManifest(c.manifest)
	if err != nil {
		return nil, fmt.Errorf("langsmith: the manifest of %.80q: %w", name, err)
	}
	if config.Provider == "" {
		config.Provider = c.modelProvider
		config.Settings = c.modelConfig
	}
	spec.Config, err = config.encoded()
	if err != nil {
		return nil, fmt.Errorf("langsmith: the model of %.80q: %w", name, err)
	}
	spec.Name = name
	spec.Revision = c.Revision()
	spec.Immutable = c.Immutable()
	spec.Raw = c.manifest
	made, err := prompt.New(spec)
	if err != nil {
		return nil, fmt.Errorf("langsmith: the manifest of %.80q: %w", name, err)
	}
	return made, nil
}
