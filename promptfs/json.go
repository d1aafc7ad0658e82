package promptfs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// jsonReader reads a JSON file into nodes.
type jsonReader struct {
	data    []byte
	decoder *json.Decoder
	budget  budget
	offset  int // up to where the lines are counted
	line    int
}

// readJSON returns what the file says. Its errors are *lineErrors.
func readJSON(data []byte) (*node, error) {
	r := jsonReader{data: data, decoder: json.NewDecoder(bytes.NewReader(data)), budget: newBudget(data), line: 1}
	r.decoder.UseNumber()
	root, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := r.decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, wrongAt(r.here(), "something follows the value")
	}
	return root, nil
}

// here returns the line of the token that was read last.
func (r *jsonReader) here() int {
	end := int(r.decoder.InputOffset())
	r.line += bytes.Count(r.data[r.offset:end], []byte("\n"))
	r.offset = end
	return r.line
}

func (r *jsonReader) token() (json.Token, error) {
	token, err := r.decoder.Token()
	if err == nil {
		return token, nil
	}
	line := r.here()
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		line = 1 + bytes.Count(r.data[:min(int(syntax.Offset), len(r.data))], []byte("\n"))
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, wrongAt(line, "the file ends where more is expected")
	}
	return nil, wrongAt(line, "%v", err)
}

func (r *jsonReader) value(depth int) (*node, error) {
	token, err := r.token()
	if err != nil {
		return nil, err
	}
	n := &node{line: r.here()}
	switch token := token.(type) {
	case bool:
		n.kind, n.text = isBool, map[bool]string{true: "true", false: "false"}[token]
	case json.Number:
		n.kind, n.text = isNumber, token.String()
	case string:
		n.kind, n.text = isText, token
	case json.Delim:
		n.kind = map[json.Delim]nodeKind{'[': isList, '{': isObject}[token]
	}
	if err := r.budget.spend(n.line, depth, len(n.text)); err != nil {
		return nil, err
	}
	switch n.kind {
	case isList:
		err = r.elements(n, depth)
	case isObject:
		err = r.fields(n, depth)
	default:
	}
	return n, err
}

func (r *jsonReader) elements(n *node, depth int) error {
	for r.decoder.More() {
		element, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.list = append(n.list, element)
	}
	_, err := r.token()
	return err
}

func (r *jsonReader) fields(n *node, depth int) error {
	seen := fieldNames{}
	for r.decoder.More() {
		token, err := r.token()
		if err != nil {
			return err
		}
		f := field{line: r.here()}
		f.name, _ = token.(string) // the decoder lets nothing else be a name
		if err := seen.see(f.line, f.name); err != nil {
			return err
		}
		if f.value, err = r.value(depth + 1); err != nil {
			return err
		}
		n.fields = append(n.fields, f)
	}
	_, err := r.token()
	return err
}
