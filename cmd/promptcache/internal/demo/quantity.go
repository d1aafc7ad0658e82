package demo

import (
	"fmt"
	"strconv"
	"time"
)

// quantity is a number that was measured.
type quantity struct {
	value float64
	unit  string
}

// The units of quantities, as JSON has them.
const (
	milliseconds = "ms"
	nanoseconds  = "ns"
)

func ms(d time.Duration) quantity {
	return quantity{float64(d) / float64(time.Millisecond), milliseconds}
}

func ns(d float64) quantity { return quantity{d, nanoseconds} }

// count is n of what unit names in the plural: "requests".
func count(n int, unit string) quantity { return quantity{float64(n), unit} }

// String returns the quantity for people: three digits or so of a time, and of
// a count the number alone, for its label says of what.
func (q quantity) String() string {
	switch {
	case q.unit == nanoseconds && q.value < 1000:
		return fmt.Sprintf("%.0f ns", q.value)
	case q.unit == nanoseconds:
		return ms(time.Duration(q.value)).String()
	case q.unit != milliseconds:
		return strconv.FormatFloat(q.value, 'f', -1, 64)
	case q.value >= 1000:
		return fmt.Sprintf("%.2f s", q.value/1000)
	case q.value >= 100:
		return fmt.Sprintf("%.0f ms", q.value)
	case q.value >= 10:
		return fmt.Sprintf("%.1f ms", q.value)
	case q.value >= 0.1:
		return fmt.Sprintf("%.2f ms", q.value)
	default:
		return fmt.Sprintf("%.3f ms", q.value)
	}
}

// limit is what a quantity has to be.
type limit struct {
	words string // "at most", "" for exactly
	than  quantity
	holds func(value, than float64) bool
}

// exactly holds for n.
func exactly(n int, unit string) limit {
	return limit{"", count(n, unit), func(value, than float64) bool { return value == than }}
}

// atMost holds for n and less.
func atMost(n int, unit string) limit {
	return limit{"at most", count(n, unit), func(value, than float64) bool { return value <= than }}
}

// below holds for less than q.
func below(q quantity) limit {
	return limit{"less than", q, func(value, than float64) bool { return value < than }}
}

// String returns the limit in words: "at most 7", "1".
func (l limit) String() string {
	if l.words == "" {
		return l.than.String()
	}
	return l.words + " " + l.than.String()
}
