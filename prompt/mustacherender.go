package prompt

import (
	"strconv"
	"strings"
	"unicode/utf16"
)

// mustacheRun is a mustache program under way.
type mustacheRun struct {
	*buffer
	javaScript bool
	views      []any // the values of the sections that are open, the innermost last
}

func (p *mustacheProgram) render(b *buffer) {
	run := mustacheRun{buffer: b, javaScript: p.javaScript}
	run.nodes(p.nodes)
}

func (r *mustacheRun) nodes(nodes []node) {
	for i := range nodes {
		n := &nodes[i]
		if !r.state.step() {
			return
		}
		switch n.kind {
		case textNode:
			r.write(n.text)
		case variableNode:
			r.writeValue(r.find(n), r.javaScript)
		case sectionNode:
			r.section(n)
		case invertedNode:
			if !truthy(r.find(n)) {
				r.nodes(n.children)
			}
		}
	}
}

func (r *mustacheRun) section(n *node) {
	value := r.find(n)
	if !truthy(value) {
		return
	}
	if value == true {
		r.nodes(n.children)
		return
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	depth := len(r.views)
	for _, element := range list {
		if !r.state.step() {
			return
		}
		r.views = append(r.views[:depth], element)
		r.nodes(n.children)
	}
	r.views = r.views[:depth]
}

// find returns the value of a name: the innermost open section's that has it,
// or else the caller's. A name that nobody has is nil.
func (r *mustacheRun) find(n *node) any {
	if n.name == "." {
		if len(r.views) == 0 {
			return r.state.all()
		}
		return r.views[len(r.views)-1]
	}
	for i := len(r.views) - 1; i >= 0; i-- {
		view := r.views[i]
		if n.path != nil {
			if v, ok := walk(view, n.path); ok {
				return v
			}
		} else if v, ok := member(view, n.name); ok {
			if _, isText := view.(string); !isText { // a string's length is not in scope inside its own section
				return v
			}
		}
	}
	if n.path == nil {
		if v, ok := r.state.lookup(n.name); ok {
			return v
		}
	} else if root, ok := r.state.lookup(n.path[0]); ok {
		if v, ok := walk(root, n.path[1:]); ok {
			return v
		}
	}
	r.state.missing(n.name, false)
	return nil
}

func walk(v any, path []string) (any, bool) {
	for _, name := range path {
		var ok bool
		if v, ok = member(v, name); !ok {
			return nil, false
		}
	}
	return v, true
}

// member returns what v.name is in JavaScript, of a value's own: an object's
// fields, the length and the elements of a list or a string.
func member(v any, name string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		field, ok := v[name]
		return field, ok
	case []any:
		if name == "length" {
			return integer(int64(len(v)), strconv.Itoa(len(v))), true
		}
		if i, ok := index(name, len(v)); ok {
			return v[i], true
		}
	case string:
		if name != "length" && strings.Trim(name, "0123456789") != "" {
			return nil, false
		}
		units := utf16.Encode([]rune(v))
		if name == "length" {
			return integer(int64(len(units)), strconv.Itoa(len(units))), true
		}
		if i, ok := index(name, len(units)); ok {
			return string(utf16.Decode(units[i : i+1])), true
		}
	}
	return nil, false
}

// index returns name as an index below length, if it is written as one.
func index(name string, length int) (int, bool) {
	i, err := strconv.Atoi(name)
	return i, err == nil && i >= 0 && i < length && strconv.Itoa(i) == name
}
