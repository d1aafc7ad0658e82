package prompt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/prompt"
)

func TestMustache(t *testing.T) {
	vars := prompt.Vars{
		"a": "A", "html": "<b>&", "nothing": nil, "yes": true, "no": false, "zero": 0, "empty": "", "list": []any{1, "x", []any{2}},
		"people": []map[string]any{{"name": "Ada"}, {"name": "Bob", "a": "own"}}, "o": map[string]any{"k": map[string]string{"v": "deep"}},
	}
	tests := []struct{ name, template, want, javaScript string }{
		{"a variable is not escaped", "{{html}}{{{html}}}{{&html}}", "<b>&<b>&<b>&", ""},
		{"missing and nil are empty", "[{{missing}}{{nothing}}]", "[]", ""},
		{"dotted", "{{o.k.v}}{{o.x.y}}{{a.length}}{{list.0}}{{list.length}}", "deep113", ""},
		{"a list and a map", "{{list}} {{o}}", `[1,"x",[2]] {"k":{"v":"deep"}}`, "1,x,2 [object Object]"},
		{"a section of a list", "{{#people}}{{name}}={{a}};{{/people}}", "Ada=A;Bob=own;", ""},
		{"sections of scalars", "{{#yes}}y{{/yes}}{{#no}}n{{/no}}{{#zero}}z{{/zero}}{{#empty}}e{{/empty}}{{#a}}{{.}}{{/a}}", "yA", ""},
		{"inverted", "{{^yes}}y{{/yes}}{{^no}}n{{/no}}{{^missing}}m{{/missing}}{{^list}}l{{/list}}", "nm", ""},
		{"standalone lines go", "{{#yes}}\n{{! c }}\n  x\n{{/yes}}\n", "  x\n", ""},
		{"other delimiters", "{{=<% %>=}}<%a%>{{a}}<%={{ }}=%>{{a}}", "A{{a}}A", ""},
		{"single braces are text", `{"k": "{{a}}"} }}`, `{"k": "A"} }}`, ""},
		{"everything", "{{#o}}{{#k}}{{.}}{{/k}}{{/o}}", `{"v":"deep"}`, "[object Object]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, text(t, prompt.SyntaxMustache, tt.template, vars))
			if tt.javaScript == "" {
				tt.javaScript = tt.want
			}
			require.Equal(t, tt.javaScript, text(t, prompt.SyntaxMustacheJS, tt.template, vars))
		})
	}
	t.Run("the variables as a whole", func(t *testing.T) {
		p := newPrompt(t, prompt.Spec{Syntax: prompt.SyntaxMustache, Text: "{{.}}", Partials: prompt.Vars{"p": 1, "q": 2}})
		c, err := p.Compile(prompt.Vars{"q": 3, "r": []int{4}})
		require.NoError(t, err)
		require.JSONEq(t, `{"p":1,"q":3,"r":[4]}`, c.Text)
	})
	t.Run("an element that is null does not end the rendering", func(t *testing.T) {
		require.Equal(t, "-A", text(t, prompt.SyntaxMustacheJS, "{{#l}}-{{a}}{{/l}}", prompt.Vars{"l": []any{nil}, "a": "A"}))
	})
	t.Run("what JavaScript inherits is not there", func(t *testing.T) {
		require.Equal(t, "[]", text(t, prompt.SyntaxMustacheJS, "[{{toString}}{{o.constructor}}{{o.__proto__}}{{list.join}}]", vars))
	})
}

func TestMustacheRefusals(t *testing.T) {
	tests := []struct {
		name, template string
		want           error
		says           string
	}{
		{"a partial", "x {{>/etc/hostname}}", prompt.ErrUnsupported, `the partial "/etc/hostname"`},
		{"a partial in other delimiters", "{{=<% %>=}}<%> ../secret %>", prompt.ErrUnsupported, `the partial "../secret"`},
		{"unclosed tag", "x {{a", prompt.ErrSyntax, "is not closed"},
		{"unclosed raw tag", "{{{a}}", prompt.ErrSyntax, "is not closed"},
		{"unclosed delimiters", "{{=<% %>}}", prompt.ErrSyntax, "is not closed"},
		{"unclosed section", "{{#a}}", prompt.ErrSyntax, `section "a" is not closed`},
		{"closed without opening", "{{/a}}", prompt.ErrSyntax, "was not opened"},
		{"closed by another", "{{#a}}{{#b}}{{/a}}{{/b}}", prompt.ErrSyntax, `closed while "b" is open`},
		{"one delimiter", "{{=<%=}}", prompt.ErrSyntax, "not two delimiters"},
		{"nested too deep", strings.Repeat("{{#a}}", 200) + strings.Repeat("{{/a}}", 200), prompt.ErrTooLarge, "nested more than 100 deep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, syntax := range []prompt.Syntax{prompt.SyntaxMustache, prompt.SyntaxMustacheJS} {
				_, err := prompt.New(prompt.Spec{Text: tt.template, Syntax: syntax})
				require.ErrorIs(t, err, tt.want)
				require.ErrorContains(t, err, tt.says)
			}
		})
	}
}

// dangerous has methods that a template must not reach.
type dangerous struct {
	Name   string
	Public string `json:"public"`
	secret string
}

func (dangerous) Delete() string  { panic("a template called a method") }
func (dangerous) String() string  { panic("a template called a method") }
func (*dangerous) Secret() string { panic("a template called a method") }

func TestValuesWithMethods(t *testing.T) {
	v := &dangerous{Name: "n", Public: "p", secret: "s"}
	for _, syntax := range []prompt.Syntax{prompt.SyntaxMustache, prompt.SyntaxMustacheJS} {
		require.Equal(t, "[npp]", text(t, syntax, "[{{v.Name}}{{v.public}}{{v.Delete}}{{v.String}}{{v.Secret}}{{v.secret}}{{v.Public}}{{#v}}{{public}}{{Delete}}{{/v}}]", prompt.Vars{"v": v}))
	}
	require.JSONEq(t, `{"Name":"n","public":"p"}`, text(t, prompt.SyntaxLangfuse, "{{v}}", prompt.Vars{"v": v}))
	require.JSONEq(t, `{"Name":"n","public":"p"}`, text(t, prompt.SyntaxFString, "{v}", prompt.Vars{"v": *v}))
}

func TestValues(t *testing.T) {
	type color string
	const big = int64(9007199254740993)
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		name             string
		v                any
		want, javaScript string
	}{
		{"text", "t", "t", "t"},
		{"a type of text", color("red"), "red", "red"},
		{"bytes", []byte("t<>"), "t<>", "t<>"},
		{"nil", nil, "", ""},
		{"a nil pointer", (*dangerous)(nil), "", ""},
		{"a nil map", map[string]any(nil), "", ""},
		{"a nil list", []any(nil), "", ""},
		{"bools", []bool{true, false}, "[true,false]", "true,false"},
		{"true", true, "true", "true"},
		{"int", -7, "-7", "-7"},
		{"int8", int8(-7), "-7", "-7"},
		{"uint64", uint64(1<<64 - 1), "18446744073709551615", "18446744073709551615"},
		{"an integer that JavaScript would round", big, "9007199254740993", "9007199254740993"},
		{"float", 1.0, "1", "1"},
		{"float32", float32(0.5), "0.5", "0.5"},
		{"a large float", 1e21, "1e+21", "1e+21"},
		{"a small float", 1e-7, "1e-7", "1e-7"},
		{"not so large", 1e20, "100000000000000000000", "100000000000000000000"},
		{"minus zero", json.Number("-0"), "-0", "0"},
		{"a number's digits", json.Number("1.50"), "1.50", "1.5"},
		{"a number beyond floats", json.Number("1e400"), "1e400", "Infinity"},
		{"NaN", fmtFloat("NaN"), "NaN", "NaN"},
		{"infinite", []any{fmtFloat("-Inf"), fmtFloat("Inf")}, "[null,null]", "-Infinity,Infinity"},
		{"strings", []string{"a", "<"}, `["a","<"]`, "a,<"},
		{"a list", []any{1, []any{nil, "x"}, map[string]any{"k": true}}, `[1,[null,"x"],{"k":true}]`, "1,,x,[object Object]"},
		{"a map", map[string]any{"b": 1, "a": "<&>"}, `{"a":"<&>","b":1}`, "[object Object]"},
		{"a map of strings", map[string]string{"b": "1"}, `{"b":"1"}`, "[object Object]"},
		{"raw JSON", json.RawMessage(`{"n": 9007199254740993}`), `{"n":9007199254740993}`, "[object Object]"},
		{"a time", when, "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"},
		{"a struct", struct{ A, b int }{1, 2}, `{"A":1}`, "[object Object]"},
		{"a named error with JSON", jsonError{}, "e", "e"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, text(t, prompt.SyntaxLangfuse, "{{v}}", prompt.Vars{"v": tt.v}))
			require.Equal(t, tt.want, text(t, prompt.SyntaxFString, "{v}", prompt.Vars{"v": tt.v}))
			require.Equal(t, tt.want, text(t, prompt.SyntaxMustache, "{{v}}", prompt.Vars{"v": tt.v}))
			require.Equal(t, tt.javaScript, text(t, prompt.SyntaxMustacheJS, "{{v}}", prompt.Vars{"v": tt.v}))
		})
	}
}

func fmtFloat(s string) float64 {
	var f float64
	_, _ = fmt.Sscan(s, &f)
	return f
}

type jsonError struct{}

func (jsonError) Error() string                { return "not this" }
func (jsonError) MarshalJSON() ([]byte, error) { return []byte(`"e"`), nil }

func TestUnusableValues(t *testing.T) {
	cycle := map[string]any{}
	cycle["self"] = cycle
	tests := map[string]struct {
		v    any
		want error
	}{
		"a func":                     {func() string { return "x" }, prompt.ErrVariable},
		"a lambda of a library":      {map[string]any{"f": func(string, func(string) (string, error)) (string, error) { return "", nil }}, prompt.ErrVariable},
		"a channel":                  {make(chan int), prompt.ErrVariable},
		"a complex number":           {1i, prompt.ErrVariable},
		"an error":                   {errors.New("x"), prompt.ErrVariable},
		"an error in a list":         {[]any{context.Canceled}, prompt.ErrVariable},
		"a number that is none":      {json.Number("x"), prompt.ErrVariable},
		"a number that JSON forbids": {json.Number("0x1"), prompt.ErrVariable},
		"a cycle":                    {cycle, prompt.ErrTooLarge},
		"a list in itself":           {selfContained(), prompt.ErrTooLarge},
		"a bomb of shared parts":     {shared(40), prompt.ErrTooLarge},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for syntax, template := range map[prompt.Syntax]string{
				prompt.SyntaxLangfuse: "{{v}}", prompt.SyntaxFString: "{v}", prompt.SyntaxMustache: "{{#v}}{{v}}{{/v}}", prompt.SyntaxMustacheJS: "{{v}}",
			} {
				_, err := newPrompt(t, prompt.Spec{Text: template, Syntax: syntax}).Compile(prompt.Vars{"v": tt.v})
				require.ErrorIs(t, err, tt.want)
				require.ErrorContains(t, err, `variable "v"`)
			}
		})
	}
}

func TestValueDepth(t *testing.T) {
	nested := func(depth int) any {
		var v any = "x"
		for range depth {
			v = []any{v}
		}
		return v
	}
	require.Equal(t, strings.Repeat("[", 64)+`"x"`+strings.Repeat("]", 64), text(t, prompt.SyntaxLangfuse, "{{v}}", prompt.Vars{"v": nested(64)}))
	_, err := newPrompt(t, prompt.Spec{Text: "{{v}}"}).Compile(prompt.Vars{"v": nested(65)})
	require.ErrorIs(t, err, prompt.ErrTooLarge)
	require.ErrorContains(t, err, "nested more than 64 deep")
}

func selfContained() []any {
	list := []any{nil}
	list[0] = list
	return list
}

// shared returns a list of two of the same list of two … : 2^depth leaves.
func shared(depth int) []any {
	if depth == 0 {
		return []any{"x"}
	}
	inner := shared(depth - 1)
	return []any{inner, inner}
}

func TestBombs(t *testing.T) {
	many := make([]any, 1000)
	for i := range many {
		many[i] = "x"
	}
	long := strings.Repeat("x", 1<<20)
	nested := strings.Repeat("{{#a}}", 5)
	tests := []struct {
		name, template string
		vars           prompt.Vars
	}{
		{"sections without output", nested + strings.Repeat("{{/a}}", 5), prompt.Vars{"a": many}},
		{"sections with output", nested + "{{.}}" + strings.Repeat("{{/a}}", 5), prompt.Vars{"a": many}},
		{"a long value many times", strings.Repeat("{{l}}", 100), prompt.Vars{"l": long}},
		{"a long value in a list", "{{l}}", prompt.Vars{"l": []any{long, long, long, long, long, long, long, long, long, long, long, long, long, long, long, long, long}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, syntax := range []prompt.Syntax{prompt.SyntaxMustache, prompt.SyntaxMustacheJS} {
				began := time.Now()
				c, err := newPrompt(t, prompt.Spec{Text: tt.template, Syntax: syntax}).Compile(tt.vars)
				require.ErrorIs(t, err, prompt.ErrTooLarge)
				require.Equal(t, prompt.Compiled{}, c)
				require.Less(t, time.Since(began), 20*time.Second)
			}
		})
	}
	t.Run("many messages that are each small enough", func(t *testing.T) {
		p := newPrompt(t, prompt.Spec{Messages: []prompt.Message{{Placeholder: &prompt.Placeholder{Name: "h"}}}})
		history := make([]prompt.Message, 20)
		for i := range history {
			history[i] = prompt.Message{Role: "user", Content: long}
		}
		_, err := p.Compile(prompt.Vars{"h": history})
		require.ErrorIs(t, err, prompt.ErrTooLarge)
	})
}

func TestMustacheStrict(t *testing.T) {
	p := newPrompt(t, prompt.Spec{Syntax: prompt.SyntaxMustache, Text: "{{a}}{{o.k}}{{#items}}{{name}}{{price}}{{/items}}{{^none}}{{b}}{{/none}}{{#off}}{{unreached}}{{/off}}"})
	require.Equal(t, []string{"a", "o", "items", "none", "b", "off"}, p.Variables())
	_, err := p.CompileStrict(prompt.Vars{"o": map[string]any{}, "items": []any{map[string]any{"name": "n"}}, "off": false})
	var missing *prompt.MissingError
	require.ErrorAs(t, err, &missing)
	require.Equal(t, []string{"a", "o.k", "price", "none", "b"}, missing.Variables)
	c, err := p.CompileStrict(prompt.Vars{"a": nil, "o": map[string]any{"k": nil}, "items": nil, "none": false, "b": "B", "off": false})
	require.NoError(t, err)
	require.Equal(t, "B", c.Text)
}
