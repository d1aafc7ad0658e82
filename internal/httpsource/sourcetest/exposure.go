package sourcetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// NoCredential requires that none of credentials shows in v, however it is
// printed, logged or marshalled, nor in any of the errors that it wraps. Letters
// of the other case do not hide one.
func NoCredential(t *testing.T, v any, credentials ...string) {
	t.Helper()
	require.NotEmpty(t, credentials)
	for how, text := range exposures(v) {
		lower := strings.ToLower(text)
		for _, credential := range credentials {
			require.NotContains(t, lower, strings.ToLower(credential), "of %T, %s", v, how)
		}
	}
}

// exposures returns what a program can show of v without meaning to.
func exposures(v any) map[string]string {
	out := make(map[string]string)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		out[verb] = fmt.Sprintf(verb, v)
	}
	if data, err := json.Marshal(v); err == nil {
		out["as JSON"] = string(data)
	}
	var text, document bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", v)
	slog.New(slog.NewJSONHandler(&document, nil)).Info("m", "v", v)
	out["in a text log"], out["in a JSON log"] = text.String(), document.String()
	if err, ok := v.(error); ok {
		for i, wrapped := range chain(err) {
			out[fmt.Sprintf("wrapped error %d, %T", i, wrapped)] = wrapped.Error()
			out[fmt.Sprintf("wrapped error %d, %T, in full", i, wrapped)] = fmt.Sprintf("%+v %#v", wrapped, wrapped)
		}
	}
	return out
}

// chain returns err and all that it wraps, as a reporter of errors walks it.
func chain(err error) []error {
	if err == nil {
		return nil
	}
	out := []error{err}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			out = append(out, chain(e)...)
		}
		return out
	}
	return append(out, chain(errors.Unwrap(err))...)
}
