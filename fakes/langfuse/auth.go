package fakelangfuse

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// caller is who makes a request, as far as its header tells.
type caller struct {
	key     Key    // zero if there is none, or it was not accepted
	public  bool   // only the public key was shown, which opens no prompts
	problem string // why it was not accepted
}

// wrongHost is what the server adds to a problem with a key.
const wrongHost = ". Confirm that you've configured the correct host."

func (s *Server) identify(r *http.Request) caller {
	header := r.Header.Get("Authorization")
	if header == "" {
		return caller{problem: "No authorization header"}
	}
	scheme, value, _ := strings.Cut(header, " ")
	switch scheme {
	case "Basic":
		return s.identifyPair(value)
	case "Bearer":
		if key, known := s.keys[value]; known {
			return caller{key: key, public: true}
		}
		return caller{problem: "Invalid public key" + wrongHost}
	}
	return caller{problem: "Invalid authorization header"}
}

func (s *Server) identifyPair(value string) caller {
	pair, err := base64.StdEncoding.DecodeString(value)
	public, secret, found := strings.Cut(string(pair), ":")
	if err != nil || !found || public == "" || secret == "" {
		return caller{problem: "Invalid authorization header" + wrongHost}
	}
	key, known := s.keys[public]
	switch {
	case !known:
		return caller{problem: "Invalid public key" + wrongHost}
	case key.Secret != secret:
		return caller{problem: "Invalid credentials" + wrongHost}
	}
	return caller{key: key}
}

// project is that of the caller's keys, "" if they opened none.
func (c caller) project() string {
	if c.public {
		return ""
	}
	return c.key.Project
}

// handler answers a request of a project's member.
type handler func(r *http.Request, project string) response

// authenticated lets a request for prompts through to h if its keys open a
// project.
func (s *Server) authenticated(h handler) func(*http.Request, caller) response {
	return func(r *http.Request, c caller) response {
		switch {
		case c.problem != "":
			return refuse(http.StatusUnauthorized, c.problem)
		case c.project() == "":
			return refuse(http.StatusForbidden, "Access denied - need to use basic auth with secret key to "+r.Method+" prompts")
		}
		return h(r, c.project())
	}
}

// authenticatedRoute is authenticated in the words of the newer endpoints.
func (s *Server) authenticatedRoute(h handler) func(*http.Request, caller) response {
	return func(r *http.Request, c caller) response {
		switch {
		case c.problem != "":
			return message(http.StatusUnauthorized, c.problem)
		case c.project() == "":
			return message(http.StatusForbidden, "Access denied - insufficient permissions for this endpoint")
		}
		return h(r, c.project())
	}
}
