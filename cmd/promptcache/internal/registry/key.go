package registry

import (
	"fmt"
	"strings"
)

// Split takes the scheme off a key: "langfuse:folder/x@label" is the registry
// langfuse's "folder/x@label". Only a registry's name is a scheme, and only one
// is taken off, so that "greeting:production" has none, and
// "langsmith:langfuse:v2" is LangSmith's prompt "langfuse" with the tag v2.
//
// from names a registry for keys without a scheme; one that contradicts the
// scheme is an error. Without both the name is "".
func Split(key, from string) (name, rest string, err error) {
	scheme, after, found := strings.Cut(key, ":")
	if found {
		_, found = find(scheme)
	}
	switch {
	case !found:
		return from, key, nil
	case from != "" && from != scheme:
		return "", "", fmt.Errorf("the key %.100q begins with the name of a registry, and that is not %s; if it belongs to the prompt's name, write %s:%.100s", key, from, from, key)
	}
	return scheme, after, nil
}

// Choose returns which registry a key is of, and the key without its scheme: the
// one that the scheme or from says, or else the only one whose credentials are in
// the environment.
func Choose(key, from string, getenv func(string) string) (name, rest string, err error) {
	name, rest, err = Split(key, from)
	if err != nil || name != "" {
		return name, rest, err
	}
	name, err = only(key, getenv)
	return name, rest, err
}

// only returns the registry that the environment has credentials of.
func only(key string, getenv func(string) string) (string, error) {
	all := kinds()
	keys := make([]string, 0, len(all))
	for _, k := range all {
		keys = append(keys, fmt.Sprintf("%s:%.100s", k.name, key))
	}
	name, present := theOne(getenv)
	switch {
	case name != "":
		return name, nil
	case present == "":
		return "", fmt.Errorf("which registry is %.100q in? Write %s, or %s", key, oneOf(keys), setCredentials())
	default:
		return "", fmt.Errorf("which registry is %.100q in? The environment has credentials of %s; write %s", key, present, oneOf(keys))
	}
}

// Default returns the only registry whose credentials are in the environment.
func Default(getenv func(string) string) (string, error) {
	name, present := theOne(getenv)
	switch {
	case name != "":
		return name, nil
	case present == "":
		return "", fmt.Errorf("which registry? Say --from %s, or %s", oneOf(Names()), setCredentials())
	default:
		return "", fmt.Errorf("which registry? The environment has credentials of %s; say --from %s", present, oneOf(Names()))
	}
}

// theOne returns the registry that the environment has credentials of, if it is
// one, and otherwise all of them in words.
func theOne(getenv func(string) string) (name, present string) {
	var all []string
	for _, k := range kinds() {
		if k.present(getenv) {
			all = append(all, k.name)
		}
	}
	if len(all) == 1 {
		return all[0], ""
	}
	return "", strings.Join(all, " and ")
}

// setCredentials says which variables would tell the registry.
func setCredentials() string {
	all := kinds()
	advice := make([]string, 0, len(all))
	for _, k := range all {
		advice = append(advice, k.advice)
	}
	return "set the credentials of one: " + strings.Join(advice, ", or ")
}
