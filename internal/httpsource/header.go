package httpsource

import "fmt"

// Sendable reports what keeps value from being sent in a header, as a problem
// of the Config's field of that name, or nil. It does not quote the value. A
// blank is permitted if blanks is true.
func Sendable(field, value string, blanks bool) error {
	i := unsendable(value, blanks)
	if i < 0 {
		return nil
	}
	allowed := "printable ASCII"
	if !blanks {
		allowed += " without blanks"
	}
	return fmt.Errorf("%s has a character that cannot be sent in a header, at byte %d; want %s", field, i, allowed)
}

// unsendable returns the index of the first byte of v that may not be in a
// header, or -1.
func unsendable(v string, blanks bool) int {
	for i := range len(v) {
		if c := v[i]; c < ' ' || c > '~' || c == ' ' && !blanks {
			return i
		}
	}
	return -1
}
