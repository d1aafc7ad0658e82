package prompt

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// The types of parts that have fields of their own in [Part].
const (
	TextPart  = "text"
	ImagePart = "image_url"
)

// Part is one part of a message that is more than text. In a [Spec] its texts,
// and the strings in Extra, are templates.
type Part struct {
	// Type is TextPart, ImagePart, or the type of a part that Extra describes,
	// such as "input_audio". Empty is TextPart or ImagePart, by what is set, or a
	// part without a type, if only Extra is.
	Type     string
	Text     string // of a TextPart; one that compiles to "" is left out
	ImageURL string // of an ImagePart: a URL or data: URL; must not compile to ""
	Detail   string // of an ImagePart: low, high, auto; or ""
	Extra    map[string]json.RawMessage
	Syntax   Syntax // how the texts are read, the message's if it is empty
}

// kind returns the part's type, derived if it is not set.
func (p Part) kind() string {
	switch {
	case p.Type != "":
		return p.Type
	case p.ImageURL != "":
		return ImagePart
	case p.Text == "" && p.Extra != nil:
		return ""
	}
	return TextPart
}

// MarshalJSON returns the part in the shape of OpenAI's chat API:
// {"type":"text","text":…} or {"type":"image_url","image_url":{"url":…,"detail":…}},
// with Extra after that.
func (p Part) MarshalJSON() ([]byte, error) {
	var o object
	kind := p.kind()
	if kind != "" {
		o.add("type", kind)
	}
	switch kind {
	case TextPart:
		o.add("text", p.Text)
	case ImagePart:
		if p.ImageURL != "" || p.Extra[ImagePart] == nil {
			o.add("image_url", imageURL{p.ImageURL, p.Detail})
		}
	}
	return o.bytes(p.Extra)
}

type imageURL struct {
	URL    string `json:"url"`
	Detail string `json:"detail,omitempty"`
}

// UnmarshalJSON reads a part in the shape of OpenAI's chat API; a string is a
// text part. Fields that it does not know it keeps in Extra.
func (p *Part) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	if len(data) > 0 && data[0] == '"' {
		read := Part{Type: TextPart}
		if err := json.Unmarshal(data, &read.Text); err != nil {
			return fmt.Errorf("%w: a part: %w", ErrInvalid, err)
		}
		*p = read
		return nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil || fields == nil {
		return fmt.Errorf("%w: a part is a JSON object or a string", ErrInvalid)
	}
	read, err := partOf(fields)
	if err != nil {
		return err
	}
	*p = read
	return nil
}

// partOf takes from fields what a Part has a field for, and keeps the rest.
func partOf(fields map[string]json.RawMessage) (Part, error) {
	var p Part
	if raw, ok := fields["type"]; ok {
		if err := json.Unmarshal(raw, &p.Type); err != nil || p.Type == "" {
			return Part{}, fmt.Errorf("%w: the type of a part is not a name", ErrInvalid)
		}
		delete(fields, "type")
	}
	switch p.Type {
	case TextPart:
		raw := bytes.TrimSpace(fields["text"])
		if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &p.Text) != nil {
			return Part{}, fmt.Errorf("%w: a text part has no text", ErrInvalid)
		}
		delete(fields, "text")
	case ImagePart:
		if image, ok := readImageURL(fields[ImagePart]); ok {
			p.ImageURL, p.Detail = image.URL, image.Detail
			delete(fields, ImagePart)
		} else if fields[ImagePart] == nil {
			return Part{}, fmt.Errorf("%w: an image part has no image_url", ErrInvalid)
		}
	}
	if len(fields) > 0 {
		p.Extra = fields
	}
	return p, nil
}

// readImageURL reads an image_url that is a string, or an object with a url and
// a detail and nothing else.
func readImageURL(raw json.RawMessage) (imageURL, bool) {
	var image imageURL
	if json.Unmarshal(raw, &image.URL) == nil && image.URL != "" {
		return image, true
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return image, d.Decode(&image) == nil && image.URL != ""
}
