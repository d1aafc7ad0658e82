package term

import (
	"fmt"
	"io"
	"strings"
)

// barColumns is how wide the bar itself is.
const barColumns = 24

// Bar is a progress bar on the last line of a terminal, and nothing on any other
// stream. It is not safe for concurrent use.
type Bar struct {
	out   io.Writer
	style Style
	shown int // columns to wipe
}

// NewBar returns a bar on out, which it does not draw yet.
func NewBar(out io.Writer, style Style) *Bar { return &Bar{out: out, style: style} }

// Draw shows how many of all are done, and a word about it.
func (b *Bar) Draw(done, all int, word string) {
	if !b.style.Terminal() || all <= 0 {
		return
	}
	full := barColumns * min(done, all) / all
	line := fmt.Sprintf("[%s%s] %d/%d  %s", strings.Repeat("#", full), strings.Repeat("-", barColumns-full), done, all, Visible(word))
	line, _ = cut(line, b.style.Width()-1)
	b.wipe()
	b.shown = Columns(line)
	_, _ = io.WriteString(b.out, line) // it is only for show
}

// Clear takes the bar away, so that something else can be written.
func (b *Bar) Clear() {
	b.wipe()
	b.shown = 0
}

// wipe overwrites the line; not every terminal knows how to erase one.
func (b *Bar) wipe() {
	if b.shown > 0 {
		_, _ = io.WriteString(b.out, "\r"+strings.Repeat(" ", b.shown)+"\r")
	}
}
