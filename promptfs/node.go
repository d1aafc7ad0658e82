package promptfs

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Bounds of what one file may say; YAML's aliases could make a small file large.
const (
	maxNodes     = 100_000
	maxNodeDepth = 100
	maxNodeBytes = 16 << 20 // of text, or the size of the file if that is more
)

// nodeKind is what JSON calls a type.
type nodeKind uint8

const (
	isNull nodeKind = iota
	isBool
	isNumber
	isText
	isList
	isObject
)

// String returns the kind in words.
func (k nodeKind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// node is a value of a JSON or YAML file, and the line on which it begins.
type node struct {
	kind   nodeKind
	line   int
	text   string // of a string; a number as JSON writes it; true or false
	list   []*node
	fields []field
}

// field is one of an object's.
type field struct {
	name  string
	line  int
	value *node
}

// lineError is something wrong on a line of a file.
type lineError struct {
	line    int
	problem string
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.problem) }

func wrongAt(line int, format string, args ...any) error {
	return &lineError{line, fmt.Sprintf(format, args...)}
}

// field returns the value of an object's field, nil if it has none.
func (n *node) field(name string) *node {
	for _, f := range n.fields {
		if f.name == name {
			return f.value
		}
	}
	return nil
}

// fieldNames tells whether an object has a field twice.
type fieldNames map[string]bool

// see notes a name, each once.
func (seen fieldNames) see(line int, name string) error {
	if seen[name] {
		return wrongAt(line, "the field %.40q is there twice", name)
	}
	seen[name] = true
	return nil
}

// json returns the value as compact JSON, its fields in their order.
func (n *node) json() json.RawMessage {
	var b bytes.Buffer
	n.write(&b)
	return b.Bytes()
}

func (n *node) write(b *bytes.Buffer) {
	switch n.kind {
	case isNull:
		b.WriteString("null")
	case isBool, isNumber:
		b.WriteString(n.text)
	case isText:
		writeText(b, n.text)
	case isList:
		for i, element := range n.list {
			b.WriteByte("[,"[min(i, 1)])
			element.write(b)
		}
		if len(n.list) == 0 {
			b.WriteByte('[')
		}
		b.WriteByte(']')
	case isObject:
		for i, f := range n.fields {
			b.WriteByte("{,"[min(i, 1)])
			writeText(b, f.name)
			b.WriteByte(':')
			f.value.write(b)
		}
		if len(n.fields) == 0 {
			b.WriteByte('{')
		}
		b.WriteByte('}')
	}
}

func writeText(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a string always has JSON
	}
	b.Truncate(b.Len() - 1) // the line break
}

// budget is how much a file may still say.
type budget struct{ nodes, bytes int }

func newBudget(data []byte) budget {
	return budget{nodes: maxNodes, bytes: max(maxNodeBytes, len(data))}
}

// spend counts one value with that much text, nested that deep.
func (b *budget) spend(line, depth, text int) error {
	b.nodes--
	b.bytes -= text
	switch {
	case depth > maxNodeDepth:
		return wrongAt(line, "it is nested more than %d deep", maxNodeDepth)
	case b.nodes < 0:
		return wrongAt(line, "the file has more than %d values", maxNodes)
	case b.bytes < 0:
		return wrongAt(line, "the values have more than %d bytes", maxNodeBytes)
	}
	return nil
}
