package fakelangfuse

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/promptcache/promptcache-go/fakes/internal/fakeserver"
)

// ErrNotFound is wrapped by the errors of methods that were given a prompt, a
// version or a label that does not exist.
var ErrNotFound = fmt.Errorf("fakelangfuse: %w", fakeserver.ErrNotFound)

// The labels that mean something to the registry.
const (
	production = "production" // what is served when nothing is said
	latest     = "latest"     // the newest version's, always
)

// maxLabel is how long a label may be.
const maxLabel = 36

// ref names a prompt: its project and its name.
type ref struct {
	project, name string
}

func (r ref) String() string { return r.project + "|" + r.name }

// ref reads "name" or "project|name"; no project and the project "-" mean the
// server's first one. A name cannot have a "|" in it, so this is unambiguous.
func (s *Server) ref(prompt string) (ref, error) {
	project, name, found := strings.Cut(prompt, "|")
	if !found {
		project, name = s.project, prompt
	}
	r := s.in(project, name)
	err := checkProject(r.project)
	for _, problem := range nameProblems(name) {
		err = cmp.Or(err, errors.New(problem))
	}
	if err != nil {
		return ref{}, fmt.Errorf("fakelangfuse: prompt %q: %w", prompt, err)
	}
	return r, nil
}

// in is the prompt called name of a project, where "-" is the first.
func (s *Server) in(project, name string) ref {
	if project == "-" {
		project = s.project
	}
	return ref{project: project, name: name}
}

// fullName is the text of the ref that prompt is.
func (s *Server) fullName(prompt string) (string, error) {
	r, err := s.ref(prompt)
	if err != nil {
		return "", err
	}
	return r.String(), nil
}

func checkProject(project string) error {
	if project == "" || strings.ContainsAny(project, "|/:") {
		return fmt.Errorf("project %q is empty or contains '|', '/' or ':'", project)
	}
	return nil
}

var html = regexp.MustCompile(`<[^>]*>`)

// reservedNames are pages of the registry's own.
var reservedNames = []string{"new", "metrics"}

// nameProblems is what the registry says of a name that a prompt cannot have.
func nameProblems(name string) []string {
	var problems []string
	check := func(bad bool, problem string) {
		if bad {
			problems = append(problems, problem)
		}
	}
	check(name == "", "Text cannot be empty")
	check(html.MatchString(name), "Text cannot contain HTML tags")
	check(strings.Contains(name, "|"), "Prompt name cannot contain '|' character")
	check(strings.HasPrefix(name, "/"), "Name cannot start with a slash")
	check(strings.Contains(name, "//"), "Name cannot contain consecutive slashes")
	check(strings.HasSuffix(name, "/"), "Name cannot end with a slash")
	check(name != "" && strings.TrimSpace(name) == "", "Name cannot be empty")
	check(slices.Contains(reservedNames, name), "Prompt name cannot be '"+name+"'")
	return problems
}

var labelPattern = regexp.MustCompile(`^[a-z0-9_\-.]+$`)

// labelProblem is what the registry says of a label that a version cannot have,
// "" if it can.
func labelProblem(label string) string {
	switch {
	case label == "":
		return "Too small: expected string to have >=1 characters"
	case len(label) > maxLabel:
		return fmt.Sprintf("Too big: expected string to have <=%d characters", maxLabel)
	case !labelPattern.MatchString(label):
		return "Label must be lowercase alphanumeric with optional underscores, hyphens, or periods"
	}
	return ""
}
