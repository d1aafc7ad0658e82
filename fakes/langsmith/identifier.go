package fakelangsmith

import (
	"errors"
	"fmt"
	"strings"

	"github.com/promptcache/promptcache-go/fakes/internal/fakeserver"
)

// ErrNotFound is wrapped by the errors of methods that were given a prompt, a
// commit or a tag that does not exist.
var ErrNotFound = fmt.Errorf("fakelangsmith: %w", fakeserver.ErrNotFound)

// ref names a prompt: its workspace's handle and its name.
type ref struct {
	owner, name string
}

func (r ref) String() string { return r.owner + "/" + r.name }

// ref reads "name" or "owner/name"; no owner and the owner "-" mean the
// server's first workspace.
func (s *Server) ref(prompt string) (ref, error) {
	owner, name, found := strings.Cut(prompt, "/")
	if !found {
		owner, name = s.workspace, prompt
	}
	if owner == "-" {
		owner = s.workspace
	}
	if err := errors.Join(checkSegment("owner", owner), checkSegment("name", name)); err != nil {
		return ref{}, fmt.Errorf("fakelangsmith: prompt %q: %w", prompt, err)
	}
	return ref{owner: owner, name: name}, nil
}

// fullName is the text of the ref that prompt is.
func (s *Server) fullName(prompt string) (string, error) {
	r, err := s.ref(prompt)
	if err != nil {
		return "", err
	}
	return r.String(), nil
}

// checkSegment refuses what cannot be a segment of an identifier
// "owner/name:tag".
func checkSegment(what, text string) error {
	switch {
	case text == "", text == ".", text == "..":
		return fmt.Errorf("%s %q cannot be in an identifier", what, text)
	case strings.ContainsAny(text, "/:"):
		return fmt.Errorf("%s %q contains '/' or ':'", what, text)
	}
	return nil
}

// TenantID is the id of a workspace, as X-Tenant-Id and the prompts' tenant_id
// carry it. It depends on the handle alone. X-Tenant-Id may also be the handle
// itself.
func TenantID(workspace string) string { return fakeserver.StableID("workspace", workspace) }
