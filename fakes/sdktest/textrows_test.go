package sdktest_test

// textRows are text prompts.
var textRows = []compileRow{
	{name: "nothing to replace", text: "Hello.\n", want: "Hello.\n"},
	{name: "an empty template", text: "", want: ""},
	{name: "one variable", text: "Hello {{name}}!", variables: `{"name":"Ada"}`, want: "Hello Ada!"},
	{name: "the same variable twice", text: "{{a}}-{{a}}", variables: `{"a":"x"}`, want: "x-x"},
	{name: "variables side by side", text: "{{a}}{{b}}", variables: `{"a":"1","b":"2"}`, want: "12"},
	{name: "spaces inside the braces", text: "{{ a }}{{  b\t}}{{\nc\n}}", variables: `{"a":"1","b":"2","c":"3"}`, want: "123"},
	{name: "a no-break space inside the braces", text: "{{\u00a0a\u00a0}}", variables: `{"a":"1"}`, want: "1"},
	{name: "a name with a space in it", text: "{{first name}}", variables: `{"first name":"Ada"}`, want: "Ada"},
	{name: "a name with dashes and underscores", text: "{{user-name_2}}", variables: `{"user-name_2":"Ada"}`, want: "Ada"},
	{name: "a name that is a number", text: "{{0}}", variables: `{"0":"zero"}`, want: "zero"},
	{name: "names are not ASCII", text: "{{città}} {{名前}} {{😀}}", variables: `{"città":"Roma","名前":"Ada","😀":"x"}`, want: "Roma Ada x"},
	{name: "names differ by case", text: "{{Name}} {{name}}", variables: `{"name":"ada","Name":"Ada"}`, want: "Ada ada"},
	{name: "a variable that nothing uses", text: "a", variables: `{"b":"c"}`, want: "a"},
	{name: "no HTML escaping", text: "{{a}}", variables: `{"a":"<b>\"Q\" & 'A'/=` + "`" + `</b>"}`, want: "<b>\"Q\" & 'A'/=`</b>"},
	{name: "a value with tags is not a template", text: "{{a}} {{b}}", variables: `{"a":"{{b}}","b":"{{a}}"}`, want: "{{b}} {{a}}"},
	{name: "a value with a dollar sign", text: "{{a}}", variables: `{"a":"$& $1 $$ \\1"}`, want: `$& $1 $$ \1`},
	{name: "a value with line breaks", text: "a\n  {{a}}\nb", variables: `{"a":"1\n2\r\n3"}`, want: "a\n  1\n2\r\n3\nb"},
	{name: "a value that is not ASCII", text: "{{a}}", variables: `{"a":"ü \u2028 😀 \ufeff"}`, want: "ü \u2028 😀 \ufeff"},
	{name: "an empty value", text: "[{{a}}]", variables: `{"a":""}`, want: "[]"},
	{name: "null", text: "[{{a}}]", variables: `{"a":null}`, want: "[]"},
	{name: "an integer", text: "{{a}} {{b}} {{c}}", variables: `{"a":0,"b":-7,"c":9007199254740991}`, want: "0 -7 9007199254740991"},
	{name: "a fraction", text: "{{a}} {{b}}", variables: `{"a":0.1,"b":-2.5}`, want: "0.1 -2.5"},
	{name: "true and false", text: "{{a}} {{b}}", variables: `{"a":true,"b":false}`, want: "true false"},
	{name: "single braces", text: `{"a": {a}, "b": {"c": 1} }`, variables: `{"a":"x"}`, want: `{"a": {a}, "b": {"c": 1} }`},
	{name: "JSON around a variable", text: `{"name": "{{a}}", "n": {"m": 1}}`, variables: `{"a":"x"}`, want: `{"name": "x", "n": {"m": 1}}`},
	{name: "closing braces alone", text: "a }} b } c", want: "a }} b } c"},
	{name: "code with a dollar before the braces", text: "${{a}}", variables: `{"a":"5"}`, want: "$5"},
	{name: "Windows line ends", text: "a\r\n{{a}}\r\n", variables: `{"a":"1"}`, want: "a\r\n1\r\n"},

	// Where Python's rules are others.
	{
		name: "a missing variable", text: "Hello {{name}}, {{greeting}}.", variables: `{"greeting":"hi"}`, want: "Hello , hi.",
		python: "Hello {{name}}, hi.", pythonWhy: "a missing variable",
	},
	{
		name: "no variables at all", text: "{{a}} {{ b }}", want: " ",
		python: "{{a}} {{ b }}", pythonWhy: "a missing variable",
	},
	{
		name: "braces without a name", text: "a{{}}b{{ }}c", variables: `{"a":"x"}`, want: "abc",
		python: "a{{}}b{{ }}c", pythonWhy: "a missing variable",
	},
	{
		name: "JSON in double braces", text: `Answer {{"a": 1}}.`, want: "Answer .",
		python: `Answer {{"a": 1}}.`, pythonWhy: "a missing variable",
	},
	{
		name: "a dotted name", text: "{{user.name}}", variables: `{"user":{"name":"Ada"}}`, want: "Ada",
		python: "{{user.name}}", pythonWhy: "`{{a.b}}`",
	},
	{
		name: "a dotted name, three deep", text: "{{a.b.c}}{{a.b.x}}{{a.x.c}}", variables: `{"a":{"b":{"c":"C"}}}`, want: "C",
		python: "{{a.b.c}}{{a.b.x}}{{a.x.c}}", pythonWhy: "`{{a.b}}`",
	},
	{
		name: "a variable whose name has a dot", text: "{{a.b}}", variables: `{"a.b":"x"}`, want: "",
		python: "x", pythonWhy: "`{{a.b}}`",
	},
	{
		name: "an element of a list, and its length", text: "{{l.1}} of {{l.length}}", variables: `{"l":["a","b"]}`, want: "b of 2",
		python: "{{l.1}} of {{l.length}}", pythonWhy: "`{{a.b}}`",
	},
	{
		name: "a string's length and characters", text: "{{s.length}} {{s.0}}", variables: `{"s":"héllo😀"}`, want: "7 h",
		python: "{{s.length}} {{s.0}}", pythonWhy: "`{{a.b}}`",
	},
	{
		name: "a name that begins or ends with a dot", text: "[{{.a}}{{a.}}]", variables: `{"a":"x",".a":"y","a.":"z"}`, want: "[y]",
		python: "[yz]", pythonWhy: "`{{a.b}}`",
	},
	{
		name: "a section with a list", text: "{{#items}}- {{name}}{{/items}}", variables: `{"items":[{"name":"a"},{"name":"b"}]}`, want: "- a- b",
		python: "{{#items}}- {{name}}{{/items}}", pythonWhy: "`{{#s}}…{{/s}}` and `{{^s}}…{{/s}}`",
	},
	{
		name: "a section with scalars", text: "{{#l}}{{.}},{{/l}}", variables: `{"l":["a",1,true,2.5,""]}`, want: "a,1,true,2.5,,",
		python: "{{#l}}{{.}},{{/l}}", pythonWhy: "`{{#s}}…{{/s}}` and `{{^s}}…{{/s}}`",
	},
	{
		name: "a section that is true, false, null, missing", text: "{{#t}}t{{/t}}{{#f}}f{{/f}}{{#n}}n{{/n}}{{#m}}m{{/m}}", variables: `{"t":true,"f":false,"n":null}`, want: "t",
		python: "{{#t}}t{{/t}}{{#f}}f{{/f}}{{#n}}n{{/n}}{{#m}}m{{/m}}", pythonWhy: "`{{#s}}…{{/s}}` and `{{^s}}…{{/s}}`",
	},
	{
		name: "what is true in a section", text: "{{#a}}a{{/a}}{{#b}}b{{/b}}{{#c}}c{{/c}}{{#d}}d{{/d}}{{#e}}e{{/e}}", variables: `{"a":0,"b":"","c":[],"d":{},"e":"0"}`, want: "de",
		python: "{{#a}}a{{/a}}{{#b}}b{{/b}}{{#c}}c{{/c}}{{#d}}d{{/d}}{{#e}}e{{/e}}", pythonWhy: "`{{#s}}…{{/s}}` and `{{^s}}…{{/s}}`",
	},
	{
		name: "an inverted section", text: "{{^a}}a{{/a}}{{^b}}b{{/b}}{{^c}}c{{/c}}{{^d}}d{{/d}}", variables: `{"a":[],"b":{},"c":0}`, want: "acd",
		python: "{{^a}}a{{/a}}{{^b}}b{{/b}}{{^c}}c{{/c}}{{^d}}d{{/d}}", pythonWhy: "`{{#s}}…{{/s}}` and `{{^s}}…{{/s}}`",
	},
	{
		name: "a section inside a section, names looked up outwards", text: "{{#a}}{{#b}}{{x}}{{y}}{{z}}{{/b}}{{/a}}", variables: `{"x":"1","y":"1","z":"1","a":{"x":"2","y":"2","b":{"x":"3"}}}`, want: "321",
		python: "{{#a}}{{#b}}111{{/b}}{{/a}}", pythonWhy: "`{{#s}}…{{/s}}` and `{{^s}}…{{/s}}`",
	},
	{
		name: "names after a section are the caller's again", text: "{{#a}}{{x}}{{#b}}{{x}}{{/b}}{{x}}{{/a}}{{x}}", variables: `{"x":"1","a":{"x":"2","b":{"x":"3"}}}`, want: "2321",
		python: "{{#a}}1{{#b}}1{{/b}}1{{/a}}1", pythonWhy: "`{{#s}}…{{/s}}` and `{{^s}}…{{/s}}`",
	},
	{
		name: "a dotted name looked up outwards", text: "{{#a}}{{b.c}}{{/a}}", variables: `{"a":{"b":{}},"b":{"c":"C"}}`, want: "C",
		python: "{{#a}}{{b.c}}{{/a}}", pythonWhy: "`{{#s}}…{{/s}}` and `{{^s}}…{{/s}}`",
	},
	{
		name: "a section with a string", text: "{{#s}}[{{.}}|{{length}}]{{/s}}", variables: `{"s":"ab","length":"L"}`, want: "[ab|L]",
		python: "{{#s}}[{{.}}|L]{{/s}}", pythonWhy: "`{{#s}}…{{/s}}` and `{{^s}}…{{/s}}`",
	},
	{
		name: "a section of lists", text: "{{#l}}({{#.}}{{.}}{{/.}}){{/l}}", variables: `{"l":[[1,2],[],[3]]}`, want: "(12)()(3)",
		python: "{{#l}}({{#.}}{{.}}{{/.}}){{/l}}", pythonWhy: "`{{#s}}…{{/s}}` and `{{^s}}…{{/s}}`",
	},
	{
		name: "lines that have a section's tag only", text: "a\n{{#l}}\n- {{.}}\n{{/l}}\nb\n  {{^x}}  \nc\n\t{{/x}}\nd", variables: `{"l":[1,2]}`, want: "a\n- 1\n- 2\nb\nc\nd",
		python: "a\n{{#l}}\n- {{.}}\n{{/l}}\nb\n  {{^x}}  \nc\n\t{{/x}}\nd", pythonWhy: "`{{#s}}…{{/s}}` and `{{^s}}…{{/s}}`",
	},
	{
		name: "such lines with Windows line ends", text: "a\r\n{{#t}}\r\nb\r\n{{/t}}\r\nc", variables: `{"t":true}`, want: "a\r\nb\r\nc",
		python: "a\r\n{{#t}}\r\nb\r\n{{/t}}\r\nc", pythonWhy: "`{{#s}}…{{/s}}` and `{{^s}}…{{/s}}`",
	},
	{
		name: "a comment", text: "a{{! not this }}b\n  {{! a line }}\nc", want: "ab\nc",
		python: "a{{! not this }}b\n  {{! a line }}\nc", pythonWhy: "`{{!c}}`, `{{=<% %>=}}`, `{{&a}}` and `{{{a}}}`",
	},
	{
		name: "changed delimiters", text: "{{a}} {{=<% %>=}}<%a%> {{a}} <%={{ }}=%>{{a}}", variables: `{"a":"x"}`, want: "x x {{a}} x",
		python: "x {{=<% %>=}}<%a%> x <%={{ }}=%>x", pythonWhy: "`{{!c}}`, `{{=<% %>=}}`, `{{&a}}` and `{{{a}}}`",
	},
	{
		name: "three braces and an ampersand", text: "{{{a}}} {{&a}} {{& a }}", variables: `{"a":"<"}`, want: "< < <",
		python: "{{{a}}} {{&a}} {{& a }}", pythonWhy: "`{{!c}}`, `{{=<% %>=}}`, `{{&a}}` and `{{{a}}}`",
	},
	{
		name: "an object", text: "{{a}}", variables: `{"a":{"b":[1,{"c":null}],"a":"<"}}`, want: "[object Object]",
		python: `{"a":"<","b":[1,{"c":null}]}`, pythonWhy: "lists and maps",
	},
	{
		name: "a list", text: "{{a}}", variables: `{"a":[1,"x",null,true,[2,[3]],{}]}`, want: "1,x,,true,2,3,[object Object]",
		python: `[1,"x",null,true,[2,[3]],{}]`, pythonWhy: "lists and maps",
	},
	{
		name: "an empty list and an empty object", text: "[{{a}}][{{b}}]", variables: `{"a":[],"b":{}}`, want: "[][[object Object]]",
		python: "[[]][{}]", pythonWhy: "lists and maps",
	},
	{
		name: "everything, as one", text: "{{.}}", variables: `{"a":1}`, want: "[object Object]",
		python: "{{.}}", pythonWhy: "lists and maps",
	},
	{
		name: "numbers that JavaScript writes in its own way", text: "{{a}} {{b}} {{c}} {{d}} {{e}} {{f}}", variables: `{"a":1.0,"b":1e21,"c":1e-7,"d":1E2,"e":-0.0,"f":-0}`, want: "1 1e+21 1e-7 100 0 0",
		python: "1.0 1e21 1e-7 1E2 -0.0 -0", pythonWhy: "numbers such as `1.0` and `1e3`",
	},
	{
		name: "an unclosed tag", text: "a {{b", variables: `{"b":"x"}`, want: fails,
		python: "a {{b", pythonWhy: "an unclosed `{{`, a section that is not closed or not opened",
	},
	{
		name: "a tag with one closing brace", text: "a {{b} c", variables: `{"b":"x"}`, want: fails,
		python: "a {{b} c", pythonWhy: "an unclosed `{{`, a section that is not closed or not opened",
	},
	{
		name: "a section that is not closed", text: "{{#a}}b", variables: `{"a":"x"}`, want: fails,
		python: "{{#a}}b", pythonWhy: "an unclosed `{{`, a section that is not closed or not opened",
	},
	{
		name: "a section that is not opened", text: "b{{/a}}", variables: `{"a":"x"}`, want: fails,
		python: "b{{/a}}", pythonWhy: "an unclosed `{{`, a section that is not closed or not opened",
	},
	{
		name: "sections that cross", text: "{{#a}}{{#b}}{{/a}}{{/b}}", variables: `{"a":"x"}`, want: fails,
		python: "{{#a}}{{#b}}{{/a}}{{/b}}", pythonWhy: "an unclosed `{{`, a section that is not closed or not opened",
	},
	{
		name: "half a change of delimiters", text: "{{=<%=}}a", want: fails,
		python: "{{=<%=}}a", pythonWhy: "an unclosed `{{`, a section that is not closed or not opened",
	},
	{
		name: "three braces, two closing", text: "{{{a}} b", variables: `{"a":"x"}`, want: fails,
		python: "{{{a}} b", pythonWhy: "an unclosed `{{`, a section that is not closed or not opened",
	},
	{
		name: "braces in braces", text: "{{ {{a}} }}", variables: `{"a":"x"}`, want: fails,
		python: "{{ {{a}} }}", pythonWhy: "an unclosed `{{`, a section that is not closed or not opened",
	},
	{
		name: "a next line character inside the braces", text: "[{{\u0085a}}]", variables: `{"a":"x"}`, want: "[]",
		python: "[x]", pythonWhy: "what counts as a space inside the braces",
	},
	{
		name: "a byte order mark inside the braces", text: "[{{\ufeffa}}]", variables: `{"a":"x"}`, want: "[x]",
		python: "[{{\ufeffa}}]", pythonWhy: "what counts as a space inside the braces",
	},

	// Where we are not as the SDKs, on purpose.
	{
		name: "a partial", text: "a{{>b}}c", variables: `{"b":"x"}`, want: fails,
		sdk: "ac", sdkWhy: "a partial `{{>p}}`",
		python: "a{{>b}}c", pythonWhy: "a partial",
	},
	{
		name: "an integer above 2^53", text: "{{a}}", variables: `{"a":9007199254740993}`, want: "9007199254740993",
		sdk: "9007199254740992", sdkWhy: "integers above 2^53",
	},
	{
		name: "an integer of thirty digits", text: "{{a}}", variables: `{"a":100000000000000000000000000001}`, want: "100000000000000000000000000001",
		sdk: "1e+29", sdkWhy: "integers above 2^53",
	},
	{
		name: "a null in a section's list", text: "{{#l}}[{{a}}]{{/l}}", variables: `{"l":[{"a":1},null],"a":"A"}`, want: "[1][A]",
		sdk: fails, sdkWhy: "a section's element that is null",
		python: "{{#l}}[A]{{/l}}", pythonWhy: "`{{#s}}…{{/s}}` and `{{^s}}…{{/s}}`",
	},
	{
		name: "what every object inherits", text: "[{{toString}}][{{constructor}}]", want: "[][]",
		sdk: "[[object Object]][[object Object]]", sdkWhy: "names that JavaScript's objects inherit",
		python: "[{{toString}}][{{constructor}}]", pythonWhy: "a missing variable",
	},
	{
		name: "a prototype", text: "[{{__proto__}}]", want: "[]",
		sdk: "[[object Object]]", sdkWhy: "names that JavaScript's objects inherit",
		python: "[{{__proto__}}]", pythonWhy: "a missing variable",
	},
	{
		name: "a section over what every object inherits", text: "[{{#valueOf}}x{{/valueOf}}]", want: "[]",
		sdk: "[x]", sdkWhy: "names that JavaScript's objects inherit",
		python: "[{{#valueOf}}x{{/valueOf}}]", pythonWhy: "`{{#s}}…{{/s}}` and `{{^s}}…{{/s}}`",
	},
}
