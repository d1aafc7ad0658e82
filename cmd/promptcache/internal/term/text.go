package term

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Visible returns text from elsewhere as people may be shown it: what steers a
// terminal, or hides in a text, is spelled out (\x1b, \u202e, \U000e0041); lines
// and tabs stay, and so does every letter.
func Visible(text string) string { return spelledOut(text, isHidden, goEscape) }

// OneLine is Visible for what stands in a line with something else, such as a
// name: it cannot begin a new one, because lines and tabs are spelled out, too.
func OneLine(text string) string {
	return spelledOut(text, func(r rune) bool { return r == '\n' || r == '\t' || isHidden(r) }, goEscape)
}

// SafeJSON returns JSON that says the same and can be shown: such characters
// can only stand in its strings, where they may be written as escapes.
func SafeJSON(document string) string { return spelledOut(document, isHidden, jsonEscape) }

// spelledOut returns text with the characters that are hidden as their escapes.
func spelledOut(text string, hidden func(rune) bool, escape func(rune) string) string {
	if strings.IndexFunc(text, hidden) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if hidden(r) {
			b.WriteString(escape(r))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func goEscape(r rune) string {
	switch {
	case r < 0x100:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	default:
		return fmt.Sprintf(`\U%08x`, r)
	}
}

func jsonEscape(r rune) string {
	if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// hidden is what steers a terminal, changes how the text around it is shown, or
// takes up no room so that nobody sees that it is there: controls, separators of
// lines, those that turn the direction around, blanks of no width, and tags, in
// which a whole text can hide.
var hidden = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x00, 0x08, 1},
		{0x0b, 0x1f, 1},
		{0x7f, 0x9f, 1},
		{0x200b, 0x200b, 1},
		{0x2028, 0x202e, 1},
		{0x2060, 0x2064, 1},
		{0x2066, 0x2069, 1},
		{0xfeff, 0xfeff, 1},
	},
	R32: []unicode.Range32{{0xe0000, 0xe007f, 1}},
}

func isHidden(r rune) bool { return unicode.Is(hidden, r) }

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
