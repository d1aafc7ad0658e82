package promptcache

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// maxNesting is how deep a snapshot's arrays and objects may nest. Prompts nest
// some twenty deep; more would be somebody trying what breaks.
const maxNesting = 100

var errNesting = fmt.Errorf("arrays and objects nest more than %d deep", maxNesting)

// jsonScanner checks JSON while it walks through it, once. It allocates nothing
// for what it is not asked for.
//
// data must be UTF-8. Its errors name the byte, counted from 0.
type jsonScanner struct {
	data  []byte
	pos   int
	depth int           // of arrays and objects around pos
	sum   *canonicalSum // is fed what is walked through; may be nil
	out   *bytes.Buffer // gets it too, indented; may be nil
}

// document walks through data with read, which must leave nothing but space.
func (s *jsonScanner) document(read func() error) error {
	if err := read(); err != nil {
		return err
	}
	if s.peek() != 0 || s.pos < len(s.data) {
		return s.unexpected("nothing more")
	}
	return nil
}

// peek skips space and returns the byte after it, 0 at the end.
func (s *jsonScanner) peek() byte {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case ' ', '\n', '\t', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

func (s *jsonScanner) unexpected(want string) error {
	if s.pos >= len(s.data) {
		return fmt.Errorf("byte %d: it ends where %s should be", s.pos, want)
	}
	found, _ := utf8.DecodeRune(s.data[s.pos:])
	return fmt.Errorf("byte %d: found %q where %s should be", s.pos, found, want)
}

// value walks through any value.
func (s *jsonScanner) value() error {
	switch s.peek() {
	case '{':
		return s.object(nil)
	case '[':
		return s.array()
	case '"':
		_, err := s.text(false)
		return err
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		return s.number()
	}
}

func (s *jsonScanner) literal(word string) error {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
		return s.unexpected(word)
	}
	s.pos += len(word)
	s.put(word)
	return nil
}

// put writes what looks the same in both outputs.
func (s *jsonScanner) put(text string) {
	s.sum.text(text)
	s.print(text)
}

func (s *jsonScanner) print(text string) {
	if s.out != nil {
		s.out.WriteString(text)
	}
}

// newline begins a line at the present depth.
func (s *jsonScanner) newline() {
	if s.out == nil {
		return
	}
	s.out.WriteByte('\n')
	for range s.depth {
		s.out.WriteString("  ")
	}
}

// begin and end are what arrays and objects have in common.
func (s *jsonScanner) begin(bracket string) error {
	if s.depth++; s.depth > maxNesting {
		return fmt.Errorf("byte %d: %w", s.pos, errNesting)
	}
	s.pos++
	s.put(bracket)
	return nil
}

func (s *jsonScanner) end(bracket string, empty bool) {
	s.pos++
	s.depth--
	s.sum.text(bracket)
	if !empty {
		s.newline()
	}
	s.print(bracket)
}

func (s *jsonScanner) array() error {
	if err := s.begin("["); err != nil {
		return err
	}
	if s.peek() == ']' {
		s.end("]", true)
		return nil
	}
	for {
		s.newline()
		if err := s.value(); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.pos++
			s.put(",")
		case ']':
			s.end("]", false)
			return nil
		default:
			return s.unexpected(`"," or "]"`)
		}
	}
}

// object walks through an object. If member is not nil it is called with each
// member's name, to walk through its value, and no name may occur twice.
func (s *jsonScanner) object(member func(name string) error) error {
	if s.peek() != '{' {
		return s.unexpected("an object")
	}
	if err := s.begin("{"); err != nil {
		return err
	}
	if s.peek() == '}' {
		s.end("}", true)
		return nil
	}
	var seen map[string]bool
	if member != nil {
		seen = make(map[string]bool)
	}
	for {
		if err := s.member(seen, member); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.pos++
			s.put(",")
		case '}':
			s.end("}", false)
			return nil
		default:
			return s.unexpected(`"," or "}"`)
		}
	}
}

func (s *jsonScanner) member(seen map[string]bool, member func(name string) error) error {
	s.newline()
	if s.peek() != '"' {
		return s.unexpected("a name in quotes")
	}
	began := s.pos
	name, err := s.text(member != nil)
	if err != nil {
		return err
	}
	if s.peek() != ':' {
		return s.unexpected(`":"`)
	}
	s.pos++
	s.sum.text(":")
	s.print(": ")
	if member == nil {
		return s.value()
	}
	if seen[name] {
		return fmt.Errorf("byte %d: the name %.100q occurs twice", began, name)
	}
	seen[name] = true
	s.peek()
	return member(name)
}

// str walks through a string and returns its text.
func (s *jsonScanner) str() (string, error) {
	if s.peek() != '"' {
		return "", s.unexpected("a string")
	}
	return s.text(true)
}

// boolean walks through true or false.
func (s *jsonScanner) boolean() (bool, error) {
	if s.peek() == 't' {
		return true, s.literal("true")
	}
	return false, s.literal("false")
}

// integer walks through a number that must be an int.
func (s *jsonScanner) integer() (int, error) {
	s.peek()
	began := s.pos
	if err := s.number(); err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(string(s.data[began:s.pos]))
	if err != nil {
		return 0, fmt.Errorf("byte %d: found %.40q where an integer should be", began, s.data[began:s.pos])
	}
	return n, nil
}
