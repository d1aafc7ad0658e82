package langsmith

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// endpoint is the registry's address without the API's own path: requests go
// below it and nowhere else.
type endpoint struct {
	root *url.URL // no user, query, fragment or trailing slash
}

// parseEndpoint reads Config.Endpoint. Its errors do not show user information.
func parseEndpoint(raw string, allowInsecure bool) (endpoint, error) {
	bad := func(format string, args ...any) (endpoint, error) {
		return endpoint{}, fmt.Errorf("langsmith: config: Endpoint "+format+"; want https://HOST[:PORT][/PATH]", args...)
	}
	u, err := url.Parse(raw)
	switch {
	case strings.Contains(raw, "@"):
		return bad("has user information (it is not shown here): credentials belong in APIKey or BearerToken")
	case err != nil:
		return bad("%q is not a URL", raw)
	case u.Scheme != "https" && u.Scheme != "http":
		return bad("%q does not begin with https://", raw)
	case u.Hostname() == "":
		return bad("%q has no host", raw)
	case unsendable(u.Host, false) >= 0:
		return bad("%q has a host that is not ASCII: write it as xn--…", raw)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(raw, "#"):
		return bad("%q has a query or a fragment", raw)
	case hasDots(u.Path):
		return bad("%q has . or .. in its path", raw)
	case u.Scheme == "http" && !allowInsecure && !isLoopback(u.Hostname()):
		return bad("%q is not encrypted, and not on this machine: credentials would be readable on the way (AllowInsecure permits it)", raw)
	}
	return endpoint{root: &url.URL{
		Scheme:  u.Scheme,
		Host:    strings.ToLower(u.Host),
		Path:    withoutAPI(u.Path),
		RawPath: withoutAPI(u.RawPath),
	}}, nil
}

// withoutAPI cuts the API's own path off: SDKs disagree on whether it belongs
// to the address.
func withoutAPI(path string) string {
	path = strings.TrimRight(path, "/")
	for _, suffix := range []string{"/api/v1", "/api"} {
		if cut, ok := strings.CutSuffix(path, suffix); ok {
			return strings.TrimRight(cut, "/")
		}
	}
	return path
}

// commitURL returns the address of the commit that ref, which is normal and
// valid, names. Every part of ref stays one segment of the path.
func (e endpoint) commitURL(ref Ref) *url.URL {
	const commits = "/api/v1/commits"
	u := *e.root
	u.Path += commits + "/" + ref.Owner + "/" + ref.Name + "/" + ref.Version
	u.RawPath = e.root.EscapedPath() + commits + "/" +
		url.PathEscape(ref.Owner) + "/" + url.PathEscape(ref.Name) + "/" + url.PathEscape(ref.Version)
	if ref.Model {
		u.RawQuery = "include_model=true" // old self-hosted servers do not know include=model
	}
	return &u
}

// contains reports why a request to u would leave the endpoint, or nil.
func (e endpoint) contains(u *url.URL) error {
	switch {
	case origin(u) != origin(e.root):
		return fmt.Errorf("to another host or scheme, %s", origin(u))
	case u.User != nil:
		return errors.New("to an address with user information")
	case !strings.HasPrefix(u.EscapedPath(), e.root.EscapedPath()+"/") || hasDots(u.Path):
		return errors.New("to a path outside the endpoint's")
	}
	return nil
}

// String returns the address, without a trailing slash.
func (e endpoint) String() string { return e.root.String() }

// origin returns scheme://host:port of u, in one spelling.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// hasDots reports whether a decoded path has a segment that a server or a proxy
// would resolve.
func hasDots(path string) bool {
	return slices.ContainsFunc(strings.Split(path, "/"), isDots)
}

func isDots(segment string) bool { return segment == "." || segment == ".." }

// isLoopback reports whether host is this machine by its name alone.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
