package prompt

import (
	"encoding/json"
	"strings"
)

// buffer collects the text of one template. Once its state has failed it takes
// nothing more.
type buffer struct {
	strings.Builder
	state *state
}

func (b *buffer) write(text string) {
	if b.state.take(len(text)) {
		_, _ = b.WriteString(text)
	}
}

// writeValue writes a reduced value: nothing for nil, a string as it is, other
// scalars as JSON writes them, lists and objects as JSON or, if asked, as
// JavaScript's String writes them.
func (b *buffer) writeValue(v any, javaScript bool) {
	switch v := v.(type) {
	case nil:
	case string:
		b.write(v)
	case bool:
		b.write(boolText(v))
	case number:
		if javaScript {
			b.write(v.javaScript())
			return
		}
		b.write(v.text)
	case []any:
		if !javaScript {
			b.writeJSON(v)
			return
		}
		for i, element := range v {
			if i > 0 {
				b.write(",")
			}
			b.writeValue(element, true)
		}
	default:
		if javaScript {
			b.write("[object Object]")
			return
		}
		b.writeJSON(v)
	}
}

// writeJSON writes a reduced value as JSON, compact, names sorted, without
// escaping for HTML. What is no number to JSON is null.
func (b *buffer) writeJSON(v any) {
	switch v := v.(type) {
	case nil:
		b.write("null")
	case bool:
		b.write(boolText(v))
	case string:
		b.write(quoteJSON(v))
	case number:
		if !json.Valid([]byte(v.text)) {
			b.write("null")
			return
		}
		b.write(v.text)
	case []any:
		b.write("[")
		for i, element := range v {
			if i > 0 {
				b.write(",")
			}
			b.writeJSON(element)
		}
		b.write("]")
	case map[string]any:
		b.write("{")
		for i, name := range sortedNames(v) {
			if i > 0 {
				b.write(",")
			}
			b.write(quoteJSON(name))
			b.write(":")
			b.writeJSON(v[name])
		}
		b.write("}")
	}
}

func boolText(v bool) string {
	if v {
		return "true"
	}
	return "false"
}

func quoteJSON(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return "null" // not reached: a string has JSON
	}
	return strings.TrimSuffix(b.String(), "\n")
}
