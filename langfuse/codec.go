package langfuse

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/promptcache/promptcache-go/promptcache"
)

// codec reads and writes the prompts of snapshots.
type codec struct{}

// NewCodec returns the codec of format "langfuse" for snapshots: keys as they
// are, and the JSON of *Prompt, which is the registry's. Of what it reads, only
// keys are taken that can name a prompt. NewCache sets it.
func NewCodec() promptcache.Codec { return codec{} }

func (codec) Format() string { return "langfuse" }

func (codec) Encode(key string, value any) (name string, data []byte, err error) {
	p, ok := value.(*Prompt)
	if !ok {
		return "", nil, fmt.Errorf("langfuse: it is a %T; want a *Prompt", value)
	}
	if p == nil || p.version == 0 {
		return "", nil, errors.New("langfuse: it is no prompt")
	}
	if _, err := ParseRef(key); err != nil {
		return "", nil, err
	}
	d, err := p.dump()
	if err != nil {
		return "", nil, err
	}
	data, err = readable(d)
	return key, data, err
}

func (codec) Decode(name string, data []byte) (key string, value any, err error) {
	if _, err := admit(name); err != nil { // Source.Check's rule
		return "", nil, err
	}
	p := &Prompt{}
	if err := p.UnmarshalJSON(data); err != nil {
		return "", nil, err
	}
	return name, p, nil
}

// readable is json.Marshal without escapes for HTML, for someone will read it,
// and prompts are full of tags.
func readable(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
