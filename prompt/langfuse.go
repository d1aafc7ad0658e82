package prompt

import (
	"strings"
	"unicode"
)

// langfuseProgram is a template of SyntaxLangfuse. Whatever stands between {{
// and }} is a name to it.
type langfuseProgram []segment

func parseLangfuse(source string) template {
	var program langfuseProgram
	rest := source
	for {
		open := strings.Index(rest, "{{")
		if open < 0 {
			break
		}
		length := strings.Index(rest[open:], "}}")
		if length < 0 {
			break
		}
		end := open + length + len("}}")
		if open > 0 {
			program = append(program, segment{text: rest[:open]})
		}
		tag := rest[open:end]
		name := strings.TrimFunc(tag[2:len(tag)-2], isPythonSpace)
		program = append(program, segment{text: tag, name: name})
		rest = rest[end:]
	}
	if !program.hasNames() {
		return template{text: source}
	}
	if rest != "" {
		program = append(program, segment{text: rest})
	}
	return template{text: source, program: program}
}

func (p langfuseProgram) hasNames() bool {
	for _, s := range p {
		if s.name != "" {
			return true
		}
	}
	return false
}

func (p langfuseProgram) render(b *buffer) {
	for _, s := range p {
		if s.name == "" {
			b.write(s.text)
			continue
		}
		v, ok := b.state.lookup(s.name)
		if ok {
			b.writeValue(v, false)
			continue
		}
		if looksLikeName(s.name) {
			b.state.missing(s.name, false)
		}
		b.write(s.text)
	}
}

func (p langfuseProgram) variables() []string {
	var names []string
	for _, s := range p {
		if looksLikeName(s.name) {
			names = append(names, s.name)
		}
	}
	return names
}

// looksLikeName tells a variable that someone meant from JSON, a section tag or
// prose that happens to stand in double braces. Those stay as they are without
// being reported as missing.
func looksLikeName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune("_-.", r)
	}) < 0
}

// isPythonSpace reports what Python's str.strip removes.
func isPythonSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }
