package demo

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	fakelangfuse "github.com/promptcache/promptcache-go/fakes/langfuse"
	"github.com/promptcache/promptcache-go/langfuse"
)

func langfuseCast() cast {
	return cast{
		registry: "langfuse",
		greeting: langfuse.Ref{Name: greetingName, Label: greetingTag}.String(),
		variable: "{{" + nameVariable + "}}",
		environment: map[string]string{
			"LANGFUSE_PUBLIC_KEY": fakelangfuse.DefaultPublicKey,
			"LANGFUSE_SECRET_KEY": fakelangfuse.DefaultSecretKey,
		},
		start: func() (fake, error) {
			server, err := fakelangfuse.Start(fakelangfuse.Config{})
			return langfuseFake{server}, err
		},
		codec:     langfuse.NewCodec(),
		canonical: langfuse.Canonical,
		keyOf:     langfuseKeyOf,
	}
}

// langfuseFake is a fake Langfuse.
type langfuseFake struct{ *fakelangfuse.Server }

func (f langfuseFake) slow(by time.Duration) error {
	_, err := f.Inject(fakelangfuse.Fault{Kind: fakelangfuse.Slow, Delay: by})
	return err
}

func (f langfuseFake) push(name, text string) error {
	_, err := f.PushText(name, text)
	return err
}

// edit returns the version, with which the revision begins.
func (f langfuseFake) edit(text string) (revision string, err error) {
	version, err := f.Push(greetingName, fakelangfuse.Version{Prompt: fakelangfuse.Text(text), Labels: []string{greetingTag}})
	return strconv.Itoa(version), err
}

// langfuseKeyOf reads the last segment of a request's path, which is the name
// with its slashes escaped, and the query.
func langfuseKeyOf(u *url.URL) string {
	path := u.EscapedPath()
	name, err := url.PathUnescape(path[strings.LastIndex(path, "/")+1:])
	if err != nil || name == "" {
		return ""
	}
	ref := langfuse.Ref{Name: name, Label: u.Query().Get("label")}
	if version, err := strconv.Atoi(u.Query().Get("version")); err == nil {
		ref.Version = version
	}
	return ref.String()
}
