package prompt

import (
	"errors"
	"fmt"
	"slices"
)

// MaxCompiledBytes bounds the text that one Compile may produce.
const MaxCompiledBytes = 16 << 20

// state is one Compile under way.
type state struct {
	vars     Vars
	partials map[string]any // reduced
	strict   bool
	reducer  reducer
	memo     map[string]any // what was reduced already
	bytes    int            // of text that may still be produced

	missed MissingError
	err    error // the first thing that went wrong
}

// lookup returns the reduced value of a variable, and false if nobody gave one.
func (s *state) lookup(name string) (any, bool) {
	v, given := s.vars[name]
	if text, ok := v.(string); ok {
		return text, true
	}
	if !given {
		v, given = s.partials[name]
		return v, given
	}
	if reduced, ok := s.memo[name]; ok {
		return reduced, true
	}
	reduced, err := s.reducer.reduce(v, 0)
	if err != nil {
		s.fail(fmt.Errorf("variable %.80q: %w", name, err))
	}
	if s.memo == nil {
		s.memo = map[string]any{}
	}
	s.memo[name] = reduced
	return reduced, true
}

// all returns every variable, for a template that names them as a whole.
func (s *state) all() map[string]any {
	out := make(map[string]any, len(s.vars)+len(s.partials))
	for name := range s.partials {
		out[name], _ = s.lookup(name)
	}
	for name := range s.vars {
		out[name], _ = s.lookup(name)
	}
	return out
}

// missing notes that a variable has no value, if that is an error.
func (s *state) missing(name string, always bool) {
	if (always || s.strict) && !slices.Contains(s.missed.Variables, name) {
		s.missed.Variables = append(s.missed.Variables, name)
	}
}

// unfilled notes that a placeholder has no messages, if that is an error.
func (s *state) unfilled(name string, always bool) {
	if (always || s.strict) && !slices.Contains(s.missed.Placeholders, name) {
		s.missed.Placeholders = append(s.missed.Placeholders, name)
	}
}

func (s *state) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// step counts one step of a loop, and returns false when it must end.
func (s *state) step() bool {
	s.reducer.work--
	if s.reducer.work < 0 {
		s.fail(fmt.Errorf("%w: compiling takes more than %d steps", ErrTooLarge, maxWork))
	}
	return s.err == nil
}

// take counts text that is produced.
func (s *state) take(n int) bool {
	s.bytes -= n
	if s.bytes < 0 {
		s.fail(fmt.Errorf("%w: the compiled prompt has more than %d bytes", ErrTooLarge, MaxCompiledBytes))
	}
	return s.err == nil
}

// outcome is the error that the whole ends with.
func (s *state) outcome(name string) error {
	if len(s.missed.Variables) == 0 && len(s.missed.Placeholders) == 0 {
		if s.err != nil && name != "" {
			return fmt.Errorf("prompt: compile %q: %w", name, s.err)
		}
		return s.err
	}
	missed := s.missed // so that s itself need not outlive the call
	missed.Prompt = name
	if s.err == nil {
		return &missed
	}
	return errors.Join(&missed, s.err)
}
