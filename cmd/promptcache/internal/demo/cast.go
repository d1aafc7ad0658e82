package demo

import (
	"fmt"
	"net/url"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// The fakes' prompts, and the variable that they use. The greeting is edited
// under its tag or label.
const (
	greetingName = "greeting"
	greetingTag  = "production"
	farewellName = "farewell"
	nameVariable = "name"
)

// defaultRegistry is the one that the story is told with if nobody says.
const defaultRegistry = "langsmith"

// fake is a registry in this process, which can be told what to do.
type fake interface {
	URL() string
	Down()
	Up() error
	Close()

	// slow makes every answer take so much longer.
	slow(by time.Duration) error
	// push adds a text prompt.
	push(name, text string) error
	// edit adds a version of the greeting, which its tag or label then means, and
	// returns at least the beginning of its revision.
	edit(text string) (revision string, err error)
}

// cast is what is different in the story from registry to registry.
type cast struct {
	registry    string            // its name
	greeting    string            // canonical key of the prompt that is edited
	variable    string            // nameVariable as a template has it
	environment map[string]string // the fake's credentials, as the source reads them
	start       func() (fake, error)
	codec       promptcache.Codec // of its snapshots
	canonical   func(key string) (string, error)
	keyOf       func(*url.URL) string // canonical key of what a request is for
}

// castOf returns the cast of the registry of that name.
func castOf(name string) (cast, error) {
	for _, c := range []cast{langSmithCast(), langfuseCast()} {
		if c.registry == name {
			return c, nil
		}
	}
	return cast{}, fmt.Errorf("there is no demo with the registry %.40q; want langsmith or langfuse", name)
}
