package soak

import (
	"encoding/base64"
	"fmt"
	"strings"
	"sync/atomic"
)

// The credentials of the run. They are words that nothing else contains.
const (
	langsmithKey    = "lsv2_soak_7d1f0a52c9e84b36_credential"
	langfusePublic  = "pk-lf-soak-public"
	langfuseSecret  = "sk-lf-soak-51b8e07d4a9c4f2e_credential" //nolint:gosec // opens nothing
	workspace       = "soak"
	langfuseProject = "soak"
)

// basicAuth is how Langfuse's credentials travel.
var basicAuth = base64.StdEncoding.EncodeToString([]byte(langfusePublic + ":" + langfuseSecret))

// customs looks for credentials in what leaves the library.
type customs struct {
	court   *court
	secrets []string
	checked atomic.Int64 // bytes
}

func newCustoms(c *court) *customs {
	return &customs{court: c, secrets: []string{langsmithKey, langfuseSecret, basicAuth}}
}

// check looks into text, which came from there.
func (c *customs) check(where, text string) {
	c.checked.Add(int64(len(text)))
	for _, secret := range c.secrets {
		if at := strings.Index(text, secret); at >= 0 {
			c.court.accuse(Secret, "%s has a credential: …%s…", where, strings.ReplaceAll(text[max(0, at-80):at], secret, "[it]"))
		}
	}
}

func (c *customs) checkError(where string, err error) {
	if err != nil {
		c.check(where, err.Error())
		c.check(where, fmt.Sprintf("%+v %#v", err, err))
	}
}

// Write lets the customs be where a logger writes.
func (c *customs) Write(p []byte) (int, error) {
	c.check("a log line", string(p))
	return len(p), nil
}
