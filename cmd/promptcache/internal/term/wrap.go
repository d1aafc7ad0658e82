package term

import (
	"strings"
	"unicode/utf8"
)

// Wrap breaks text at blanks so that no line is wider than width, but for words
// that are. Runs of blanks become one.
func Wrap(text string, width int) []string {
	var lines []string
	var line strings.Builder
	columns := 0
	for _, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		if columns > 0 && columns+1+n > width {
			lines = append(lines, line.String())
			line.Reset()
			columns = 0
		}
		if columns > 0 {
			line.WriteByte(' ')
			columns++
		}
		line.WriteString(word)
		columns += n
	}
	return append(lines, line.String())
}
