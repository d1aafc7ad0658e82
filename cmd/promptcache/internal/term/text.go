package term

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Visible returns text from elsewhere as people may be shown it: what steers a
// terminal, or hides in a text, is spelled out (\x1b, \u202e); lines and tabs
// stay, and so does every letter.
func Visible(text string) string { return spelledOut(text, `\x%02x`) }

// SafeJSON returns JSON that says the same and can be shown: such characters
// can only stand in its strings, where they may be written as escapes.
func SafeJSON(document string) string { return spelledOut(document, `\u%04x`) }

func spelledOut(text, control string) string {
	if strings.IndexFunc(text, isHidden) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case !isHidden(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, control, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// isHidden reports whether r steers a terminal, or changes how the text around
// it is shown: control characters, and those that turn its direction around.
func isHidden(r rune) bool {
	return unicode.Is(unicode.Cc, r) && r != '\n' && r != '\t' ||
		r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// tab is what a tab is shown as where lines are folded.
const tab = "    "

// Fold breaks text into lines. On a terminal no line is wider than fits beside
// an indent of so many columns: it breaks at blanks where it can, and what
// follows keeps the line's own indent, and hangs below the text of a list's point. Elsewhere lines stay as they are.
func (s Style) Fold(text string, indent int) []string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if s.width <= 0 {
			lines = append(lines, line)
			continue
		}
		lines = append(lines, fold(strings.ReplaceAll(line, "\t", tab), max(s.Width()-indent, 10))...)
	}
	return lines
}

func fold(line string, width int) []string {
	if Columns(line) <= width {
		return []string{line}
	}
	rest := strings.TrimLeft(line, " ")
	first := line[:len(line)-len(rest)]
	first = first[:min(len(first), width/2)]
	next := first
	if mark := listMark.FindString(rest); len(first)+len(mark) <= width/2 {
		next += strings.Repeat(" ", len(mark))
	}
	var lines []string
	for indent := first; rest != ""; indent = next {
		head, tail := cut(rest, width-len(indent))
		lines = append(lines, indent+head)
		rest = strings.TrimLeft(tail, " ")
	}
	return lines
}

// listMark is what a point of a list begins with; its further lines hang below
// its text.
var listMark = regexp.MustCompile(`^(?:[-*+]|[0-9]{1,3}[.)]) +`)

// cut cuts off what fits of text: up to a blank, or in the middle of a word that
// is wider than all there is.
func cut(text string, width int) (head, tail string) {
	columns, blank := 0, -1
	for i, r := range text {
		columns += columnsOf(r)
		if columns > width && i > 0 {
			if r == ' ' {
				return text[:i], text[i:]
			}
			if blank > 0 {
				return text[:blank], text[blank:]
			}
			return text[:i], text[i:]
		}
		if r == ' ' {
			blank = i
		}
	}
	return text, ""
}

// Columns returns how many columns text takes on most terminals.
func Columns(text string) int {
	n := 0
	for _, r := range text {
		n += columnsOf(r)
	}
	return n
}

// columnsOf returns the columns of one character: none if it joins the one
// before it, two if it is East Asian or an emoji.
func columnsOf(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana),
		r >= 0x3000 && r <= 0x303f, // its punctuation
		r >= 0xff01 && r <= 0xff60, // letters in full width
		r >= 0x1f300 && r <= 0x1faff:
		return 2
	}
	return 1
}
