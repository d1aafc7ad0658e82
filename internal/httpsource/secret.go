package httpsource

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
)

// redacted is what a Secret shows, and what replaces one in a server's text.
const redacted = "[redacted]"

// Secret holds a credential that must not end up in a log. It shows as
// "[redacted]" (or as nothing, if it is empty) through every verb of package
// fmt, [log/slog], and text and JSON marshalling, so a marshalled Secret cannot
// be read back. Make one with [NewSecret]; the zero Secret is empty.
//
// A Secret is immutable and safe for concurrent use, but for UnmarshalText.
// Two Secrets made from the same text are not equal by ==.
type Secret struct {
	// A pointer, because fmt prints the fields of what it cannot call methods
	// on (a Secret in an unexported field, %p, a misused %w): an address is all
	// that it finds.
	text *string
}

// NewSecret returns a Secret that holds text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// IsZero reports whether the Secret is empty. It also makes the JSON option
// omitzero work.
func (s Secret) IsZero() bool { return s.text == nil }

// String returns "[redacted]", or "" if the Secret is empty.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// Format implements [fmt.Formatter]: the masked text for every verb, quoted for
// %q and %#v.
func (s Secret) Format(f fmt.State, verb rune) {
	text := s.String()
	if verb == 'q' || verb == 'v' && f.Flag('#') {
		text = strconv.Quote(text)
	}
	_, _ = f.Write([]byte(text)) // fmt.State does not fail
}

// LogValue implements [slog.LogValuer] with the masked text.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns the masked text. It never fails.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText makes the Secret hold text, so that a configuration file, a
// flag or an environment decoder can fill one in. It never fails.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}

// Reveal returns what s holds. It is no method, so that those who get a Secret
// from a source's Config do not have it.
func Reveal(s Secret) string {
	if s.IsZero() {
		return ""
	}
	return *s.text
}

// redactIn returns text with every occurrence of what the Secret holds masked,
// in lower and upper case, too: a name of a host or a media type has lost its
// case.
func (s Secret) redactIn(text string) string {
	if s.IsZero() {
		return text
	}
	var b strings.Builder
	for {
		i := indexFold(text, *s.text)
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:i])
		b.WriteString(redacted)
		text = text[i+len(*s.text):]
	}
}

// indexFold is strings.Index for an ASCII part, whose letters may be of either
// case in text.
func indexFold(text, part string) int {
	for i := range len(text) - len(part) + 1 {
		if equalFoldASCII(text[i:i+len(part)], part) {
			return i
		}
	}
	return -1
}

func equalFoldASCII(a, b string) bool {
	for i := range len(a) {
		if lowerASCII(a[i]) != lowerASCII(b[i]) {
			return false
		}
	}
	return true
}

func lowerASCII(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
