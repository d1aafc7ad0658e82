package langfuse

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/promptcache/promptcache-go/internal/httpsource"
)

// wirePrompt is the answer of GET /api/public/v2/prompts/{name}, without what
// only the registry's own pages need.
type wirePrompt struct {
	Name            string          `json:"name"`
	Version         int             `json:"version"`
	Type            Type            `json:"type"`
	Prompt          json.RawMessage `json:"prompt"`
	Config          json.RawMessage `json:"config"`
	Labels          []string        `json:"labels"`
	Tags            []string        `json:"tags"`
	CommitMessage   *string         `json:"commitMessage"`
	ResolutionGraph json.RawMessage `json:"resolutionGraph,omitempty"` // absent before prompts could be composed
}

// decodeAnswer reads the answer to a request for ref, and checks that it is one.
func decodeAnswer(a httpsource.Answer, ref Ref) (*Prompt, error) {
	var w wirePrompt
	if err := httpsource.Unmarshal(a.Body, &w); err != nil {
		return nil, fmt.Errorf("the answer is not a prompt: %w", err)
	}
	if w.Config == nil || w.Labels == nil || w.Tags == nil {
		return nil, errors.New("the answer is not a usable prompt: its config, labels or tags are missing")
	}
	p, err := w.prompt()
	if err == nil {
		p.ref, p.etag = ref, a.ETag
		err = p.answers(w.Name)
	}
	if err != nil {
		return nil, fmt.Errorf("the answer is not a usable prompt: %w", err)
	}
	return p, nil
}

// prompt returns what w holds, but for what was asked for, or what is wrong
// with it.
func (w wirePrompt) prompt() (*Prompt, error) {
	p := &Prompt{
		version: w.Version,
		kind:    w.Type,
		config:  httpsource.Compact(w.Config),
		labels:  w.Labels,
		tags:    w.Tags,
		graph:   httpsource.Compact(w.ResolutionGraph),
		neutral: new(neutral),
	}
	if w.CommitMessage != nil {
		p.commitMessage = *w.CommitMessage
	}
	if w.Version < 1 || w.Version > maxVersion {
		return nil, errors.New("its version is missing or not 1 or more")
	}
	if len(p.config) == 0 {
		p.config = json.RawMessage("null")
	}
	if w.Prompt == nil {
		return nil, errors.New("its prompt is missing")
	}
	var err error
	switch w.Type {
	case Text:
		var text *string
		if json.Unmarshal(w.Prompt, &text) != nil || text == nil {
			return nil, errors.New("its prompt is not a string, as its type text says")
		}
		p.text = *text
	case Chat:
		p.messages, err = decodeMessages(w.Prompt)
	default:
		err = fmt.Errorf("its type is %.80q; want text or chat", w.Type)
	}
	if err == nil {
		err = p.computeRevision(w.Name)
	}
	return p, err
}

// answers reports why p, which says that it is called name, is not what its ref
// asks for, or nil.
func (p *Prompt) answers(name string) error {
	switch {
	case name != p.ref.Name:
		return fmt.Errorf("it is another prompt, %.80q", name)
	case p.ref.Version != 0 && p.ref.Version != p.version:
		return fmt.Errorf("it is another version, %d", p.version)
	case p.ref.Version == 0 && !slices.Contains(p.labels, p.ref.Label):
		return fmt.Errorf("its version %d does not have the label %q", p.version, p.ref.Label)
	}
	return nil
}

// wire returns p as the registry sends it, under the given name.
func (p *Prompt) wire(name string) (wirePrompt, error) {
	w := wirePrompt{
		Name:            name,
		Version:         p.version,
		Type:            p.kind,
		Config:          p.config,
		Labels:          append([]string{}, p.labels...),
		Tags:            append([]string{}, p.tags...),
		ResolutionGraph: p.graph,
	}
	if p.commitMessage != "" {
		w.CommitMessage = &p.commitMessage
	}
	var content any = p.text
	if p.kind == Chat {
		raws := make([]json.RawMessage, len(p.messages))
		for i, m := range p.messages {
			raws[i] = m.Raw
		}
		content = raws
	}
	var err error
	w.Prompt, err = readable(content)
	return w, err
}

// computeRevision sets p.revision, for which all that is served must be in
// place. The order of labels and tags is not content.
func (p *Prompt) computeRevision(name string) error {
	w, err := p.wire(name)
	if err != nil {
		return err
	}
	slices.Sort(w.Labels)
	slices.Sort(w.Tags)
	content, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("hash the content: %w", err)
	}
	sum := sha256.Sum256(content)
	p.revision = fmt.Sprintf("%d+%x", p.version, sum[:8])
	return nil
}
