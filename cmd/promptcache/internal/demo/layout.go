package demo

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
)

// The columns of a step's lines: indent, mark, label, value. The style knows how
// wide a mark is.
const (
	indent     = 4
	labelWidth = 41
)

// rowLocked prints a line of three columns, or more lines if the last one is
// long. shown is clean.
func (t *teller) rowLocked(mark, label, shown string) {
	marks := t.style.MarkWidth()
	for _, line := range term.Wrap(shown, t.style.Width()-indent-marks-labelWidth) {
		t.printLocked("%s%s%s%s\n", blanks(indent), padded(mark, marks), padded(label, labelWidth), line)
		mark, label = "", ""
	}
}

// lineLocked prints text as wide as fits, its lines hanging after the mark.
func (t *teller) lineLocked(mark string, hang int, text string) {
	for _, line := range term.Wrap(t.style.Clean(text), t.style.Width()-indent-hang) {
		t.printLocked("%s%s%s\n", blanks(indent), padded(mark, hang), line)
		mark = ""
	}
}

func (t *teller) printLocked(format string, args ...any) {
	if _, err := fmt.Fprintf(t.out, format, args...); t.err == nil {
		t.err = err
	}
}

func blanks(n int) string { return strings.Repeat(" ", n) }

// padded returns text with blanks up to width columns, one at least if there is
// a width. Escape sequences have none.
func padded(text string, width int) string {
	if width == 0 {
		return text
	}
	columns := 0
	for rest := text; rest != ""; {
		if after, ok := strings.CutPrefix(rest, "\x1b["); ok {
			_, rest, _ = strings.Cut(after, "m")
			continue
		}
		_, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
		columns++
	}
	return text + blanks(max(width-columns, 1))
}
