package fakelangsmith

import (
	"net/http"
	"strings"

	"github.com/promptcache/promptcache-go/fakes/internal/fakeserver"
)

// caller is who makes a request, as far as its headers tell.
type caller struct {
	secret    string // "" if none was sent
	key       Key    // zero if secret is none of the server's
	tenant    string // X-Tenant-Id
	workspace string // whose "-" is: the tenant's, or else the key's; "" if neither says
}

func (s *Server) identify(r *http.Request) caller {
	secret := r.Header.Get("X-Api-Key")
	if secret == "" {
		if scheme, token, found := strings.Cut(r.Header.Get("Authorization"), " "); found && strings.EqualFold(scheme, "Bearer") {
			secret = strings.TrimSpace(token)
		}
	}
	c := caller{secret: secret, key: s.keys[secret], tenant: r.Header.Get("X-Tenant-Id")}
	c.workspace = c.key.Workspace
	if c.tenant != "" {
		c.workspace = s.registry.workspace(c.tenant)
	}
	return c
}

// authenticated lets a request through to h if its key opens the workspace that
// it is for.
func (s *Server) authenticated(h handler) func(*http.Request, caller) response {
	return func(r *http.Request, c caller) response {
		switch {
		case c.secret == "":
			return detail(http.StatusUnauthorized, "Missing authentication: send x-api-key or Authorization: Bearer")
		case c.key.Secret == "":
			return detail(http.StatusUnauthorized, "Invalid API key")
		case c.tenant == "" && c.workspace == "":
			return fakeserver.JSON(http.StatusForbidden, map[string]string{"error": "org_scoped_key_requires_workspace"})
		case c.workspace == "", c.key.Workspace != "" && c.key.Workspace != c.workspace:
			return detail(http.StatusForbidden, "The API key does not open workspace "+c.tenant)
		}
		return h(r, c.workspace)
	}
}
