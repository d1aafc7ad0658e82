package promptcache

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"unicode/utf8"
)

// canonicalSum is the SHA-256 of JSON in its canonical form: no space, strings
// with no escapes but those that they need (\" \\ \b \f \n \r \t, other control
// characters as \u00xx), numbers as JavaScript writes them but without rounding.
// So whoever only lays a file out anew does not change it.
//
// A nil sum takes everything and does nothing.
type canonicalSum struct {
	hash  hash.Hash
	buf   []byte // the end of what was written, not yet hashed
	muted bool   // what comes is not part of it
	held  bool   // nothing is hashed before flush
}

func newCanonicalSum() *canonicalSum { return &canonicalSum{hash: sha256.New()} }

// hashFrom is how much is collected before it is hashed.
const hashFrom = 16 << 10

func (c *canonicalSum) text(s string) {
	if c != nil && !c.muted {
		c.buf = append(c.buf, s...)
		c.tidy()
	}
}

func (c *canonicalSum) write(b []byte) {
	if c != nil && !c.muted {
		c.buf = append(c.buf, b...)
		c.tidy()
	}
}

// char writes one character of a string.
func (c *canonicalSum) char(r rune) {
	if c != nil && !c.muted {
		c.buf = appendChar(c.buf, r)
		c.tidy()
	}
}

func appendChar(b []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	if r < ' ' {
		const hexdigits = "0123456789abcdef"
		return append(b, '\\', 'u', '0', '0', hexdigits[r>>4], hexdigits[r&15])
	}
	return utf8.AppendRune(b, r)
}

func (c *canonicalSum) tidy() {
	if len(c.buf) >= hashFrom && !c.held {
		c.flush()
	}
}

func (c *canonicalSum) flush() {
	c.hash.Write(c.buf)
	c.buf = c.buf[:0]
}

// sum returns the SHA-256 of what was written so far, in hex.
func (c *canonicalSum) sum() string {
	c.flush()
	return hex.EncodeToString(c.hash.Sum(nil))
}
