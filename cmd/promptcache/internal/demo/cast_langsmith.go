package demo

import (
	"net/url"
	"strings"
	"time"

	fakelangsmith "github.com/promptcache/promptcache-go/fakes/langsmith"
	"github.com/promptcache/promptcache-go/langsmith"
)

func langSmithCast() cast {
	return cast{
		registry:    "langsmith",
		greeting:    greetingName + ":" + greetingTag,
		variable:    "{" + nameVariable + "}",
		environment: map[string]string{"LANGSMITH_API_KEY": fakelangsmith.DefaultKey},
		start: func() (fake, error) {
			server, err := fakelangsmith.Start(fakelangsmith.Config{})
			return langSmithFake{server}, err
		},
		codec:     langsmith.NewCodec(nil),
		canonical: langsmith.Canonical,
		keyOf:     langSmithKeyOf,
	}
}

// langSmithFake is a fake LangSmith.
type langSmithFake struct{ *fakelangsmith.Server }

func (f langSmithFake) slow(by time.Duration) error {
	_, err := f.Inject(fakelangsmith.Fault{Kind: fakelangsmith.Slow, Delay: by})
	return err
}

func (f langSmithFake) push(name, text string) error {
	_, err := f.PushText(name, text)
	return err
}

func (f langSmithFake) edit(text string) (revision string, err error) {
	return f.Push(greetingName, fakelangsmith.Commit{Manifest: fakelangsmith.Text(text), Tags: []string{greetingTag}})
}

// langSmithKeyOf reads the last three segments of a request's path: owner, name
// and version.
func langSmithKeyOf(u *url.URL) string {
	segments := strings.Split(u.Path, "/")
	if len(segments) < 3 {
		return ""
	}
	named := segments[len(segments)-3:]
	return langsmith.Ref{
		Owner: named[0], Name: named[1], Version: named[2],
		Model: u.Query().Has("include_model"),
	}.String()
}
