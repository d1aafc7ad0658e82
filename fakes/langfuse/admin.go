package fakelangfuse

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/promptcache/promptcache-go/fakes/internal/fakeserver"
)

func (s *Server) adminRoutes() *http.ServeMux {
	return fakeserver.AdminRoutes(s.Base, map[string]func(*http.Request) (any, error){
		"POST /_fake/prompts/{project}/{name}/versions":                 s.adminPush,
		"PUT /_fake/prompts/{project}/{name}/labels/{label}":            s.adminMoveLabel,
		"PUT /_fake/prompts/{project}/{name}/versions/{version}/labels": s.adminSetLabels,
		"DELETE /_fake/prompts/{project}/{name}/versions/{version}":     s.adminDeleteVersion,
		"DELETE /_fake/prompts/{project}/{name}":                        s.adminDelete,
		"PUT /_fake/limit":                                              s.adminLimit,
		"PUT /_fake/webhook":                                            s.adminSetWebhook,
		"GET /_fake/webhook":                                            s.adminWebhook,
	})
}

func adminPrompt(r *http.Request) string { return r.PathValue("project") + "|" + r.PathValue("name") }

func (s *Server) adminPush(r *http.Request) (any, error) {
	var body struct {
		Text          *string         `json:"text"`
		Prompt        json.RawMessage `json:"prompt"`
		Config        json.RawMessage `json:"config"`
		Labels        []string        `json:"labels"`
		Tags          []string        `json:"tags"`
		CommitMessage string          `json:"commitMessage"`
	}
	if err := fakeserver.ReadBody(r, &body); err != nil {
		return nil, err
	}
	if body.Text != nil {
		body.Prompt = Text(*body.Text)
	}
	version, err := s.Push(adminPrompt(r), Version{
		Prompt: body.Prompt, Config: body.Config, Labels: body.Labels, Tags: body.Tags, CommitMessage: body.CommitMessage,
	})
	return map[string]int{"version": version}, err
}

func (s *Server) adminMoveLabel(r *http.Request) (any, error) {
	var body struct {
		Version int `json:"version"`
	}
	if err := fakeserver.ReadBody(r, &body); err != nil {
		return nil, err
	}
	return fakeserver.Done, s.MoveLabel(adminPrompt(r), r.PathValue("label"), body.Version)
}

func (s *Server) adminSetLabels(r *http.Request) (any, error) {
	var body struct {
		Labels []string `json:"labels"`
	}
	if err := fakeserver.ReadBody(r, &body); err != nil {
		return nil, err
	}
	version, err := adminVersion(r)
	if err != nil {
		return nil, err
	}
	return fakeserver.Done, s.SetLabels(adminPrompt(r), version, body.Labels...)
}

func adminVersion(r *http.Request) (int, error) {
	version, err := strconv.Atoi(r.PathValue("version"))
	if err != nil {
		return 0, fmt.Errorf("%w: version %q", ErrNotFound, r.PathValue("version"))
	}
	return version, nil
}

func (s *Server) adminDeleteVersion(r *http.Request) (any, error) {
	version, err := adminVersion(r)
	if err != nil {
		return nil, err
	}
	return fakeserver.Done, s.DeleteVersion(adminPrompt(r), version)
}

func (s *Server) adminDelete(r *http.Request) (any, error) {
	return fakeserver.Done, s.Delete(adminPrompt(r))
}

func (s *Server) adminLimit(r *http.Request) (any, error) {
	var body struct {
		Requests int                 `json:"requests"`
		Window   fakeserver.Duration `json:"window"`
	}
	if err := fakeserver.ReadBody(r, &body); err != nil {
		return nil, err
	}
	return fakeserver.Done, s.SetRateLimit(RateLimit{Requests: body.Requests, Window: time.Duration(body.Window)})
}

func (s *Server) adminSetWebhook(r *http.Request) (any, error) {
	var body struct {
		URL    string `json:"url"`
		Secret string `json:"secret"`
	}
	if err := fakeserver.ReadBody(r, &body); err != nil {
		return nil, err
	}
	return fakeserver.Done, s.SetWebhook(body.URL, body.Secret)
}

func (s *Server) adminWebhook(*http.Request) (any, error) {
	return map[string]any{"disabled": s.WebhookDisabled(), "deliveries": s.Deliveries()}, nil
}
