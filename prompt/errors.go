package prompt

import (
	"errors"
	"fmt"
	"strings"
)

// What making and compiling a prompt can be refused with; every error of this
// package matches one of these, and says where in the prompt the trouble is.
var (
	// ErrInvalid: a Spec, or JSON that is to be a Prompt or a Message, is not a
	// usable one.
	ErrInvalid = errors.New("prompt: invalid")
	// ErrUnsupported: the prompt uses something that is left out on purpose,
	// such as a partial, a format spec or a template language that runs code.
	ErrUnsupported = errors.New("prompt: unsupported")
	// ErrSyntax: a template cannot be read, such as one with an unclosed tag.
	ErrSyntax = errors.New("prompt: malformed template")
	// ErrMissing: see [MissingError].
	ErrMissing = errors.New("prompt: missing variables")
	// ErrVariable: the value of a variable or placeholder cannot be used.
	ErrVariable = errors.New("prompt: unusable value")
	// ErrTooLarge: nesting, work or output is beyond what a prompt may need.
	ErrTooLarge = errors.New("prompt: too large")
)

// MissingError says what a prompt still needs: all of it, in the prompt's order.
type MissingError struct {
	Prompt       string   // the prompt's name, "" if it has none
	Variables    []string // variables without a value
	Placeholders []string // placeholders without messages
}

// Error lists what is missing.
func (e *MissingError) Error() string {
	var b strings.Builder
	b.WriteString("prompt: compile")
	if e.Prompt != "" {
		fmt.Fprintf(&b, " %q", e.Prompt)
	}
	separator := ": "
	if len(e.Variables) > 0 {
		fmt.Fprintf(&b, "%smissing variables: %s", separator, quotedList(e.Variables))
		separator = "; "
	}
	if len(e.Placeholders) > 0 {
		fmt.Fprintf(&b, "%sunfilled placeholders: %s", separator, quotedList(e.Placeholders))
	}
	return b.String()
}

// Is reports whether target is ErrMissing.
func (e *MissingError) Is(target error) bool { return target == ErrMissing }

func quotedList(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%.80q", name)
	}
	return strings.Join(quoted, ", ")
}

var errNotUTF8 = fmt.Errorf("%w: it is not UTF-8", ErrInvalid)

// at says where in a prompt err occurred.
func at(path string, err error) error { return fmt.Errorf("%s: %w", path, err) }
