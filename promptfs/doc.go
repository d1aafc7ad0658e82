// Package promptfs fetches prompts from the files of a directory, for a
// [promptcache.PromptCache] to hold: prompts that are bundled with a program
// (embed.FS), kept in version control and mounted (os.DirFS), or made up for a
// test (testing/fstest.MapFS).
//
// # Model
//
// A [Source] is a tree of files. The prompt "mails/bye" is the one file
// mails/bye.json, mails/bye.yaml, mails/bye.yml or mails/bye.txt; two of them are
// an error. Fetch reads it anew each time, so a cache finds an edited file at
// its next refresh. The revision is a hash of what the file says: an edit is a
// change, a touch, a comment or another indentation is not.
//
// # Files
//
// A .txt file is the template of a text prompt; one line break at its end is not
// part of it. A .json or .yaml file is an object:
//
//	text        the template of a text prompt, or
//	messages    the list of a chat prompt's messages
//	syntax      how templates are read: langfuse, mustache.js, mustache, f-string
//	            or literal; Config.Syntax if it is missing
//	partials    an object: values for variables that the caller gives none for
//	config      the model's settings, anything
//	schema      the JSON schema of the answer that is asked for, anything
//	revision    a name for this version, shown before the hash
//
// A message is an object:
//
//	role          system, user, assistant, tool, …
//	content       a template; or a list of parts, each a template or an object
//	              in the shape of OpenAI's chat API with a type, such as
//	              {type: image_url, image_url: {url: "{{picture}}"}}; or null
//	name, tool_calls, tool_call_id
//	              as in OpenAI's chat API
//	extra         an object of further fields, which are sent as they are
//	syntax        how its templates are read
//
// or {placeholder: NAME}, which messages take the place of, perhaps with
// optional: true, limit: N (only the last so many are taken) and syntax.
//
// For example, as YAML:
//
//	messages:
//	  - role: system
//	    content: Answer in {{language}}.
//	  - placeholder: history
//	    optional: true
//	  - role: user
//	    content: "{{question}}"
//	partials: {language: English}
//	config: {model: gpt-5, temperature: 0.2}
//
// An object with a field kind is what prompt.Prompt.MarshalJSON writes, and is
// read by those rules; its name is the file's.
//
// Fields that are not known, fields that come twice, YAML's merge keys, and tags
// of its own are errors, each with the file and the line. YAML's dates are
// strings. An alias is what it stands for, as far as the whole stays within
// 100,000 values nested 100 deep. Files are UTF-8.
//
// # Keys
//
// A key is the path of the file without its extension, with slashes. Parts that
// begin with a dot, backslashes and characters that do not print are refused, so
// no key leads out of the tree or to a hidden file. See [Canonical].
//
// # Errors
//
// Every failure of Fetch is a [promptcache.FetchError].
//
//	ErrInvalid      the key cannot name a prompt; the file cannot be read as one,
//	                or is larger than Config.MaxFileBytes; there are two
//	ErrNotFound     there is no such file, in a tree that is there
//	ErrForbidden    the file may not be read
//	ErrUnavailable  any other failure of the file system; the root is not there
//
// # Security
//
// Symbolic links are followed if the file system does: os.DirFS does, also out
// of its directory. os.OpenRoot(dir) has an FS that does not. A prompt file is
// trusted as far as prompt.Prompt trusts a template: it can say anything, and
// reach nothing.
package promptfs
