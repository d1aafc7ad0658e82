package prompt_test

import (
	"strings"
	"testing"

	"github.com/promptcache/promptcache-go/prompt"
)

var sink prompt.Compiled

func BenchmarkCompile(b *testing.B) {
	history := []prompt.Message{{Role: "user", Content: "What is Go?"}, {Role: "assistant", Content: "A language."}}
	for syntax, tag := range map[prompt.Syntax]string{
		prompt.SyntaxLangfuse: "{{%}}", prompt.SyntaxMustacheJS: "{{%}}", prompt.SyntaxMustache: "{{%}}", prompt.SyntaxFString: "{%}",
	} {
		v := func(name string) string { return strings.Replace(tag, "%", name, 1) }
		chat := newPrompt(b, prompt.Spec{Syntax: syntax, Messages: []prompt.Message{
			{Role: "system", Content: "You answer in " + v("language") + " for " + v("audience") + ". " + strings.Repeat("Be brief. ", 40)},
			{Placeholder: &prompt.Placeholder{Name: "history"}},
			{Role: "user", Content: v("question")},
		}})
		vars := prompt.Vars{"language": "English", "audience": "children", "question": "why is the sky blue?", "history": history}
		b.Run("chat/"+string(syntax), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c, err := chat.Compile(vars)
				if err != nil {
					b.Fatal(err)
				}
				sink = c
			}
		})
		text := newPrompt(b, prompt.Spec{Syntax: syntax, Text: "Hello " + v("name") + ", " + strings.Repeat("welcome. ", 20)})
		named := prompt.Vars{"name": "Ada"}
		b.Run("text/"+string(syntax), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c, err := text.Compile(named)
				if err != nil {
					b.Fatal(err)
				}
				sink = c
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := prompt.New(everything()); err != nil {
			b.Fatal(err)
		}
	}
}
