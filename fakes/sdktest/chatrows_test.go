package sdktest_test

// chatRows are chat prompts.
var chatRows = []compileRow{
	{
		name: "chat: one message", chat: `[{"role":"user","content":"Hello {{name}}"}]`, variables: `{"name":"Ada"}`,
		want: `[{"role":"user","content":"Hello Ada"}]`,
	},
	{
		name: "chat: several roles", chat: `[{"role":"system","content":"You are {{who}}."},{"role":"user","content":"{{q}}"},{"role":"assistant","content":"…"}]`, variables: `{"who":"kind","q":"why?"}`,
		want: `[{"role":"system","content":"You are kind."},{"role":"user","content":"why?"},{"role":"assistant","content":"…"}]`,
	},
	{name: "chat: no message", chat: `[]`, want: `[]`},
	{
		name: "chat: a role of its own, not a template", chat: `[{"role":"{{r}}","content":"a"}]`, variables: `{"r":"boss"}`,
		want: `[{"role":"{{r}}","content":"a"}]`,
	},
	{
		name: "chat: messages with the type that the registry's own editor writes", chat: `[{"type":"chatmessage","role":"user","content":"{{a}}"}]`, variables: `{"a":"x"}`,
		want: `[{"role":"user","content":"x"}]`,
	},
	{name: "chat: an empty content", chat: `[{"role":"user","content":""}]`, want: `[{"role":"user","content":""}]`},
	{
		name: "chat: a placeholder", chat: `[{"role":"system","content":"s"},{"type":"placeholder","name":"history"},{"role":"user","content":"{{q}}"}]`, variables: `{"q":"why?"}`,
		placeholders: `{"history":[{"role":"user","content":"hi"},{"role":"assistant","content":"hello"}]}`,
		want:         `[{"role":"system","content":"s"},{"role":"user","content":"hi"},{"role":"assistant","content":"hello"},{"role":"user","content":"why?"}]`,
	},
	{
		name: "chat: a placeholder alone", chat: `[{"type":"placeholder","name":"history"}]`, placeholders: `{"history":[{"role":"user","content":"hi"}]}`,
		want: `[{"role":"user","content":"hi"}]`,
	},
	{
		name: "chat: two placeholders", chat: `[{"type":"placeholder","name":"a"},{"role":"user","content":"-"},{"type":"placeholder","name":"b"}]`,
		placeholders: `{"a":[{"role":"user","content":"1"}],"b":[{"role":"user","content":"2"}]}`,
		want:         `[{"role":"user","content":"1"},{"role":"user","content":"-"},{"role":"user","content":"2"}]`,
	},
	{
		name: "chat: the same placeholder twice", chat: `[{"type":"placeholder","name":"a"},{"type":"placeholder","name":"a"}]`, placeholders: `{"a":[{"role":"user","content":"1"}]}`,
		want: `[{"role":"user","content":"1"},{"role":"user","content":"1"}]`,
	},
	{
		name: "chat: an empty placeholder goes", chat: `[{"role":"user","content":"a"},{"type":"placeholder","name":"history"}]`, placeholders: `{"history":[]}`,
		want: `[{"role":"user","content":"a"}]`,
	},
	{
		name: "chat: a placeholder without a value stays", chat: `[{"role":"user","content":"a"},{"type":"placeholder","name":"history"}]`,
		want: `[{"role":"user","content":"a"},{"type":"placeholder","name":"history"}]`,
	},
	{
		name: "chat: one placeholder filled, the other not", chat: `[{"type":"placeholder","name":"a"},{"type":"placeholder","name":"b"}]`, placeholders: `{"b":[{"role":"user","content":"1"}]}`,
		want: `[{"type":"placeholder","name":"a"},{"role":"user","content":"1"}]`,
	},
	{
		name: "chat: variables in the messages of a placeholder", chat: `[{"type":"placeholder","name":"history"}]`, variables: `{"a":"x","b":"{{a}}"}`,
		placeholders: `{"history":[{"role":"user","content":"{{a}} {{b}}"}]}`,
		want:         `[{"role":"user","content":"x {{a}}"}]`,
	},
	{
		name: "chat: unknown fields in the messages of a placeholder", chat: `[{"type":"placeholder","name":"history"}]`,
		placeholders: `{"history":[{"role":"tool","content":"{}","tool_call_id":"1","extra":{"a":[1]}},{"role":"user","content":"a","name":"Ada"}]}`,
		want:         `[{"role":"tool","content":"{}","tool_call_id":"1","extra":{"a":[1]}},{"role":"user","content":"a","name":"Ada"}]`,
	},
	{
		name: "chat: tool calls in the messages of a placeholder", chat: `[{"type":"placeholder","name":"history"}]`,
		placeholders: `{"history":[{"role":"assistant","content":"","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]}]}`,
		want:         `[{"role":"assistant","content":"","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]}]`,
	},
	{
		name: "chat: values of all kinds", chat: `[{"role":"user","content":"{{s}} {{i}} {{f}} {{t}} {{n}}."}]`, variables: `{"s":"<&>","i":3,"f":1.5,"t":true,"n":null}`,
		want: `[{"role":"user","content":"<&> 3 1.5 true ."}]`,
	},
	{
		name: "chat: a value with quotes and line breaks", chat: `[{"role":"user","content":"{{a}}"}]`, variables: `{"a":"\"\n\\ \u2028"}`,
		want: `[{"role":"user","content":"\"\n\\ \u2028"}]`,
	},
	{
		name: "chat: JSON in a message", chat: `[{"role":"user","content":"Answer {\"a\": {\"b\": 1}} for {{x}}"}]`, variables: `{"x":"y"}`,
		want: `[{"role":"user","content":"Answer {\"a\": {\"b\": 1}} for y"}]`,
	},
	{
		name: "chat: a variable and a placeholder in many messages", chat: `[{"role":"system","content":"{{a}}"},{"type":"placeholder","name":"h"},{"role":"user","content":"{{a}}"},{"role":"assistant","content":"{{a}}"}]`,
		variables: `{"a":"x"}`, placeholders: `{"h":[]}`,
		want: `[{"role":"system","content":"x"},{"role":"user","content":"x"},{"role":"assistant","content":"x"}]`,
	},
	{
		name: "chat: a placeholder's name is not ASCII", chat: `[{"type":"placeholder","name":"履歴 1"}]`, placeholders: `{"履歴 1":[{"role":"user","content":"1"}]}`,
		want: `[{"role":"user","content":"1"}]`,
	},
	{
		name: "chat: a placeholder with parts", chat: `[{"type":"placeholder","name":"h"}]`, placeholders: `{"h":[{"role":"user","content":[{"type":"text","text":"{{a}}"},{"type":"image_url","image_url":{"url":"https://i/p.png"}}]}]}`,
		want: `[{"role":"user","content":[{"type":"text","text":"{{a}}"},{"type":"image_url","image_url":{"url":"https://i/p.png"}}]}]`,
		v3:   fails, // it wants a string
	},
	{
		name: "chat: a placeholder with a content of null", chat: `[{"type":"placeholder","name":"h"}]`, placeholders: `{"h":[{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]}]}`,
		want: `[{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]}]`,
		v3:   fails,
	},

	// Where Python's rules are others.
	{
		name: "chat: a missing variable", chat: `[{"role":"user","content":"{{a}}{{b}}."}]`, variables: `{"a":"x"}`,
		want:   `[{"role":"user","content":"x."}]`,
		python: `[{"role":"user","content":"x{{b}}."}]`, pythonWhy: "a missing variable",
	},
	{
		name: "chat: a missing variable in a placeholder's message", chat: `[{"type":"placeholder","name":"h"}]`, placeholders: `{"h":[{"role":"user","content":"{{x}}."}]}`,
		want:   `[{"role":"user","content":"."}]`,
		python: `[{"role":"user","content":"{{x}}."}]`, pythonWhy: "a missing variable",
	},
	{
		name: "chat: a section", chat: `[{"role":"user","content":"{{#l}}{{.}};{{/l}}"}]`, variables: `{"l":[1,2]}`,
		want:   `[{"role":"user","content":"1;2;"}]`,
		python: `[{"role":"user","content":"{{#l}}{{.}};{{/l}}"}]`, pythonWhy: "`{{#s}}…{{/s}}` and `{{^s}}…{{/s}}`",
	},
	{
		name: "chat: a dotted name", chat: `[{"role":"user","content":"{{u.n}}"}]`, variables: `{"u":{"n":"Ada"}}`,
		want:   `[{"role":"user","content":"Ada"}]`,
		python: `[{"role":"user","content":"{{u.n}}"}]`, pythonWhy: "`{{a.b}}`",
	},
	{
		name: "chat: an object and a list", chat: `[{"role":"user","content":"{{o}} {{l}}"}]`, variables: `{"o":{"a":1},"l":[1,2]}`,
		want:   `[{"role":"user","content":"[object Object] 1,2"}]`,
		python: `[{"role":"user","content":"{\"a\":1} [1,2]"}]`, pythonWhy: "lists and maps",
	},
	{
		name: "chat: an unclosed tag", chat: `[{"role":"user","content":"fine"},{"role":"user","content":"{{a"}]`,
		want:   fails,
		python: `[{"role":"user","content":"fine"},{"role":"user","content":"{{a"}]`, pythonWhy: "an unclosed `{{`, a section that is not closed or not opened",
	},
	{
		name: "chat: an unclosed tag in a placeholder's message", chat: `[{"type":"placeholder","name":"h"}]`, placeholders: `{"h":[{"role":"user","content":"{{a"}]}`,
		want:   fails,
		python: `[{"role":"user","content":"{{a"}]`, pythonWhy: "an unclosed `{{`, a section that is not closed or not opened",
	},

	// Where we are not as the SDKs, on purpose.
	{
		name: "chat: unknown fields of the prompt's own messages", chat: `[{"role":"assistant","content":"{{a}}","name":"Ada","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}],"extra":{"b":1}}]`, variables: `{"a":"x"}`,
		want: `[{"role":"assistant","content":"x","name":"Ada","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}],"extra":{"b":1}}]`,
		sdk:  `[{"role":"assistant","content":"x"}]`, sdkWhy: "fields of a prompt's message beside role and content",
	},
	{
		name: "chat: a message of the type message", chat: `[{"type":"message","role":"user","content":"a"}]`,
		want: `[{"role":"user","content":"a"}]`,
		sdk:  `[]`, sdkWhy: "a message whose type is `null` or `message`",
	},
	{
		name: "chat: a message of the type null", chat: `[{"type":null,"role":"user","content":"a"},{"role":"user","content":"b"}]`,
		want: `[{"role":"user","content":"a"},{"role":"user","content":"b"}]`,
		sdk:  `[{"role":"user","content":"b"}]`, sdkWhy: "a message whose type is `null` or `message`",
	},
	{
		name: "chat: a placeholder with fields of its own", chat: `[{"type":"placeholder","name":"h","note":"x"}]`,
		want: `[{"type":"placeholder","name":"h"}]`,
		sdk:  `[{"type":"placeholder","name":"h","note":"x"}]`, sdkWhy: "fields of a placeholder that stays",
	},
	{
		name: "chat: a placeholder filled with a text", chat: `[{"type":"placeholder","name":"h"}]`, placeholders: `{"h":"what?"}`,
		want: fails,
		sdk:  `["\"what?\""]`, sdkWhy: "a placeholder's value that is not a list of messages",
	},
	{
		name: "chat: a placeholder filled with one message", chat: `[{"type":"placeholder","name":"h"}]`, placeholders: `{"h":{"role":"user","content":"a"}}`,
		want: fails,
		sdk:  `["{\"role\":\"user\",\"content\":\"a\"}"]`, sdkWhy: "a placeholder's value that is not a list of messages",
	},
	{
		name: "chat: a placeholder with a message without a role", chat: `[{"type":"placeholder","name":"h"}]`, placeholders: `{"h":[{"role":"user","content":"a"},{"content":"b"}]}`,
		want: fails,
		sdk:  `["[{\"role\":\"user\",\"content\":\"a\"},{\"content\":\"b\"}]"]`, sdkWhy: "a placeholder's value that is not a list of messages",
	},
	{
		name: "chat: a placeholder of null", chat: `[{"role":"user","content":"a"},{"type":"placeholder","name":"h"}]`, placeholders: `{"h":null}`,
		want: `[{"role":"user","content":"a"}]`,
		sdk:  `[{"role":"user","content":"a"},"null"]`, sdkWhy: "a placeholder's value that is null",
	},
	{
		name: "chat: a placeholder with a message without a content", chat: `[{"type":"placeholder","name":"h"}]`, placeholders: `{"h":[{"role":"assistant","tool_calls":[]}]}`,
		want: `[{"role":"assistant","content":null,"tool_calls":[]}]`,
		sdk:  `["[{\"role\":\"assistant\",\"tool_calls\":[]}]"]`, sdkWhy: "a placeholder's message without content",
	},
	{
		name: "chat: a type in a placeholder's message", chat: `[{"type":"placeholder","name":"h"}]`, placeholders: `{"h":[{"type":"chatmessage","role":"user","content":"a"}]}`,
		want: `[{"role":"user","content":"a"}]`,
		sdk:  `[{"type":"chatmessage","role":"user","content":"a"}]`, sdkWhy: "the type of a placeholder's message",
	},
	{
		name: "chat: an image's address that is a string", chat: `[{"type":"placeholder","name":"h"}]`, placeholders: `{"h":[{"role":"user","content":[{"type":"image_url","image_url":"https://i/p.png"}]}]}`,
		want: `[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://i/p.png"}}]}]`,
		sdk:  `[{"role":"user","content":[{"type":"image_url","image_url":"https://i/p.png"}]}]`, v3: fails, sdkWhy: "parts in other spellings",
	},
	{
		name: "chat: the variable and the placeholder of one name", chat: `[{"role":"user","content":"{{h}}"},{"type":"placeholder","name":"h"}]`, placeholders: `{"h":[{"role":"user","content":"a"}]}`,
		want: `[{"role":"user","content":"[object Object]"},{"role":"user","content":"a"}]`,
		sdk:  `[{"role":"user","content":""},{"role":"user","content":"a"}]`, sdkWhy: "a variable and a placeholder of the same name",
		python: `[{"role":"user","content":"[{\"content\":\"a\",\"role\":\"user\"}]"},{"role":"user","content":"a"}]`, pythonWhy: "lists and maps",
	},
	{
		name: "chat: a partial", chat: `[{"role":"user","content":"a{{>p}}"}]`,
		want: fails,
		sdk:  `[{"role":"user","content":"a"}]`, sdkWhy: "a partial `{{>p}}`",
		python: `[{"role":"user","content":"a{{>p}}"}]`, pythonWhy: "a partial",
	},
}
