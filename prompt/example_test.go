package prompt_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/promptcache/promptcache-go/prompt"
)

func ExampleNew() {
	fallback, err := prompt.New(prompt.Spec{
		Name: "greeting",
		Messages: []prompt.Message{
			{Role: "system", Content: "You answer in {{language}}."},
			{Placeholder: &prompt.Placeholder{Name: "history"}},
			{Role: "user", Content: "{{question}}"},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(fallback.Kind(), fallback.Variables(), fallback.Placeholders()[0].Name)

	_, err = prompt.New(prompt.Spec{Name: "broken", Text: "Hello {name", Syntax: prompt.SyntaxFString})
	fmt.Println(err)

	// Output:
	// chat [language question] history
	// prompt: "broken" cannot be made: text: prompt: malformed template: { without } at "{name"; write {{ for a brace that is text
}

func ExamplePrompt_Compile() {
	p, err := prompt.New(prompt.Spec{Text: "Hello {{name}}, you have {{count}} messages. {{unknown}}"})
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := p.Compile(prompt.Vars{"name": "Ada", "count": 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Text)
	body, err := json.Marshal(c)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(body))

	// Output:
	// Hello Ada, you have 3 messages. {{unknown}}
	// [{"role":"user","content":"Hello Ada, you have 3 messages. {{unknown}}"}]
}

func ExamplePrompt_CompileStrict() {
	p, err := prompt.New(prompt.Spec{Name: "greeting", Text: "Hello {{first}} {{last}}"})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = p.CompileStrict(prompt.Vars{"first": "Ada"})
	var missing *prompt.MissingError
	if errors.As(err, &missing) {
		fmt.Println(missing.Variables)
	}
	fmt.Println(err)

	// Output:
	// [last]
	// prompt: compile "greeting": missing variables: "last"
}

func ExamplePlaceholder() {
	p, err := prompt.New(prompt.Spec{Messages: []prompt.Message{
		{Role: "system", Content: "You are {{who}}."},
		{Placeholder: &prompt.Placeholder{Name: "history", Optional: true, Limit: 2}},
		{Role: "user", Content: "{{question}}"},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := p.Compile(prompt.Vars{
		"who":      "brief",
		"question": "And now?",
		"history": []prompt.Message{
			{Role: "user", Content: "long ago"},
			{Role: "user", Content: "What is 2+2?"},
			{Role: "assistant", Content: "4"},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range c.Messages {
		fmt.Println(m.Role+":", m.Content)
	}

	// Output:
	// system: You are brief.
	// user: What is 2+2?
	// assistant: 4
	// user: And now?
}

// What Langfuse's JavaScript SDK makes of a template, from a prompt that was
// read with the rules of the Python SDK.
func ExamplePrompt_Spec() {
	p, err := prompt.New(prompt.Spec{Text: "{{#items}}{{.}}, {{/items}}{{^items}}nothing{{/items}}"})
	if err != nil {
		fmt.Println(err)
		return
	}
	spec := p.Spec()
	spec.Syntax = prompt.SyntaxMustacheJS
	p, err = prompt.New(spec)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := p.Compile(prompt.Vars{"items": []string{"tea", "milk"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Text)

	// Output:
	// tea, milk,
}
