package fakeserver

import (
	"maps"
	"net/http"
	"slices"
)

// spoil is what the fault's kind makes of the true answer, for the kinds that
// send a whole answer.
func (b *Base) spoil(f *activeFault, truth func() Response) Response {
	var resp Response
	switch f.Kind {
	case Status:
		resp = b.cfg.Failure(f.Fault)
	case Garbage:
		resp = Response{Status: http.StatusOK, ContentType: "application/json", Body: []byte("\x00\xff{]not json\xfe")}
	case HTML:
		resp = Response{Status: http.StatusOK, ContentType: "text/html; charset=utf-8", Body: []byte("<!DOCTYPE html><html><body><h1>Gateway</h1></body></html>\n")}
		if f.Status != 0 {
			resp.Status = f.Status
		}
	case Truncated:
		resp = truth()
		resp.Body = resp.Body[:len(resp.Body)/2]
	case WrongType:
		resp = truth()
		resp.ContentType = "text/plain; charset=utf-8"
	default:
		resp = truth()
	}
	if f.Body != "" && slices.Contains([]Kind{Status, Garbage, HTML}, f.Kind) {
		resp.Body = []byte(f.Body)
	}
	if f.ContentType != "" {
		resp.ContentType = f.ContentType
	}
	header := maps.Clone(f.Header)
	if header == nil {
		header = map[string]string{}
	}
	if f.RetryAfter != "" {
		header["Retry-After"] = f.RetryAfter
	}
	for name, value := range resp.Header {
		if _, replaced := header[name]; !replaced {
			header[name] = value
		}
	}
	resp.Header = header
	return resp
}
