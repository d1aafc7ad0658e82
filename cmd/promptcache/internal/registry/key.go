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
	var present []string
	all := kinds()
	keys, advice := make([]string, 0, len(all)), make([]string, 0, len(all))
	for _, k := range all {
		keys = append(keys, fmt.Sprintf("%s:%.100s", k.name, key))
		advice = append(advice, k.advice)
		if k.present(getenv) {
			present = append(present, k.name)
		}
	}
	switch len(present) {
	case 1:
		return present[0], nil
	case 0:
		return "", fmt.Errorf("which registry is %.100q in? Write %s, or set the credentials of one: %s",
			key, oneOf(keys), strings.Join(advice, ", or "))
	default:
		return "", fmt.Errorf("which registry is %.100q in? The environment has credentials of %s; write %s",
			key, strings.Join(present, " and "), oneOf(keys))
	}
}
