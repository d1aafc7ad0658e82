package prompt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A value given for a variable is reduced to nil, bool, string, number, []any or
// map[string]any of these before a template sees it. So a template can reach no
// method, no field that JSON would not show, and nothing that can change.

const (
	maxValueDepth = 64
	maxWork       = 1 << 20 // parts of values and templates that one Compile may look at
)

// number is a number with its text, exact for integers of any size.
type number struct {
	text  string
	float float64
}

func integer[T int64 | uint64](n T, text string) number { return number{text, float64(n)} }

func floating(f float64) number { return number{formatFloat(f), f} }

// reducer reduces values while it has work left.
type reducer struct{ work int }

func (r *reducer) reduce(v any, depth int) (any, error) {
	r.work--
	if r.work < 0 {
		return nil, fmt.Errorf("%w: the values have more than %d parts", ErrTooLarge, maxWork)
	}
	if depth > maxValueDepth {
		return nil, fmt.Errorf("%w: it is nested more than %d deep", ErrTooLarge, maxValueDepth)
	}
	switch v := v.(type) {
	case nil, string, bool, number:
		return v, nil
	case int:
		return integer(int64(v), strconv.Itoa(v)), nil
	case int64:
		return integer(v, strconv.FormatInt(v, 10)), nil
	case uint64:
		return integer(v, strconv.FormatUint(v, 10)), nil
	case float64:
		return floating(v), nil
	case json.Number:
		return fromLiteral(v)
	case []byte:
		return string(v), nil
	case []string:
		out := make([]any, len(v))
		r.work -= len(v)
		for i, s := range v {
			out[i] = s
		}
		return out, nil
	case []any:
		return r.list(v, depth)
	case map[string]any:
		return r.object(v, depth)
	}
	return r.throughJSON(v, depth)
}

func (r *reducer) list(v []any, depth int) (any, error) {
	if v == nil {
		return nil, nil //nolint:nilnil // nil is a value here, JSON's null
	}
	out := make([]any, len(v))
	for i, element := range v {
		var err error
		if out[i], err = r.reduce(element, depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *reducer) object(v map[string]any, depth int) (any, error) {
	if v == nil {
		return nil, nil //nolint:nilnil // nil is a value here, JSON's null
	}
	out := make(map[string]any, len(v))
	for name, element := range v {
		var err error
		if out[name], err = r.reduce(element, depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// throughJSON reduces any other value to what its JSON says.
func (r *reducer) throughJSON(v any, depth int) (any, error) {
	if err, ok := v.(error); ok {
		if _, own := v.(json.Marshaler); !own {
			return nil, fmt.Errorf("%w: a %T has no JSON; give its text, such as Error()", ErrVariable, err)
		}
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%w: a %T cannot be written as JSON: %w", ErrVariable, v, err)
	}
	var decoded any
	if err := decodeJSON(text, &decoded); err != nil {
		return nil, fmt.Errorf("%w: the JSON of a %T cannot be read back: %w", ErrVariable, v, err)
	}
	return r.reduce(decoded, depth)
}

// decodeJSON is json.Unmarshal that keeps the digits of numbers.
func decodeJSON(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(v)
}

func fromLiteral(n json.Number) (any, error) {
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil && !math.IsInf(f, 0) || !json.Valid([]byte(n)) {
		return nil, fmt.Errorf("%w: %s is not a number", ErrVariable, excerpt(string(n)))
	}
	return number{string(n), f}, nil
}

// truthy is JavaScript's idea of it, but for an empty list, which mustache takes
// for false.
func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case number:
		return v.float != 0 && !math.IsNaN(v.float)
	case []any:
		return len(v) > 0
	}
	return true
}

// javaScript returns n as JavaScript writes it. Integers that JavaScript would
// round keep their digits.
func (n number) javaScript() string {
	if n.float == 0 {
		return "0"
	}
	if strings.ContainsAny(n.text, ".eE") {
		return formatFloat(n.float)
	}
	return n.text
}

// formatFloat writes f as JavaScript and JSON do: shortest, with an exponent
// only for the very large and small.
func formatFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 0):
		return map[bool]string{true: "Infinity", false: "-Infinity"}[f > 0]
	case f == 0:
		return "0"
	}
	if abs := math.Abs(f); abs >= 1e-6 && abs < 1e21 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	return mantissa + "e" + exponent[:1] + strings.TrimLeft(exponent[1:], "0")
}

// sortedNames returns the names of an object in order.
func sortedNames[V any](object map[string]V) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
