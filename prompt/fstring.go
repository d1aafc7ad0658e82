package prompt

import (
	"fmt"
	"strings"
)

// fstringProgram is a template of SyntaxFString.
type fstringProgram []segment

func parseFString(source string) (template, error) {
	var program fstringProgram
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			program = append(program, segment{text: text.String()})
			text.Reset()
		}
	}
	named := false
	for rest := source; rest != ""; {
		brace := strings.IndexAny(rest, "{}")
		if brace < 0 {
			text.WriteString(rest)
			break
		}
		text.WriteString(rest[:brace])
		rest = rest[brace:]
		if len(rest) > 1 && rest[1] == rest[0] {
			text.WriteByte(rest[0])
			rest = rest[2:]
			continue
		}
		if rest[0] == '}' {
			return template{}, fmt.Errorf("%w: single } before %s; write }} for a brace that is text", ErrSyntax, excerpt(rest[1:]))
		}
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return template{}, fmt.Errorf("%w: { without } at %s; write {{ for a brace that is text", ErrSyntax, excerpt(rest))
		}
		name := rest[1:end]
		if err := checkFStringName(name); err != nil {
			return template{}, err
		}
		flush()
		program = append(program, segment{name: name})
		named = true
		rest = rest[end+1:]
	}
	if !named {
		return template{text: text.String()}, nil
	}
	flush()
	return template{text: source, program: program}, nil
}

// checkFStringName refuses what would be more than a name in Python.
func checkFStringName(name string) error {
	var what string
	switch {
	case strings.Contains(name, "{"):
		return fmt.Errorf("%w: { inside {%.40s}; write {{ for a brace that is text", ErrSyntax, name)
	case strings.Trim(name, "0123456789") == "":
		what = "a positional field"
	case strings.ContainsAny(name, ".["):
		what = "attribute or index access"
	case strings.Contains(name, "!"):
		what = "a conversion"
	case strings.Contains(name, ":"):
		what = "a format spec"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s in %s; an f-string may have {name} only, and {{ for a brace that is text", ErrUnsupported, what, excerpt("{"+name+"}"))
}

func (p fstringProgram) render(b *buffer) {
	for _, s := range p {
		if s.name == "" {
			b.write(s.text)
			continue
		}
		v, ok := b.state.lookup(s.name)
		if !ok {
			b.state.missing(s.name, true)
			continue
		}
		b.writeValue(v, false)
	}
}

func (p fstringProgram) variables() []string {
	var names []string
	for _, s := range p {
		if s.name != "" {
			names = append(names, s.name)
		}
	}
	return names
}
