package prompt

import (
	"fmt"
	"strings"
	"unicode"
)

// maxSections bounds how deeply sections may be nested.
const maxSections = 100

// node is a part of a mustache template.
type node struct {
	kind     nodeKind
	text     string   // of a textNode
	name     string   // of the others
	path     []string // the name's parts, if it has dots
	children []node   // of sections
	pending  []*node  // the children while the template is being read
}

type nodeKind uint8

const (
	textNode nodeKind = iota
	variableNode
	sectionNode
	invertedNode
)

// mustacheProgram is a template of SyntaxMustache or SyntaxMustacheJS.
type mustacheProgram struct {
	nodes      []node
	javaScript bool // how lists and objects are written
}

// parseMustache reads a template as mustache.js 4.2 does.
func parseMustache(source string, syntax Syntax) (template, error) {
	if !strings.Contains(source, "{{") {
		return template{text: source}, nil
	}
	p := mustacheParser{rest: source, open: "{{", close: "}}"}
	p.levels = []level{{}}
	for p.rest != "" {
		before, rest, found := strings.Cut(p.rest, p.open)
		p.addText(before)
		if !found {
			break
		}
		p.rest = strings.TrimLeftFunc(rest, isJavaScriptSpace)
		if err := p.readTag(); err != nil {
			return template{}, err
		}
	}
	p.endLine()
	if unclosed := len(p.levels) - 1; unclosed > 0 {
		return template{}, fmt.Errorf("%w: section %s is not closed", ErrSyntax, excerpt(p.levels[unclosed].name))
	}
	nodes := tidy(p.levels[0].nodes)
	if len(nodes) == 0 {
		return template{}, nil
	}
	if len(nodes) == 1 && nodes[0].kind == textNode {
		return template{text: nodes[0].text}, nil
	}
	return template{text: source, program: &mustacheProgram{nodes, syntax == SyntaxMustacheJS}}, nil
}

// level is a section that is being read, or the whole template.
type level struct {
	kind  nodeKind
	name  string
	nodes []*node
}

type mustacheParser struct {
	rest        string
	open, close string
	levels      []level

	// Of the line that is being read. If it turns out to hold tags that leave no
	// text, and white space, then that white space goes.
	spaces   []*node
	hasTag   bool
	hasOther bool
}

func (p *mustacheParser) add(n *node) *node {
	top := &p.levels[len(p.levels)-1]
	top.nodes = append(top.nodes, n)
	return n
}

// addText adds text, its white space apart so that it can be taken back.
func (p *mustacheParser) addText(text string) {
	for text != "" {
		length := strings.IndexFunc(text, isJavaScriptSpace)
		if length != 0 {
			if length < 0 {
				length = len(text)
			}
			p.add(&node{text: text[:length]})
			p.hasOther = true
			text = text[length:]
			continue
		}
		length = strings.IndexFunc(text, func(r rune) bool { return r == '\n' || !isJavaScriptSpace(r) })
		ends := length >= 0 && text[length] == '\n'
		switch {
		case length < 0:
			length = len(text)
		case ends:
			length++
		}
		p.spaces = append(p.spaces, p.add(&node{text: text[:length]}))
		text = text[length:]
		if ends {
			p.endLine()
		}
	}
}

func (p *mustacheParser) endLine() {
	if p.hasTag && !p.hasOther {
		for _, space := range p.spaces {
			space.text = ""
		}
	}
	p.spaces, p.hasTag, p.hasOther = nil, false, false
}

// readTag reads what follows an opening delimiter, the closing one included.
func (p *mustacheParser) readTag() error {
	p.hasTag = true
	var kind byte
	if p.rest != "" && strings.IndexByte("#^/>{&=!", p.rest[0]) >= 0 {
		kind = p.rest[0]
		p.rest = strings.TrimLeftFunc(p.rest[1:], isJavaScriptSpace)
	}
	ending := p.close
	switch kind {
	case '{':
		ending = "}" + p.close
	case '=':
		ending = "="
	}
	start := p.rest
	value, rest, found := strings.Cut(p.rest, ending)
	if found && kind == '=' {
		_, rest, found = strings.Cut(rest, p.close)
	}
	if !found {
		return fmt.Errorf("%w: the tag at %s is not closed by %q", ErrSyntax, excerpt(start), p.close)
	}
	p.rest = rest
	return p.act(kind, strings.TrimRightFunc(value, isJavaScriptSpace))
}

// act does what a tag says.
func (p *mustacheParser) act(kind byte, value string) error {
	switch kind {
	case '!':
	case '>':
		return fmt.Errorf("%w: the partial %s; write its text into the template", ErrUnsupported, excerpt(value))
	case '=':
		delimiters := strings.FieldsFunc(value, isJavaScriptSpace)
		if len(delimiters) < 2 {
			return fmt.Errorf("%w: %s is not two delimiters", ErrSyntax, excerpt(value))
		}
		p.open, p.close = delimiters[0], delimiters[1]
	case '#':
		return p.openSection(sectionNode, value)
	case '^':
		return p.openSection(invertedNode, value)
	case '/':
		return p.closeSection(value)
	default:
		p.hasOther = true
		p.add(named(variableNode, value))
	}
	return nil
}

func (p *mustacheParser) openSection(kind nodeKind, name string) error {
	if len(p.levels) > maxSections {
		return fmt.Errorf("%w: sections are nested more than %d deep", ErrTooLarge, maxSections)
	}
	p.levels = append(p.levels, level{kind: kind, name: name})
	return nil
}

func (p *mustacheParser) closeSection(name string) error {
	last := len(p.levels) - 1
	section := p.levels[last]
	if last == 0 {
		return fmt.Errorf("%w: section %s is closed and was not opened", ErrSyntax, excerpt(name))
	}
	if section.name != name {
		return fmt.Errorf("%w: section %s is closed while %s is open", ErrSyntax, excerpt(name), excerpt(section.name))
	}
	p.levels = p.levels[:last]
	n := p.add(named(section.kind, name))
	// Spaces of the current line may still be taken back, so the children are
	// read by tidy at the very end.
	n.pending = section.nodes
	return nil
}

func named(kind nodeKind, name string) *node {
	n := &node{kind: kind, name: name}
	if strings.IndexByte(name, '.') > 0 {
		n.path = strings.Split(name, ".")
	}
	return n
}

// tidy copies nodes, neighbouring text joined and empty text left out.
func tidy(nodes []*node) []node {
	out := make([]node, 0, len(nodes))
	for _, n := range nodes {
		switch last := len(out) - 1; {
		case n.kind != textNode:
			section := *n
			section.children, section.pending = tidy(n.pending), nil
			out = append(out, section)
		case n.text == "":
		case last >= 0 && out[last].kind == textNode:
			out[last].text += n.text
		default:
			out = append(out, *n)
		}
	}
	return out
}

// variables returns the names that are looked up in what the caller gives: the
// first parts of the dotted ones, and none from inside a section, where a name
// usually belongs to the section's value.
func (p *mustacheProgram) variables() []string { return topLevelNames(nil, p.nodes) }

func topLevelNames(names []string, nodes []node) []string {
	for _, n := range nodes {
		if n.kind == textNode {
			continue
		}
		switch {
		case n.path != nil:
			names = append(names, n.path[0])
		case n.name != ".":
			names = append(names, n.name)
		}
		if n.kind == invertedNode {
			names = topLevelNames(names, n.children)
		}
	}
	return names
}

// isJavaScriptSpace reports what \s matches in JavaScript.
func isJavaScriptSpace(r rune) bool { return unicode.IsSpace(r) && r != 0x85 || r == 0xfeff }
