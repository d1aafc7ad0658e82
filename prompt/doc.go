// Package prompt has the prompt of any registry in one neutral form, and
// compiles it into what a model is sent. It knows no registry and does no I/O.
//
// # Model
//
// A [Prompt] is a text or a chat: its templates, placeholders, partial values,
// model settings and answer schema. The packages of the registries make one of
// what they fetch; [New] makes one from a [Spec], such as a fallback that is
// compiled into a program. Templates are read then, once, and Compile only fills
// them in: [Prompt.Compile] as the registry's own SDK does, and
// [Prompt.CompileStrict], which also fails if anything is missing.
//
// # Syntaxes
//
//	                     langfuse      mustache.js     mustache       f-string
//	a variable           {{name}}      {{name}}        {{name}}       {name}
//	without a value      stays         is empty        is empty       is an error
//	lists and maps are   JSON          1,2 and         JSON           JSON
//	                                   [object Object]
//	{{a.b}}              a name        b of a          b of a         text {a.b}
//	{{#a}}…{{/a}}        text          a section       a section      text
//	{{>a}}               text          is an error     is an error    text
//	{{!a}} {{=<% %>=}}   text          are obeyed      are obeyed     text
//	unclosed braces      are text      are an error    are an error   are an error
//	a placeholder with   stays         stays           is an error    is an error
//	no messages
//	its messages are     templates     templates       sent as they   sent as they
//	                                                   are            are
//
// "langfuse" is what Langfuse's Python SDK does, "mustache.js" what its
// JavaScript SDK does, "mustache" and "f-string" are LangSmith's. The table is
// what Compile does; CompileStrict fails wherever a value or messages are missing.
//
// None of them escapes anything, and a value is never read as a template. But
// with Langfuse's two syntaxes the contents of the messages that fill a
// placeholder are templates, as they are in its SDKs: if users write them, they
// can show the values of variables. Set Message.Syntax of the placeholder to
// [SyntaxLiteral] to prevent it.
//
// Differences from the SDKs, beside partials: nil is empty everywhere (Python
// and JavaScript have None and null in an f-string); booleans are true and false
// (Python has True and False); the names of an object written as JSON are
// sorted; what mustache.js inherits (toString, constructor) is not there; where
// it throws because an element of a list is null, the name is looked up further
// out. A placeholder's value that is not a list of messages with roles is an
// error; Langfuse's SDKs send its text. docs/semantics.md has them all.
//
// # Concurrency
//
// A Prompt cannot be changed and shares nothing that can, so any number of
// goroutines may use one. What Compile returns is its caller's own.
//
// # Limits
//
// A template comes from elsewhere, and so may a value. No template reaches a
// method, a file or the environment. Sections may be nested 100 deep, values 64,
// and one Compile makes at most [MaxCompiledBytes] in a bounded number of steps;
// beyond that is [ErrTooLarge]. Template languages that run code, such as jinja2,
// are [ErrUnsupported].
//
// # Testing
//
// New needs nothing but a Spec. A Prompt can be stored as JSON and loaded again;
// see [Prompt.MarshalJSON].
package prompt
