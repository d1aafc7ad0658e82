package fakelangfuse

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxCommitMessage is how long a commit message may be, in characters.
const maxCommitMessage = 500

// createJSON is the body of POST /api/public/v2/prompts, each member as it came.
type createJSON struct {
	Name, Type, Prompt, Config, Labels, Tags, CommitMessage json.RawMessage
}

// readJSON reads a request's body into v, or returns what to answer instead.
func readJSON(r *http.Request, v any) *response {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err == nil && !json.Valid(body) {
		return &response{Status: http.StatusBadRequest, ContentType: "text/plain; charset=utf-8", Body: []byte("Invalid JSON")}
	}
	if err != nil || json.Unmarshal(body, v) != nil {
		resp := invalid(issue{Code: "invalid_type", Path: []any{}, Message: "Invalid input: expected object"})
		return &resp
	}
	return nil
}

// create adds a version to a prompt.
func (s *Server) create(r *http.Request, project string) response {
	var body createJSON
	if problem := readJSON(r, &body); problem != nil {
		return *problem
	}
	text, chat := body.issues(typeText), body.issues(typeChat)
	if len(text) > 0 && len(chat) > 0 {
		return invalid(issue{Code: "invalid_union", Path: []any{}, Message: "Invalid input", Errors: [][]issue{text, chat}})
	}
	pushed, asked := body.version(project)
	made, err := pushed.make(asked)
	if err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	made.createdBy = "API"
	g := s.registry
	g.mu.Lock()
	defer g.mu.Unlock()
	if problem := g.problemLocked(made); problem != "" {
		return refuse(http.StatusBadRequest, problem)
	}
	if p := g.prompts[asked]; p != nil {
		made.number = p.newest().number // not its own: there is none of its id yet
	}
	made.number++
	if _, _, problem := g.resolveLocked(made); problem != "" {
		return refuse(http.StatusBadRequest, problem)
	}
	s.addLocked(made, pushed.Tags)
	return jsonResponse(http.StatusCreated, g.describeLocked(made))
}

// isNull reports whether a member is absent or null.
func isNull(raw json.RawMessage) bool { return raw == nil || string(raw) == "null" }

// issues is what is wrong with the body of a prompt of that type.
func (b createJSON) issues(kind string) []issue {
	var found []issue
	problem := func(text string, path ...any) {
		if text != "" {
			found = append(found, issue{Code: "custom", Path: path, Message: text})
		}
	}
	texts := func(raw json.RawMessage, name string) (list []string) {
		if !isNull(raw) && json.Unmarshal(raw, &list) != nil {
			problem("Invalid input: expected array of strings", name)
		}
		return list
	}
	var name string
	if isNull(b.Name) || json.Unmarshal(b.Name, &name) != nil {
		problem("Invalid input: expected string", "name")
	} else {
		for _, text := range nameProblems(name) {
			problem(text, "name")
		}
	}
	for i, label := range texts(b.Labels, "labels") {
		problem(labelProblem(label), "labels", i)
	}
	texts(b.Tags, "tags")
	var commit string
	if !isNull(b.CommitMessage) && json.Unmarshal(b.CommitMessage, &commit) != nil {
		problem("Invalid input: expected string", "commitMessage")
	}
	if utf8.RuneCountInString(commit) > maxCommitMessage {
		problem("Too big: expected string to have <=500 characters", "commitMessage")
	}
	said := `"` + kind + `"`
	if string(b.Type) != said && (b.Type != nil || kind == typeChat) {
		problem("Invalid input: expected "+said, "type")
	}
	if _, is, err := readPrompt(b.Prompt); err != nil || is != kind {
		problem("Invalid input", "prompt")
	}
	return found
}

// version is what a body without issues says, and of which prompt.
func (b createJSON) version(project string) (Version, ref) {
	var name string
	v := Version{Prompt: b.Prompt, Config: b.Config}
	if isNull(b.Config) {
		v.Config = nil
	}
	for _, member := range []struct {
		raw  json.RawMessage
		into any
	}{{b.Name, &name}, {b.Labels, &v.Labels}, {b.Tags, &v.Tags}, {b.CommitMessage, &v.CommitMessage}} {
		if !isNull(member.raw) {
			_ = json.Unmarshal(member.raw, member.into) // issues has done it before
		}
	}
	return v, ref{project: project, name: strings.TrimSpace(name)}
}

// patch adds labels to a version.
func (s *Server) patch(r *http.Request, asked ref, number string) response {
	var body struct {
		NewLabels []string `json:"newLabels"`
	}
	if problem := readJSON(r, &body); problem != nil {
		return *problem
	}
	if body.NewLabels == nil {
		return invalid(issue{Code: "invalid_type", Path: []any{"newLabels"}, Message: "Invalid input: expected array, received undefined"})
	}
	if slices.Contains(body.NewLabels, latest) {
		return invalid(issue{Code: "custom", Path: []any{"newLabels"}, Message: "Label 'latest' is always assigned to the latest prompt version"})
	}
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	v := s.registry.byTextLocked(asked, number)
	if v == nil {
		return refuse(http.StatusNotFound, "Prompt '"+asked.name+"' version "+number+" not found in project")
	}
	s.notifyLocked("updated", s.registry.relabelLocked(v, unique(append(body.NewLabels, v.labels...)...))...)
	return jsonResponse(http.StatusOK, s.registry.describeLocked(v))
}
