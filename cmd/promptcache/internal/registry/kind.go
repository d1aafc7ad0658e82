package registry

import (
	"slices"
	"strings"

	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptfs"
)

// kind is a kind of registry. To add one is to add a row to kinds.
type kind struct {
	name, title string
	// credentials are variables of the environment: one that is set means that
	// this registry is used. advice is what a reader is told to set.
	credentials []string
	advice      string
	variables   []Variable
	public      bool // there are prompts of named owners
	canonical   func(key string) (string, error)
	promptName  func(key string) string // without label and version
	open        func(Settings) (source, error)
	details     func(Value) []Detail
	// format is that of snapshots of this registry's prompts alone, and decode
	// reads an entry of one: a Value, and its key without a scheme.
	format string
	decode func(name string, data []byte) (key string, value any, err error)
}

// Variable is a variable of the environment.
type Variable struct{ Name, Meaning string }

// Environment returns the variables that the registries read.
func Environment() []Variable {
	var all []Variable
	for _, k := range kinds() {
		all = append(all, k.variables...)
	}
	return all
}

// kinds returns all of them, in the order in which they are shown.
func kinds() []kind {
	return []kind{
		{
			name:        "langsmith",
			title:       "LangSmith",
			credentials: []string{"LANGSMITH_API_KEY", "LANGCHAIN_API_KEY"},
			advice:      "LANGSMITH_API_KEY",
			variables: []Variable{
				{"LANGSMITH_API_KEY", "LangSmith's API key."},
				{"LANGSMITH_ENDPOINT", "LangSmith's address. Default " + langsmith.DefaultEndpoint + "."},
				{"LANGSMITH_WORKSPACE_ID", "The workspace, for an API key that covers several."},
				{"LANGCHAIN_…", "Each of these is read where the same name with LANGSMITH_ is not set."},
			},
			public:     true,
			canonical:  langsmith.Canonical,
			promptName: langSmithName,
			open:       openLangSmith,
			details:    langSmithDetails,
			format:     "langsmith",
			decode:     langsmith.NewCodec(nil).Decode,
		},
		{
			name:        "langfuse",
			title:       "Langfuse",
			credentials: []string{"LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"},
			advice:      "LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY",
			variables: []Variable{
				{"LANGFUSE_PUBLIC_KEY", "The public key of a Langfuse project."},
				{"LANGFUSE_SECRET_KEY", "The secret key that belongs to it."},
				{"LANGFUSE_BASE_URL", "Langfuse's address. Default " + langfuse.DefaultEndpoint + "."},
				{"LANGFUSE_HOST, LANGFUSE_BASEURL", "The same, as older SDKs call it."},
			},
			canonical:  langfuse.Canonical,
			promptName: langfuseName,
			open:       openLangfuse,
			details:    langfuseDetails,
			format:     "langfuse",
			decode:     langfuse.NewCodec().Decode,
		},
		{
			name:        "file",
			title:       "A directory",
			credentials: []string{filesVariable},
			advice:      filesVariable,
			variables: []Variable{
				{filesVariable, "The directory that file: keys are in. Default the working directory."},
			},
			canonical:  promptfs.Canonical,
			promptName: func(key string) string { return key },
			open:       openFiles,
			details:    func(Value) []Detail { return nil },
			format:     neutralFormat,
			decode:     decodeNeutral,
		},
	}
}

// Names returns the names of the registries, which are the schemes of keys.
func Names() []string {
	all := kinds()
	names := make([]string, len(all))
	for i, k := range all {
		names[i] = k.name
	}
	return names
}

// HasPublic reports whether a registry has prompts of named owners.
func HasPublic(name string) bool {
	k, _ := find(name)
	return k.public
}

func find(name string) (kind, bool) {
	all := kinds()
	i := slices.IndexFunc(all, func(k kind) bool { return k.name == name })
	if i < 0 {
		return kind{}, false
	}
	return all[i], true
}

// present reports whether the environment has any of the registry's credentials.
func (k kind) present(getenv func(string) string) bool {
	return slices.ContainsFunc(k.credentials, func(name string) bool {
		return strings.TrimSpace(getenv(name)) != ""
	})
}

// oneOf returns "a, b or c".
func oneOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
