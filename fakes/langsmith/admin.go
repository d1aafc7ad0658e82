package fakelangsmith

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/promptcache/promptcache-go/fakes/internal/fakeserver"
)

func (s *Server) adminRoutes() *http.ServeMux {
	return fakeserver.AdminRoutes(s.Base, map[string]func(*http.Request) (any, error){
		"POST /_fake/prompts/{owner}/{name}/commits":      s.adminPush,
		"PUT /_fake/prompts/{owner}/{name}/tags/{tag}":    s.adminSetTag,
		"DELETE /_fake/prompts/{owner}/{name}/tags/{tag}": s.adminDeleteTag,
		"PUT /_fake/prompts/{owner}/{name}/public":        s.adminSetPublic,
		"DELETE /_fake/prompts/{owner}/{name}":            s.adminDeletePrompt,
	})
}

func adminPrompt(r *http.Request) string { return r.PathValue("owner") + "/" + r.PathValue("name") }

func (s *Server) adminPush(r *http.Request) (any, error) {
	var body struct {
		Template    string          `json:"template"`
		Manifest    json.RawMessage `json:"manifest"`
		Examples    json.RawMessage `json:"examples"`
		Description string          `json:"description"`
		Draft       bool            `json:"draft"`
		Tags        []string        `json:"tags"`
	}
	if err := fakeserver.ReadBody(r, &body); err != nil {
		return nil, err
	}
	if body.Manifest == nil {
		body.Manifest = Text(body.Template)
	}
	hash, err := s.Push(adminPrompt(r), Commit{
		Manifest: body.Manifest, Examples: body.Examples, Description: body.Description, Draft: body.Draft, Tags: body.Tags,
	})
	return map[string]string{"commit_hash": hash}, err
}

func (s *Server) adminSetTag(r *http.Request) (any, error) {
	body := struct {
		Commit string `json:"commit"`
	}{}
	if err := fakeserver.ReadBody(r, &body); err != nil {
		return nil, err
	}
	return fakeserver.Done, s.SetTag(adminPrompt(r), r.PathValue("tag"), body.Commit)
}

func (s *Server) adminDeleteTag(r *http.Request) (any, error) {
	return fakeserver.Done, s.DeleteTag(adminPrompt(r), r.PathValue("tag"))
}

func (s *Server) adminSetPublic(r *http.Request) (any, error) {
	body := struct {
		Public *bool `json:"public"`
	}{}
	if err := fakeserver.ReadBody(r, &body); err != nil {
		return nil, err
	}
	if body.Public == nil {
		return nil, errors.New(`fakelangsmith: "public" must be true or false`)
	}
	return fakeserver.Done, s.SetPublic(adminPrompt(r), *body.Public)
}

func (s *Server) adminDeletePrompt(r *http.Request) (any, error) {
	return fakeserver.Done, s.DeletePrompt(adminPrompt(r))
}
