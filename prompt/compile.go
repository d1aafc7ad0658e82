package prompt

import "fmt"

// Vars are the values that a prompt is compiled with: those of variables, and
// under the names of placeholders the messages that fill them. What the prompt
// does not use is ignored.
//
// In a text, nil is nothing, a string is itself, a number or a bool is written as
// JSON writes it, and lists and maps are JSON too ([SyntaxMustacheJS] writes them
// as JavaScript does). []byte is text. Any other value is what its JSON says, a
// JSON string without its quotes: so a time.Time is RFC 3339, and a String method
// is not called. What has no JSON, such as a func, is ErrVariable.
//
// A placeholder takes []Message, or any list of objects in the shape of OpenAI's
// chat API. nil and an empty list remove it.
type Vars map[string]any

// Compiled is a prompt that is ready to send. It is the caller's own: it shares
// nothing with the Prompt. As JSON it is the list of its messages, in the shape
// of OpenAI's chat API.
type Compiled struct {
	Kind     Kind
	Text     string    // of KindText
	Messages []Message // of KindChat; of KindText the text as one message of the user
}

// MarshalJSON returns the messages as a JSON array, never null.
func (c Compiled) MarshalJSON() ([]byte, error) {
	if c.Messages == nil {
		return []byte("[]"), nil
	}
	return marshal(c.Messages)
}

// Compile returns the prompt with vars filled in, by the rules of its syntax. A
// variable or placeholder without a value is left as it stands with Langfuse's
// syntax; a variable is empty with a mustache; and it is a [MissingError] with
// an f-string, and a placeholder that is not optional is one with LangSmith's
// syntaxes.
//
// It reads vars and changes nothing. It is safe for concurrent use and reads no
// template again, but those that come in the messages of a placeholder. On an
// error it returns the zero Compiled.
func (p *Prompt) Compile(vars Vars) (Compiled, error) { return p.compile(vars, false) }

// CompileStrict is Compile that fails with a [MissingError], which has them all,
// if any variable or any placeholder that is not optional has no value. nil is a
// value, and so is a partial. With mustache, sections are variables too, and
// what is not reached (inside a section that is left out) is not missing. With
// SyntaxLangfuse only what looks like a name is a variable (letters, digits, _, -
// and dots), so JSON in double braces is not missing. The messages that fill a
// placeholder are not checked.
func (p *Prompt) CompileStrict(vars Vars) (Compiled, error) { return p.compile(vars, true) }

func (p *Prompt) compile(vars Vars, strict bool) (Compiled, error) {
	if p.kind == "" {
		return Compiled{}, fmt.Errorf("%w: the zero Prompt; make one with New", ErrInvalid)
	}
	s := state{
		vars:     vars,
		partials: p.partials,
		strict:   strict,
		reducer:  reducer{work: maxWork},
		bytes:    MaxCompiledBytes,
	}
	out := Compiled{Kind: p.kind}
	if p.kind == KindText {
		out.Text = p.text.render(&s)
		out.Messages = []Message{{Role: "user", Content: out.Text}}
	} else {
		out.Messages = make([]Message, 0, len(p.items))
		for i := range p.items {
			if s.err != nil {
				break
			}
			out.Messages = p.items[i].compile(&s, out.Messages, p.syntax)
		}
	}
	if err := s.outcome(p.name); err != nil {
		return Compiled{}, err
	}
	return out, nil
}
