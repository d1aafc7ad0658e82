package sdktest_test

const calls = `[{"name":"look_up","args":{"city":"Rome","n":3},"id":"call_1","type":"tool_call"}]`

const openAICalls = `[{"id":"call_1","type":"function","function":{"name":"look_up","arguments":"{\"city\":\"Rome\",\"n\":3}"}}]`

// manifestRows are prompts as LangSmith stores them.
var manifestRows = []manifestRow{
	{
		name: "a text", manifest: core.text("Summarize {document} in {n} words: {{json}}.", ""), variables: `{"document":"<a & b>","n":3}`,
		want: "Summarize <a & b> in 3 words: {json}.",
	},
	{
		name: "a text, old family", manifest: old.text("Summarize {document}.", ""), variables: `{"document":"it"}`,
		want: "Summarize it.",
	},
	{name: "a text without variables", manifest: core.text("Hello.", ""), want: "Hello."},
	{
		name: "a text with a partial variable", manifest: core.text("{greeting}, {name}", `,"partial_variables":{"greeting":"Hi"}`), variables: `{"name":"Ada"}`,
		want: "Hi, Ada",
	},
	{
		name: "a partial variable that the caller sets", manifest: core.text("{greeting}, {name}", `,"partial_variables":{"greeting":"Hi"}`), variables: `{"name":"Ada","greeting":"Bye"}`,
		want: "Bye, Ada",
	},
	{name: "a text with a missing variable", manifest: core.text("{a}", ""), variables: `{"b":"x"}`, want: fails},
	{
		name: "values of all kinds in an f-string", manifest: core.text("{s} {i} {f} {t} {l}", ""), variables: `{"s":"x\ny","i":7,"f":0.5,"t":true,"l":[1,"a",null]}`,
		want: `x` + "\n" + `y 7 0.5 true [1,"a",null]`,
	},
	{
		name: "an f-string with names of many kinds", manifest: core.text("{a_b} {c-d} {città} {first name}", ""), variables: `{"a_b":"1","c-d":"2","città":"3","first name":"4","first":"x","name":"x"}`,
		want: "1 2 3 4",
	},
	{
		name: "a mustache text", manifest: core.mustache("name items", "Hi {{name}}:{{#items}} {{.}};{{/items}} {json} {{{name}}}"), variables: `{"name":"<Ada>","items":[1,"x"]}`,
		want: "Hi <Ada>: 1; x; {json} <Ada>",
	},
	{
		name: "a mustache text, old family, nothing given", manifest: old.mustache("name", "Hi {{name}}{{^name}}you{{/name}}."),
		want: "Hi you.",
	},
	{
		name: "a chat", manifest: core.chat("role question", core.system("You are {role}."), core.human("{question}"), core.ai("Let me see.")), variables: `{"role":"kind","question":"why {x}?"}`,
		want: `[{"role":"system","content":"You are kind."},{"role":"user","content":"why {x}?"},{"role":"assistant","content":"Let me see."}]`,
	},
	{
		name: "a chat, old family", manifest: old.chat("role question", old.system("You are {role}."), old.human("{question}"), old.ai("Let me see.")), variables: `{"role":"kind","question":"why?"}`,
		want: `[{"role":"system","content":"You are kind."},{"role":"user","content":"why?"},{"role":"assistant","content":"Let me see."}]`,
	},
	{
		name: "a chat, both families mixed", manifest: old.chat("a b", core.system("{a}"), old.human("{b}")), variables: `{"a":"1","b":"2"}`,
		want: `[{"role":"system","content":"1"},{"role":"user","content":"2"}]`,
	},
	{
		name: "a chat with a missing variable", manifest: core.chat("a b", core.system("{a}"), core.human("{b}")), variables: `{"a":"1"}`,
		want: fails,
	},
	{
		name: "a chat with a partial variable", manifest: core.node("ChatPromptTemplate", `"input_variables":["b"],"partial_variables":{"a":"1"},"messages":[`+core.system("{a}")+`,`+core.human("{b}")+`]`), variables: `{"b":"2"}`,
		want: `[{"role":"system","content":"1"},{"role":"user","content":"2"}]`,
	},
	{
		name: "a mustache chat", manifest: core.mustacheChat("user docs q",
			core.message("System", core.mustache("user docs", "For {{user.name}}.\n{{#docs}}\n- {{title}}: {{&text}}\n{{/docs}}\nDone.")), core.message("Human", core.mustache("q", "{{q}} {not}"))),
		variables: `{"user":{"name":"Ada"},"docs":[{"title":"A","text":"<1>"},{"title":"B","text":"2"}],"q":"why?"}`,
		want:      `[{"role":"system","content":"For Ada.\n- A: <1>\n- B: 2\nDone."},{"role":"user","content":"why? {not}"}]`,
	},
	{
		name: "a mustache chat with dotted input variables", manifest: core.mustacheChat("user.name", core.message("Human", core.mustache("user.name", "{{user.name}}"))), variables: `{"user":{"name":"Ada"}}`,
		want: `[{"role":"user","content":"Ada"}]`,
	},
	{
		name: "a mustache chat, nothing given", manifest: core.mustacheChat("a", core.message("Human", core.mustache("a", "[{{a}}]"))),
		want: `[{"role":"user","content":"[]"}]`,
	},
	{
		name: "a chat inside a chat", manifest: core.chat("a b", core.chat("a", core.system("{a}")), core.human("{b}")), variables: `{"a":"1","b":"2"}`,
		want: `[{"role":"system","content":"1"},{"role":"user","content":"2"}]`,
	},
	{
		name: "a generic role", manifest: core.chat("x", core.node("ChatMessagePromptTemplate", `"role":"developer","prompt":`+core.text("{x}", ""))), variables: `{"x":"X"}`,
		want: `[{"role":"developer","content":"X"}]`,
	},
	{
		name: "a placeholder", manifest: core.chat("history q", core.system("s"), core.placeholder("history", ""), core.human("{q}")),
		variables: `{"q":"why?","history":[{"role":"user","content":"{not} a template"},{"role":"assistant","content":"hello"},{"role":"system","content":"x"}]}`,
		want:      `[{"role":"system","content":"s"},{"role":"user","content":"{not} a template"},{"role":"assistant","content":"hello"},{"role":"system","content":"x"},{"role":"user","content":"why?"}]`,
	},
	{
		name: "a placeholder, old family, empty", manifest: old.chat("history", old.system("s"), old.placeholder("history", "")), variables: `{"history":[]}`,
		want: `[{"role":"system","content":"s"}]`,
	},
	{name: "a placeholder without a value", manifest: core.chat("history", core.placeholder("history", "")), want: fails},
	{
		name: "an optional placeholder without a value", manifest: core.chat("examples", core.system("s"), core.placeholder("examples", `,"optional":true`)),
		want: `[{"role":"system","content":"s"}]`,
	},
	{
		name: "an optional placeholder of null", manifest: core.chat("history", core.system("s"), core.placeholder("history", `,"optional":true`)), variables: `{"history":null}`,
		want: `[{"role":"system","content":"s"}]`,
	},
	{
		name: "an optional placeholder with a value", manifest: core.chat("history", core.placeholder("history", `,"optional":true,"n_messages":5`)), variables: `{"history":[{"role":"user","content":"a"}]}`,
		want: `[{"role":"user","content":"a"}]`,
	},
	{
		name: "tools in a placeholder", manifest: core.chat("history", core.placeholder("history", "")),
		variables: `{"history":[{"role":"assistant","content":"","tool_calls":` + openAICalls + `},{"role":"tool","content":"sunny","tool_call_id":"call_1"}]}`,
		want:      `[{"role":"assistant","content":"","tool_calls":` + openAICalls + `},{"role":"tool","content":"sunny","tool_call_id":"call_1"}]`,
	},
	{
		name: "parts in a placeholder", manifest: core.chat("history", core.placeholder("history", "")),
		variables: `{"history":[{"role":"user","content":[{"type":"text","text":"{a}"},{"type":"image_url","image_url":{"url":"https://i/p.png","detail":"low"}}]}]}`,
		want:      `[{"role":"user","content":[{"type":"text","text":"{a}"},{"type":"image_url","image_url":{"url":"https://i/p.png","detail":"low"}}]}]`,
	},
	{
		name: "names in a placeholder", manifest: core.chat("history", core.placeholder("history", "")), variables: `{"history":[{"role":"user","content":"a","name":"Ada"}]}`,
		want: `[{"role":"user","content":"a","name":"Ada"}]`,
	},
	{
		name: "literal messages", manifest: core.chat("q",
			core.node("SystemMessage", `"content":"{not} {{a}} template"`), core.node("HumanMessage", `"content":"hi","name":"Ada","additional_kwargs":{},"response_metadata":{}`),
			core.node("AIMessage", `"content":"hm","tool_calls":[],"invalid_tool_calls":[],"additional_kwargs":{}`), core.human("{q}")), variables: `{"q":"why?"}`,
		want: `[{"role":"system","content":"{not} {{a}} template"},{"role":"user","content":"hi","name":"Ada"},{"role":"assistant","content":"hm"},{"role":"user","content":"why?"}]`,
	},
	{
		name: "literal messages, old family", manifest: old.chat("q", old.node("SystemMessage", `"content":"s","additional_kwargs":{}`), old.node("ChatMessage", `"content":"c","role":"boss","additional_kwargs":{}`), old.human("{q}")), variables: `{"q":"why?"}`,
		want: `[{"role":"system","content":"s"},{"role":"boss","content":"c"},{"role":"user","content":"why?"}]`,
	},
	{
		name: "literal tool calls and their answers", manifest: core.chat("q",
			core.node("AIMessage", `"content":"","tool_calls":`+calls+`,"invalid_tool_calls":[],"additional_kwargs":{}`), core.node("ToolMessage", `"content":"sunny","tool_call_id":"call_1","name":"look_up","status":"success"`), core.human("{q}")),
		variables: `{"q":"so?"}`,
		want:      `[{"role":"assistant","content":"","tool_calls":` + openAICalls + `},{"role":"tool","content":"sunny","tool_call_id":"call_1","name":"look_up"},{"role":"user","content":"so?"}]`,
	},
	{
		name: "tool calls in additional_kwargs", manifest: core.chat("", core.node("AIMessage", `"content":"","additional_kwargs":{"tool_calls":`+openAICalls+`}`)),
		want: `[{"role":"assistant","content":"","tool_calls":` + openAICalls + `}]`,
	},
	{
		name: "a function's message", manifest: core.chat("", core.node("FunctionMessage", `"content":"r","name":"f","additional_kwargs":{}`)),
		want: `[{"role":"function","content":"r","name":"f"}]`,
	},
	{
		name: "a developer's message", manifest: core.chat("", core.node("SystemMessage", `"content":"s","additional_kwargs":{"__openai_role__":"developer"}`)),
		want: `[{"role":"developer","content":"s"}]`,
	},
	{
		name: "literal parts", manifest: core.chat("", core.node("HumanMessage", `"content":[{"type":"text","text":"{a}"},{"type":"image_url","image_url":{"url":"https://i/p.png"}}]`)),
		want: `[{"role":"user","content":[{"type":"text","text":"{a}"},{"type":"image_url","image_url":{"url":"https://i/p.png"}}]}]`,
	},
	{
		name: "a text and an image", manifest: core.chat("what img", core.parts(core.text("Describe {what}.", ""), core.image("img", `{"url":"data:image/png;base64,{img}"}`))), variables: `{"what":"this","img":"AAAA"}`,
		want: `[{"role":"user","content":[{"type":"text","text":"Describe this."},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]`,
	},
	{
		name: "an image with detail, old family", manifest: old.chat("u d", old.parts(old.image("u d", `{"url":"{u}","detail":"{d}"}`))), variables: `{"u":"https://i/p.png","d":"high"}`,
		want: `[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://i/p.png","detail":"high"}}]}]`,
	},
	{
		name: "an image whose address is the variable url", manifest: core.chat("url", core.parts(core.image("url", `{}`))), variables: `{"url":"https://i/p.png"}`,
		want: `[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://i/p.png"}}]}]`,
	},
	{
		name: "a mustache image whose address is the variable url", manifest: core.mustacheChat("url", core.parts(core.node("ImagePromptTemplate", `"input_variables":["url"],"template_format":"mustache","template":{}`))), variables: `{"url":"https://i/p.png"}`,
		want: `[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://i/p.png"}}]}]`,
	},
	{
		name: "an image without an address", manifest: core.chat("u", core.parts(core.image("u", `{"url":"{u}"}`))), variables: `{"u":""}`,
		want: fails,
	},
	{
		name: "a mustache image", manifest: core.mustacheChat("x u", core.parts(core.mustache("x", "{{x}}"), core.node("ImagePromptTemplate", `"input_variables":["u"],"template_format":"mustache","template":{"url":"https://i/{{u}}.png"}`))), variables: `{"x":"X","u":"p"}`,
		want: `[{"role":"user","content":[{"type":"text","text":"X"},{"type":"image_url","image_url":{"url":"https://i/p.png"}}]}]`,
	},
	{
		name: "a part that comes out empty goes", manifest: core.chat("a b", core.parts(core.text("{a}", ""), core.text("{b}", ""))), variables: `{"a":"","b":"x"}`,
		want: `[{"role":"user","content":[{"type":"text","text":"x"}]}]`,
	},
	{
		name: "a part with cache_control", manifest: core.chat("a", core.parts(core.text("{a}", `,"additional_content_fields":{"type":"text","text":"{a}","cache_control":{"type":"ephemeral"}}`))), variables: `{"a":"x"}`,
		want: `[{"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]}]`,
	},
	{
		name: "a dict part", manifest: core.chat("data", core.parts(core.dict(`{"type":"input_audio","input_audio":{"data":"{data}","format":"wav"}}`))), variables: `{"data":"AAAA"}`,
		want: `[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}]}]`,
	},
	{
		name: "a dict part with lists and numbers by name", manifest: core.chat("a", core.parts(core.dict(`{"type":"file","file":{"ids":["{a}","b"],"n":3,"ok":true,"x":null}}`))), variables: `{"a":"A"}`,
		want: `[{"role":"user","content":[{"type":"file","file":{"ids":["A","b"],"n":3,"ok":true,"x":null}}]}]`,
	},
	{
		name: "a structured prompt", manifest: core.node("StructuredPrompt", `"input_variables":["q"],"messages":[`+core.human("{q}")+`],"schema_":{"title":"answer","type":"object","properties":{"n":{"type":"integer"}}}`), variables: `{"q":"how many?"}`,
		want: `[{"role":"user","content":"how many?"}]`,
	},
	{
		name: "a structured mustache prompt with a method", manifest: core.node("StructuredPrompt", `"template_format":"mustache","input_variables":["q"],"messages":[`+core.message("Human", core.mustache("q", "{{q}}"))+`],"schema_":{"type":"object"},"method":"json_schema"`), variables: `{"q":"how many?"}`,
		want: `[{"role":"user","content":"how many?"}]`,
	},
	{
		name: "a chat with its model", manifest: core.withModel(core.chat("q", core.system("s"), core.human("{q}"))), variables: `{"q":"why?"}`,
		want: `[{"role":"system","content":"s"},{"role":"user","content":"why?"}]`,
	},
	{
		name: "a chat with its model, old family", manifest: old.withModel(old.chat("q", old.human("{q}"))), variables: `{"q":"why?"}`,
		want: `[{"role":"user","content":"why?"}]`,
	},
	{
		name: "a structured prompt with its model", manifest: core.withModel(core.node("StructuredPrompt", `"input_variables":["q"],"messages":[`+core.human("{q}")+`],"schema_":{"type":"object"}`)), variables: `{"q":"why?"}`,
		want: `[{"role":"user","content":"why?"}]`,
	},
	{
		name: "a text with its model", manifest: old.withModel(old.text("Translate: {text}", "")), variables: `{"text":"a"}`,
		want: "Translate: a",
	},
	{name: "an f-string with an unclosed brace", manifest: core.text("a {b", ""), want: fails},
	{name: "an f-string with a single closing brace", manifest: core.text("a } b", ""), want: fails},
	{name: "a mustache with an unclosed tag", manifest: core.mustache("", "a {{b"), want: fails},
	{
		name: "jinja2", manifest: core.node("PromptTemplate", `"input_variables":["a"],"template_format":"jinja2","template":"{{ a }}"`), variables: `{"a":"x"}`,
		want: fails,
	},
	{name: "an unknown class of message", manifest: `{"lc":1,"type":"constructor","id":["langchain_core","prompts","chat","ChatPromptTemplate"],"kwargs":{"input_variables":[],"messages":[{"lc":1,"type":"constructor","id":["langchain_core","messages","Surprise"],"kwargs":{}}]}}`, want: fails},
	{name: "a class that was not serialized", manifest: `{"lc":1,"type":"not_implemented","id":["langchain_core","prompts","few_shot","FewShotPromptTemplate"],"kwargs":{}}`, want: fails},

	// Where we are not as LangChain in JavaScript, on purpose.
	{
		name: "a placeholder with n_messages", manifest: core.chat("history", core.placeholder("history", `,"n_messages":1`)), variables: `{"history":[{"role":"user","content":"a"},{"role":"user","content":"b"}]}`,
		want:      `[{"role":"user","content":"b"}]`,
		langChain: `[{"role":"user","content":"a"},{"role":"user","content":"b"}]`, why: "`n_messages`",
	},
	{
		name: "a required placeholder of null", manifest: core.chat("history", core.system("s"), core.placeholder("history", "")), variables: `{"history":null}`,
		want:      `[{"role":"system","content":"s"}]`,
		langChain: fails, why: "a required placeholder whose value is null",
	},
	{
		name: "a placeholder of one message", manifest: core.chat("history", core.placeholder("history", "")), variables: `{"history":{"role":"user","content":"a"}}`,
		want:      fails,
		langChain: `[{"role":"user","content":"a"}]`, why: "a placeholder's value that is one message, a text, or a pair of role and text",
	},
	{
		name: "a placeholder of texts and pairs", manifest: core.chat("history", core.placeholder("history", "")), variables: `{"history":["a",["ai","b"]]}`,
		want:      fails,
		langChain: `[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]`, why: "a placeholder's value that is one message, a text, or a pair of role and text",
	},
	{
		name: "an object in an f-string", manifest: core.text("{a}", ""), variables: `{"a":{"b":1,"a":[{"d":1,"c":2}]}}`,
		want:      `{"a":[{"c":2,"d":1}],"b":1}`,
		langChain: `{"b":1,"a":[{"d":1,"c":2}]}`, why: "the names of an object in an f-string",
	},
	{
		name: "null in an f-string", manifest: core.text("[{a}]", ""), variables: `{"a":null}`,
		want:      "[]",
		langChain: "[null]", why: "null in an f-string",
	},
	{
		name: "numbers that JavaScript writes in its own way", manifest: core.text("{a} {b}", ""), variables: `{"a":1.0,"b":9007199254740993}`,
		want:      "1.0 9007199254740993",
		langChain: "1 9007199254740992", why: "numbers such as `1.0`, and integers above 2^53",
	},
	{
		name: "a list and an object in a mustache", manifest: core.mustache("a b", "{{a}} {{b}}"), variables: `{"a":[1,"x"],"b":{"c":1}}`,
		want:      `[1,"x"] {"c":1}`,
		langChain: "1,x [object Object]", why: "lists and maps in a mustache",
	},
	{
		name: "a format spec", manifest: core.text("{a:>5}", ""), variables: `{"a":"x","a:>5":"y"}`,
		want:      fails,
		langChain: "y", why: "format specs, conversions, attributes and positions in an f-string",
	},
	{
		name: "a conversion", manifest: core.text("{a!r}", ""), variables: `{"a":"x","a!r":"y"}`,
		want:      fails,
		langChain: "y", why: "format specs, conversions, attributes and positions in an f-string",
	},
	{
		name: "an attribute", manifest: core.text("{a.b} {a[0]}", ""), variables: `{"a.b":"x","a[0]":"y"}`,
		want:      fails,
		langChain: "x y", why: "format specs, conversions, attributes and positions in an f-string",
	},
	{
		name: "positions", manifest: core.text("{0} {}", ""), variables: `{"0":"x","":"y"}`,
		want:      fails,
		langChain: "x y", why: "format specs, conversions, attributes and positions in an f-string",
	},
	{
		name: "a partial template", manifest: core.mustache("", "a{{>b}}c"),
		want:      fails,
		langChain: "ac", why: "a partial `{{>p}}`",
	},
	{
		name: "a null in a section's list", manifest: core.mustache("l", "{{#l}}[{{a}}]{{/l}}"), variables: `{"l":[null]}`,
		want:      "[]",
		langChain: fails, why: "a section's element that is null, and names that JavaScript's objects inherit",
	},
	{
		name: "what every object inherits", manifest: core.mustache("toString", "[{{toString}}]"),
		want:      "[]",
		langChain: "[[object Object]]", why: "a section's element that is null, and names that JavaScript's objects inherit",
	},
	{
		name: "a generic role with parts", manifest: core.chat("x", core.node("ChatMessagePromptTemplate", `"role":"boss","prompt":[`+core.text("{x}", "")+`]`)), variables: `{"x":"X"}`,
		want:      `[{"role":"boss","content":[{"type":"text","text":"X"}]}]`,
		langChain: fails, why: "parts in a `ChatMessagePromptTemplate`",
	},
	{
		name: "braces in a literal image", manifest: core.chat("", core.node("HumanMessage", `"content":[{"type":"image_url","image_url":{"url":"https://i/{u}.png"}}]`)), variables: `{"u":"p"}`,
		want:      `[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://i/{u}.png"}}]}]`,
		langChain: `[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://i/p.png"}}]}]`, why: "the address of a literal message's image",
	},
	{
		name: "additional_kwargs of a template", manifest: core.chat("x", core.node("AIMessagePromptTemplate", `"prompt":`+core.text("{x}", "")+`,"additional_kwargs":{"tool_calls":`+openAICalls+`}`)), variables: `{"x":"X"}`,
		want:      `[{"role":"assistant","content":"X","tool_calls":` + openAICalls + `}]`,
		langChain: `[{"role":"assistant","content":"X"}]`, why: "`additional_kwargs` of a message's template",
	},
	{
		name: "numbers in a dict part's lists", manifest: core.chat("a", core.parts(core.dict(`{"type":"file","file":{"ids":["{a}",1,true]}}`))), variables: `{"a":"A"}`,
		want:      `[{"role":"user","content":[{"type":"file","file":{"ids":["A",1,true]}}]}]`,
		langChain: `[{"role":"user","content":[{"type":"file","file":{"ids":["A"]}}]}]`, why: "lists in a `DictPromptTemplate`",
	},
	{
		name: "a null in a dict part's lists", manifest: core.chat("a", core.parts(core.dict(`{"type":"file","file":{"ids":["{a}",null]}}`))), variables: `{"a":"A"}`,
		want:      `[{"role":"user","content":[{"type":"file","file":{"ids":["A",null]}}]}]`,
		langChain: fails, why: "lists in a `DictPromptTemplate`",
	},
	{
		name: "a partial variable that is no text", manifest: core.text("{n} {a}", `,"partial_variables":{"n":3}`), variables: `{"a":"x"}`,
		want:      "3 x",
		langChain: fails, why: "`partial_variables` that are no text",
	},
	{
		name: "an image with a variable called url", manifest: core.chat("url", core.parts(core.image("url", `{"url":"https://i/{url}"}`))), variables: `{"url":"p.png"}`,
		want:      `[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://i/p.png"}}]}]`,
		langChain: `[{"role":"user","content":[{"type":"image_url","image_url":{"url":"p.png"}}]}]`, why: "variables called `url` and `detail` in an image",
	},
	{
		name: "parts in other spellings", manifest: core.chat("", core.node("HumanMessage", `"content":["t",{"type":"image_url","image_url":"https://i/p.png"}]`)),
		want:      `[{"role":"user","content":[{"type":"text","text":"t"},{"type":"image_url","image_url":{"url":"https://i/p.png"}}]}]`,
		langChain: `[{"role":"user","content":["t",{"type":"image_url","image_url":"https://i/p.png"}]}]`, why: "parts in other spellings",
	},
	{
		name: "a content of null", manifest: core.chat("", core.node("AIMessage", `"content":null,"tool_calls":`+calls)),
		want:      `[{"role":"assistant","content":null,"tool_calls":` + openAICalls + `}]`,
		langChain: `[{"role":"assistant","content":[],"tool_calls":` + openAICalls + `}]`, why: "a literal message without content",
	},
	{
		name: "nulls in additional_kwargs", manifest: core.chat("", core.node("AIMessage", `"content":"a","additional_kwargs":{"refusal":null}`)),
		want:      `[{"role":"assistant","content":"a"}]`,
		langChain: `[{"role":"assistant","content":"a","refusal":null}]`, why: "nulls in `additional_kwargs`",
	},
	{
		name: "a variable called stop", manifest: core.text("{stop}", ""), variables: `{"stop":"x"}`,
		want:      "x",
		langChain: fails, why: "a variable called `stop`",
	},
	{
		name: "input_variables that do not fit", manifest: core.chat("a b", core.human("{a}")), variables: `{"a":"x","b":"y"}`,
		want:      `[{"role":"user","content":"x"}]`,
		langChain: fails, why: "`input_variables` that do not fit the templates",
	},
	{
		name: "a mustache template in a chat that does not say so", manifest: core.chat("a", core.message("Human", core.mustache("a", "[{{a}}]"))),
		want:      `[{"role":"user","content":"[]"}]`,
		langChain: fails, why: "a mustache template in a chat without `template_format`",
	},
	{
		name: "steps between the prompt and the model", manifest: core.node("RunnableSequence", `"first":`+core.text("a", "")+`,"middle":[`+core.text("b", "")+`],"last":`+core.node("ChatOpenAI", "")),
		want:      fails,
		langChain: "a", why: "what is refused because it would be lost",
	},
	{
		name: "braces in a part's other fields", manifest: core.chat("a", core.parts(core.text("{a}", `,"additional_content_fields":{"note":"{a}"}`))), variables: `{"a":"x"}`,
		want:      fails,
		langChain: `[{"role":"user","content":[{"type":"text","text":"x","note":"{a}"}]}]`, why: "what is refused because it would be lost",
	},
	{
		name: "tool calls that could not be read", manifest: core.chat("", core.node("AIMessage", `"content":"a","invalid_tool_calls":[{"name":"f","args":"{","id":"1","error":"x"}]`)),
		want:      fails,
		langChain: `[{"role":"assistant","content":"a"}]`, why: "what is refused because it would be lost",
	},
	{
		name: "escaped plain data", manifest: core.chat("", core.node("HumanMessage", `"content":"a","additional_kwargs":{"x":{"__lc_escaped__":{"lc":2}}}`)),
		want:      fails,
		langChain: `[{"role":"user","content":"a","x":{"lc":2}}]`, why: "what is refused because it would be lost",
	},
}
