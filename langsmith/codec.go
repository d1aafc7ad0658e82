package langsmith

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/promptcache/promptcache-go/promptcache"
)

// What LangSmith's SDKs end a key of their caches with to say that the model is
// included, and what we end one with that would end so by itself: the SDKs do not
// tell a prompt with its model from its tag "with_model".
const (
	withModel    = ":with_model"
	withoutModel = ":without_model"
)

// codec reads and writes the files that the caches of LangSmith's SDKs (npm
// langsmith, PyPI langsmith) dump and load.
type codec struct{ src *Source }

// NewCodec returns the codec of format "langsmith", for snapshots that LangSmith's
// own SDKs load, and that reads those they dump. It holds *PromptCommit. Keys are
// in the SDKs' spelling, in which "al?model" is "al:with_model"; for the tag
// with_model of a prompt they have no spelling of its own, and "al:with_model" is
// written as "al:with_model:without_model", which no SDK looks up.
//
// Of what it reads, only keys that src.Check accepts are taken; src may be nil,
// and then any key is that names a prompt. NewCache sets it.
func NewCodec(src *Source) promptcache.Codec { return codec{src} }

func (codec) Format() string { return "langsmith" }

// Bare: the SDKs' files have entries and nothing else.
func (codec) Bare() bool { return true }

func (codec) Encode(key string, value any) (name string, data []byte, err error) {
	c, ok := value.(*PromptCommit)
	if !ok {
		return "", nil, fmt.Errorf("langsmith: it is a %T; want a *PromptCommit", value)
	}
	if c == nil || c.commitHash == "" {
		return "", nil, errors.New("langsmith: it is no commit")
	}
	if name, err = sdkName(key); err != nil {
		return "", nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // someone will read the file
	err = enc.Encode(c.dump())
	return name, b.Bytes(), err
}

// sdkName returns how the SDKs' caches call the prompt that key names.
func sdkName(key string) (string, error) {
	ref, err := ParseRef(key)
	if err != nil {
		return "", err
	}
	plain, model := strings.CutSuffix(key, modelFlag)
	switch {
	case model:
		return plain + withModel, nil
	case ref.Version == withModel[1:]:
		return key + withoutModel, nil
	}
	return key, nil
}

// keyOf is the reverse of sdkName.
func keyOf(name string) string {
	if plain, ok := strings.CutSuffix(name, withoutModel); ok && strings.HasSuffix(plain, withModel) {
		return plain
	}
	if plain, ok := strings.CutSuffix(name, withModel); ok {
		return plain + modelFlag
	}
	return name
}

func (c codec) Decode(name string, data []byte) (key string, value any, err error) {
	key = keyOf(name)
	if c.src != nil {
		err = c.src.Check(key)
	} else {
		_, err = ParseRef(key)
	}
	if err != nil {
		return "", nil, err
	}
	commit := &PromptCommit{}
	if err := commit.UnmarshalJSON(data); err != nil {
		return "", nil, err
	}
	if err := commit.askedBy(key); err != nil {
		return "", nil, err
	}
	return key, commit, nil
}

// askedBy completes a commit of a file that does not say which version was asked
// for, and whether the model was, with what the key says.
func (c *PromptCommit) askedBy(key string) error {
	ref, err := ParseRef(key)
	if err != nil {
		return err
	}
	if c.ref.Owner != ref.Owner || c.ref.Name != ref.Name || c.ref.Version != latestVersion || c.ref.Model {
		return nil
	}
	c.ref = ref
	err = c.agree()
	if err == nil {
		err = c.computeRevision()
	}
	if err != nil {
		return fmt.Errorf("langsmith: the entry of %q: %w", key, err)
	}
	return nil
}
