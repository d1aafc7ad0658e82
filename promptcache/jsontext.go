package promptcache

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// text walks through a string, whose quote is next, and returns what it says,
// if that is wanted.
func (s *jsonScanner) text(wanted bool) (string, error) {
	began, run := s.pos, s.pos+1
	var decoded []byte
	s.sum.text(`"`)
	for s.pos = run; s.pos < len(s.data); s.pos++ {
		c := s.data[s.pos]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		s.sum.write(s.data[run:s.pos])
		if wanted {
			decoded = append(decoded, s.data[run:s.pos]...)
		}
		switch c {
		case '"':
			s.pos++
			s.sum.text(`"`)
			if s.out != nil {
				s.out.Write(s.data[began:s.pos])
			}
			return string(decoded), nil
		case '\\':
			r, n := unescape(s.data[s.pos:])
			if n == 0 {
				return "", fmt.Errorf("byte %d: a string with an escape that JSON does not know", s.pos)
			}
			s.sum.char(r)
			decoded = utf8.AppendRune(decoded, r)
			s.pos += n - 1
			run = s.pos + 1
		default:
			return "", s.unexpected("the rest of a string, its control characters escaped,")
		}
	}
	return "", s.unexpected("the end of a string")
}

// unescape returns the character that the escape sequence at the beginning of b
// stands for, and its length; 0 if it is none. Half of a surrogate pair stands
// for U+FFFD, as for encoding/json.
func unescape(b []byte) (r rune, length int) {
	if len(b) < 2 {
		return 0, 0
	}
	if i := strings.IndexByte(`"\/bfnrt`, b[1]); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), 2
	}
	r, ok := unit(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if low, ok := unit(b[6:]); ok {
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

// unit reads \uXXXX at the beginning of b.
func unit(b []byte) (r rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}

// number walks through a number.
func (s *jsonScanner) number() error {
	began := s.pos
	if s.at("-") {
		s.pos++
	}
	whole := s.digits()
	if len(whole) == 0 || len(whole) > 1 && whole[0] == '0' {
		s.pos = began
		return s.unexpected("a value")
	}
	var fraction, exponent []byte
	if s.at(".") {
		s.pos++
		if fraction = s.digits(); len(fraction) == 0 {
			return s.unexpected("a digit")
		}
	}
	if s.at("eE") {
		s.pos++
		sign := s.pos
		if s.at("+-") {
			s.pos++
		}
		if len(s.digits()) == 0 {
			return s.unexpected("a digit")
		}
		exponent = s.data[sign:s.pos]
	}
	literal := s.data[began:s.pos]
	if s.out != nil {
		s.out.Write(literal)
	}
	if fraction == nil && exponent == nil && len(whole) <= maxPlainDigits {
		s.sum.write(literal)
	} else if s.sum != nil {
		s.sum.text(canonicalNumber(literal[0] == '-', string(whole), string(fraction), string(exponent)))
	}
	return nil
}

// at reports whether the next byte is one of chars.
func (s *jsonScanner) at(chars string) bool {
	return s.pos < len(s.data) && strings.IndexByte(chars, s.data[s.pos]) >= 0
}

func (s *jsonScanner) digits() []byte {
	began := s.pos
	for s.pos < len(s.data) && '0' <= s.data[s.pos] && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.data[began:s.pos]
}

// maxPlainDigits is how many digits a canonical number has before it is written
// with an exponent: JavaScript's limit.
const maxPlainDigits = 21

// canonicalNumber returns the one way to write a number, the way of JavaScript
// but without rounding.
func canonicalNumber(negative bool, whole, fraction, exponent string) string {
	sign := ""
	if negative {
		sign = "-"
	}
	e := 0
	if exponent != "" {
		var err error
		if e, err = strconv.Atoi(exponent); err != nil || e > 1<<30 || e < -1<<30 {
			return sign + whole + "." + fraction + "e" + exponent // no sane number; only itself
		}
	}
	point := len(whole) + e // where the decimal point is in digits
	digits := strings.TrimLeft(whole+fraction, "0")
	point -= len(whole) + len(fraction) - len(digits)
	digits = strings.TrimRight(digits, "0")
	n := len(digits)
	switch {
	case n == 0:
		return sign + "0"
	case n <= point && point <= maxPlainDigits:
		return sign + digits + strings.Repeat("0", point-n)
	case 0 < point && point <= maxPlainDigits:
		return sign + digits[:point] + "." + digits[point:]
	case -6 < point && point <= 0:
		return sign + "0." + strings.Repeat("0", -point) + digits
	}
	mantissa := digits[:1]
	if n > 1 {
		mantissa += "." + digits[1:]
	}
	return fmt.Sprintf("%s%se%+d", sign, mantissa, point-1)
}
