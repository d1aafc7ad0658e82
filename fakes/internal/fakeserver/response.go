package fakeserver

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// Response is an answer before it is sent, so that a fault can spoil it on the
// way.
type Response struct {
	Status      int
	ContentType string // "" for an answer without a body
	Header      map[string]string
	Body        []byte
}

// JSON is an answer whose body is v, which must be such that it can be JSON.
func JSON(status int, v any) Response {
	return Response{Status: status, ContentType: "application/json", Body: Encode(v)}
}

// head writes everything before the body; a negative length leaves it unsaid.
func (resp Response) head(w http.ResponseWriter, length int) {
	header := w.Header()
	for name, value := range resp.Header {
		header.Set(name, value)
	}
	if resp.ContentType != "" {
		header.Set("Content-Type", resp.ContentType)
		if length >= 0 {
			header.Set("Content-Length", strconv.Itoa(length))
		}
	}
	w.WriteHeader(resp.Status)
}

// Send writes the answer.
func (resp Response) Send(w http.ResponseWriter) {
	resp.head(w, len(resp.Body))
	if len(resp.Body) > 0 {
		_, _ = w.Write(resp.Body) // fails only when the client has gone, who needs no answer
	}
}

// Encode is json.Marshal for what cannot fail: strings, and maps and slices of
// them. It escapes nothing for HTML's sake.
func Encode(v any) json.RawMessage {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("fakeserver: encode: " + err.Error())
	}
	return bytes.TrimSpace(buf.Bytes())
}

// Nullable is null in JSON for the empty text.
func Nullable(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// StableID is a UUID-shaped id that depends on its arguments only.
func StableID(kind, name string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + name))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
