package langfuse

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/promptcache/promptcache-go/internal/httpsource"
)

// dumpPrompt is a prompt in a snapshot: as the registry sends it, and after that
// what is ours.
type dumpPrompt struct {
	wirePrompt

	Key  string `json:"key,omitempty"` // what was asked for
	ETag string `json:"etag,omitempty"`
}

// MarshalJSON returns the prompt in the shape in which the registry sends it,
// and beside that the key that was asked for and the ETag.
func (p Prompt) MarshalJSON() ([]byte, error) {
	d, err := p.dump()
	if err != nil {
		return nil, err
	}
	return json.Marshal(d)
}

func (p *Prompt) dump() (dumpPrompt, error) {
	w, err := p.wire(p.ref.Name)
	return dumpPrompt{wirePrompt: w, Key: p.ref.String(), ETag: p.etag}, err
}

// UnmarshalJSON reads what MarshalJSON wrote, or what the registry sends; of
// that, name, version, type and prompt are required. A prompt without a key is
// as good as asked for by the label "production", whatever its labels are. It
// changes nothing on failure, and it fails for a Prompt that holds something
// already, because others may be reading it.
func (p *Prompt) UnmarshalJSON(data []byte) error {
	if p.version != 0 {
		return errors.New("langfuse: a Prompt cannot be changed; decode into a new one")
	}
	read, err := decodeDump(data)
	if err != nil {
		return fmt.Errorf("langfuse: decode prompt: %w", err)
	}
	*p = *read
	return nil
}

func decodeDump(data []byte) (*Prompt, error) {
	var d dumpPrompt
	if err := httpsource.Unmarshal(data, &d); err != nil {
		return nil, err
	}
	p, err := d.prompt()
	if err != nil {
		return nil, err
	}
	if httpsource.IsETag(d.ETag) {
		p.etag = d.ETag
	}
	if d.Key == "" {
		p.ref = Ref{Name: d.Name}.normal()
		return p, p.ref.Validate()
	}
	if p.ref, err = ParseRef(d.Key); err != nil {
		return nil, err
	}
	return p, p.answers(d.Name)
}
