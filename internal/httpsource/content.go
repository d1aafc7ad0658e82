package httpsource

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

// isJSON reports whether an answer says that it is JSON, and whether it may be:
// no type and text/plain are what servers send that were not told the type.
func isJSON(h http.Header) (declared, possible bool) {
	value := h.Get("Content-Type")
	t, _, _ := mime.ParseMediaType(value) // what cannot be parsed is not JSON
	declared = t == "application/json" || strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+json")
	return declared, declared || t == "text/plain" || value == ""
}

// mediaType returns the Content-Type without its parameters, in words.
func (c *Client) mediaType(h http.Header) string {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return "of no known type"
	}
	return fmt.Sprintf("of type %.80q", c.quotable(t))
}

// maxETag is far more than servers make them; longer ones are not remembered.
const maxETag = 256

// etag returns the answer's entity tag, weak or strong, or "" if it is none, or
// one that shows a credential: it ends up in snapshots.
func (c *Client) etag(h http.Header) string {
	tag := h.Get("ETag")
	if !IsETag(tag) || c.masked(tag) != tag {
		return ""
	}
	return tag
}

// IsETag reports whether tag is one entity tag, weak or strong, that can be sent
// back to a server.
func IsETag(tag string) bool {
	quoted := strings.TrimPrefix(tag, "W/")
	return len(tag) <= maxETag && unsendable(tag, true) < 0 &&
		len(quoted) >= 2 && strings.HasPrefix(quoted, `"`) && strings.Index(quoted[1:], `"`) == len(quoted)-2
}

// Unmarshal is json.Unmarshal for data whose raw parts are kept: those are not
// checked to be UTF-8 by it.
func Unmarshal(data []byte, v any) error {
	if !utf8.Valid(data) {
		return errors.New("it is not UTF-8")
	}
	return json.Unmarshal(data, v)
}

// Compact returns raw without insignificant space, in memory of its own. raw is
// empty or valid JSON.
func Compact(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return nil
	}
	return bytes.Clone(b.Bytes())
}
