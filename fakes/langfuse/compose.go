package fakelangfuse

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// maxDepth is how many levels of prompts within prompts there may be, the first
// included.
const maxDepth = 5

// graph says which prompts a prompt was put together from.
type graph struct {
	Root         graphNode              `json:"root"`
	Dependencies map[string][]graphNode `json:"dependencies"` // by id
}

type graphNode struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
	ID      string `json:"id"`
}

func (v *entry) node() graphNode { return graphNode{Name: v.name, Version: v.number, ID: v.id()} }

// dependency is a tag @@@langfusePrompt:name=X|version=1@@@ or |label=L@@@.
type dependency struct {
	name   string
	number int // 0 if there is a label
	label  string
}

func (d dependency) String() string {
	if d.number != 0 {
		return fmt.Sprintf("%s - version %d", d.name, d.number)
	}
	return fmt.Sprintf("%s - label %s", d.name, d.label)
}

var tagPattern = regexp.MustCompile(`@@@langfusePrompt:(.*?)@@@`)

// dependencies lists the tags in a prompt's JSON. What only resembles one is
// text.
func dependencies(content json.RawMessage) []dependency {
	var found []dependency
	for _, match := range tagPattern.FindAllSubmatch(content, -1) {
		parts := strings.Split(string(match[1]), "|")
		if len(parts) != 2 || !strings.HasPrefix(parts[0], "name=") {
			continue
		}
		key, value, _ := strings.Cut(parts[1], "=")
		d := dependency{name: strings.TrimPrefix(parts[0], "name=")}
		switch key {
		case "version":
			d.number, _ = strconv.Atoi(value) // no number is 0, and no tag
		case "label":
			d.label = value
		}
		if d.name != "" && (d.number != 0 || d.label != "") {
			found = append(found, d)
		}
	}
	return found
}

// resolver puts one prompt together. The registry is locked meanwhile.
type resolver struct {
	registry *registry
	root     *entry
	graph    graph
	open     map[string]bool // the ids of those that are being put together
}

// resolveLocked returns v's content with the prompts that it names in their
// place, and what it was put together from, nil if it names none; or, in the
// server's words, why that is not possible.
func (g *registry) resolveLocked(v *entry) (content json.RawMessage, from *graph, problem string) {
	r := resolver{
		registry: g, root: v, open: map[string]bool{},
		graph: graph{Root: v.node(), Dependencies: map[string][]graphNode{}},
	}
	content, problem = r.resolve(v, 0)
	if problem != "" || len(r.graph.Dependencies) == 0 {
		return content, nil, problem
	}
	return content, &r.graph, ""
}

func (r *resolver) resolve(v *entry, depth int) (whole json.RawMessage, problem string) {
	if depth >= maxDepth {
		return nil, fmt.Sprintf("Maximum nesting depth exceeded (%d)", maxDepth)
	}
	id := v.id()
	if r.open[id] || v.name == r.root.name && v != r.root {
		return nil, fmt.Sprintf("Circular dependency detected involving prompt '%s' version %d", v.name, v.number)
	}
	r.open[id] = true
	defer delete(r.open, id)
	content := string(v.content)
	for _, d := range dependencies(v.content) {
		child := r.registry.findLocked(ref{project: v.project, name: d.name}, d.number, d.label)
		switch {
		case child == nil:
			return nil, "Prompt dependency not found: " + d.String()
		case child.kind != typeText:
			return nil, "Prompt dependency is not a text prompt: " + d.String()
		}
		r.graph.Dependencies[id] = append(r.graph.Dependencies[id], child.node())
		resolved, problem := r.resolve(child, depth+1)
		if problem != "" {
			return nil, problem
		}
		content = child.replaceTags(content, string(resolved[1:len(resolved)-1])) // a JSON string without its quotes
	}
	return json.RawMessage(content), ""
}

// replaceTags puts text in the place of all tags that mean v.
func (v *entry) replaceTags(content, text string) string {
	begin := "@@@langfusePrompt:name=" + v.name + "|"
	content = strings.ReplaceAll(content, begin+"version="+strconv.Itoa(v.number)+"@@@", text)
	for _, label := range v.labels {
		content = strings.ReplaceAll(content, begin+"label="+label+"@@@", text)
	}
	return content
}
