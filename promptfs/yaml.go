package promptfs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// readYAML returns what the file says. Its errors are *lineErrors.
func readYAML(data []byte) (*node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil, wrongAt(1, "the file is empty")
	}
	if err != nil {
		return nil, yamlError(err)
	}
	var another yaml.Node
	if err := decoder.Decode(&another); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, yamlError(err)
		}
		return nil, wrongAt(another.Line, "a second document begins; want one")
	}
	r := yamlReader{budget: newBudget(data)}
	return r.value(document.Content[0], 0)
}

// yamlError takes the line out of the text of the parser's errors, "yaml: line
// 3: …", where it is.
func yamlError(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		number, problem, found := strings.Cut(rest, ": ")
		if n, err := strconv.Atoi(number); err == nil && found {
			line, text = n, problem
		}
	}
	return wrongAt(line, "%s", text)
}

// yamlReader turns the parser's nodes into ours, which are those of JSON.
type yamlReader struct{ budget budget }

func (r *yamlReader) value(y *yaml.Node, depth int) (*node, error) {
	line := y.Line
	if y.Kind == yaml.AliasNode {
		y = y.Alias // of itself, too: the depth ends that
	}
	n := &node{line: line}
	if err := r.budget.spend(line, depth, len(y.Value)); err != nil {
		return nil, err
	}
	tag := y.ShortTag()
	switch {
	case y.Kind == yaml.SequenceNode && tag == "!!seq":
		n.kind = isList
		return n, r.elements(n, y, depth)
	case y.Kind == yaml.MappingNode && tag == "!!map":
		n.kind = isObject
		return n, r.fields(n, y, depth)
	case y.Kind == yaml.ScalarNode:
		return n, scalar(n, tag, y.Value)
	}
	return nil, wrongAt(line, "the tag %.40q is not supported", tag)
}

func (r *yamlReader) elements(n *node, y *yaml.Node, depth int) error {
	for _, element := range y.Content {
		value, err := r.value(element, depth+1)
		if err != nil {
			return err
		}
		n.list = append(n.list, value)
	}
	return nil
}

func (r *yamlReader) fields(n *node, y *yaml.Node, depth int) error {
	seen := fieldNames{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		name := y.Content[i]
		f := field{name: name.Value, line: name.Line}
		switch tag := name.ShortTag(); {
		case tag == "!!merge":
			return wrongAt(f.line, "merge keys are not supported; write the fields out, or use an alias as a value")
		case name.Kind != yaml.ScalarNode || tag != "!!str":
			return wrongAt(f.line, "the name of a field, %.40q, is not a string; put it in quotes", f.name)
		}
		if err := r.budget.spend(f.line, depth, len(f.name)); err != nil {
			return err
		}
		if err := seen.see(f.line, f.name); err != nil {
			return err
		}
		var err error
		if f.value, err = r.value(y.Content[i+1], depth+1); err != nil {
			return err
		}
		n.fields = append(n.fields, f)
	}
	return nil
}

// scalar sets n to the value with that tag and text.
func scalar(n *node, tag, text string) error {
	switch tag {
	case "!!str", "!!timestamp":
		n.kind, n.text = isText, text
	case "!!null":
		n.kind = isNull
	case "!!bool":
		n.kind, n.text = isBool, strings.ToLower(text)
		if n.text != "true" && n.text != "false" {
			return wrongAt(n.line, "the boolean is %.40q; want true or false", text)
		}
	case "!!int", "!!float":
		// What JSON does not know (0x10, 010, 1_000, .5, .inf) means different
		// things to different readers of YAML.
		n.kind, n.text = isNumber, text
		if !json.Valid([]byte(text)) {
			return wrongAt(n.line, "the number is %.40q; write it as in JSON, or put it in quotes if it is text", text)
		}
	default:
		return wrongAt(n.line, "the tag %.40q is not supported", tag)
	}
	return nil
}
