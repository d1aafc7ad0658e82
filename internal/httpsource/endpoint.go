package httpsource

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// Endpoint is a registry's address without the API's own path: requests go
// below it and nowhere else. It never changes. The zero Endpoint is unusable.
type Endpoint struct {
	root *url.URL // no user, query, fragment or trailing slash
}

// parseEndpoint reads a source's Config.Endpoint. apiPaths are what it may end
// with because users copy it from elsewhere, longest first; the first that fits
// is cut off. The errors do not show user information.
func parseEndpoint(raw string, apiPaths []string, allowInsecure bool) (Endpoint, error) {
	bad := func(format string, args ...any) (Endpoint, error) {
		return Endpoint{}, fmt.Errorf("Endpoint "+format+"; want https://HOST[:PORT][/PATH]", args...)
	}
	u, err := url.Parse(raw)
	switch {
	case strings.Contains(raw, "@"):
		return bad("has user information (it is not shown here): credentials belong in fields of their own")
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
	return Endpoint{root: &url.URL{
		Scheme:  u.Scheme,
		Host:    strings.ToLower(u.Host),
		Path:    withoutAPI(u.Path, apiPaths),
		RawPath: withoutAPI(u.RawPath, apiPaths),
	}}, nil
}

// withoutAPI cuts the API's own path off: SDKs and users disagree on whether it
// belongs to the address.
func withoutAPI(path string, apiPaths []string) string {
	path = strings.TrimRight(path, "/")
	for _, suffix := range apiPaths {
		if cut, ok := strings.CutSuffix(path, suffix); ok {
			return strings.TrimRight(cut, "/")
		}
	}
	return path
}

// URL returns the address of what is at api, a path that needs no escaping and
// begins with a slash, and below that at names. Every name stays one segment of
// the path, whatever is in it; "." and ".." are the caller's to refuse.
func (e Endpoint) URL(api string, names ...string) *url.URL {
	u := *e.root
	u.RawPath = u.EscapedPath() + api
	u.Path += api
	for _, name := range names {
		u.Path += "/" + name
		u.RawPath += "/" + url.PathEscape(name)
	}
	return &u
}

// String returns the address, without a trailing slash.
func (e Endpoint) String() string { return e.root.String() }

// contains reports why a request to u would leave the endpoint, or nil.
func (e Endpoint) contains(u *url.URL) error {
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
	return slices.ContainsFunc(strings.Split(path, "/"), IsDots)
}

// IsDots reports whether a segment of a path is "." or "..", which no escaping
// protects from being resolved.
func IsDots(segment string) bool { return segment == "." || segment == ".." }

// Climbs reports whether name, once a server or a proxy has decoded it, perhaps
// twice, is a path that leads out of where it is: the slashes of a name are
// escaped, but some proxies decode them, and take a backslash for one.
func Climbs(name string) bool {
	if !strings.ContainsAny(name, ".%") { // which most have not, and which it takes
		return false
	}
	return hasDots(decoded.Replace(strings.ToLower(name)))
}

// decoded undoes what hides dots and slashes.
var decoded = strings.NewReplacer("%2e", ".", "%2f", "/", "%5c", "/", `\`, "/")

// isLoopback reports whether host is this machine by its name alone.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
