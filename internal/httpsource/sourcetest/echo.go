package sourcetest

import (
	"strings"

	"github.com/promptcache/promptcache-go/promptcache"
)

// steering is text that clears a terminal, turns its direction around and begins
// a line in a log, as JSON has it.
const steering = `\u001b[2J\u001b]0;pwned\u0007\r\nlevel=INFO msg=forged\u2028\u202e\u009b31m`

// echoes are answers that show the request's credentials, as debug servers and
// proxies do, and such as are to be read by people.
func (v Victim[V]) echoes() []attack {
	const typed = "Content-Type: application/json\r\n"
	words := func(text string) string { return strings.Replace(v.Rejected, "WORDS", text, 1) }
	return []attack{
		{"in the words of an error", respond("403 Forbidden", typed, words("you sent CREDENTIAL")), promptcache.KindForbidden, "[redacted]", false},
		{"where the words are cut", respond("403 Forbidden", typed, words(strings.Repeat("x", 190)+"CREDENTIAL")), promptcache.KindForbidden, "[redacted]", false},
		{"in the status line", respond("500 CREDENTIAL", typed, "{}"), promptcache.KindUnavailable, "HTTP 500", false},
		{"in place of the status line", raw("CREDENTIAL\r\n\r\n"), promptcache.KindUnavailable, "check the network and the endpoint", false},
		{"in a status that is no number", raw("HTTP/1.1 CREDENTIAL\r\n\r\n"), promptcache.KindUnavailable, "[redacted]", false},
		{"in a header that is none", raw("HTTP/1.1 200 OK\r\nCREDENTIAL\r\n\r\n"), promptcache.KindUnavailable, "[redacted]", false},
		{"in a length", raw("HTTP/1.1 200 OK\r\nContent-Length: CREDENTIAL\r\n\r\n"), promptcache.KindUnavailable, "[redacted]", false},
		{"in a transfer encoding", raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: CREDENTIAL\r\n\r\n"), promptcache.KindUnavailable, "[redacted]", false},
		{"in the type of a page", respond("200 OK", "Content-Type: text/CREDENTIAL\r\n", "<html>"), promptcache.KindUnavailable, "not JSON", false},
		{"in the type of an error", respond("502 Bad", "Content-Type: text/CREDENTIAL\r\n", "<html>"), promptcache.KindUnavailable, "the answer is", false},
		{"in a page", respond("502 Bad", "Content-Type: text/html\r\n", "<html>CREDENTIAL"), promptcache.KindUnavailable, "text/html", false},
		{"in a redirect to another host", respond("302 Found", "Location: https://CREDENTIAL.evil.example/\r\n", ""), promptcache.KindUnavailable, "redirected", false},
		{"in a redirect with a password", respond("302 Found", "Location: https://me:CREDENTIAL@evil.example/\r\n", ""), promptcache.KindUnavailable, "redirected", false},
		{"in a redirect that is no URL", respond("302 Found", "Location: ://CREDENTIAL%zz\r\n", ""), promptcache.KindUnavailable, "Location", false},
		{"in JSON that is broken", respond("200 OK", typed, `{"CREDENTIAL":CREDENTIAL`), promptcache.KindInvalid, "invalid character", false},
		{"in an answer of another type", respond("200 OK", typed, `["CREDENTIAL"]`), promptcache.KindInvalid, "", false},
		{"what steers a terminal, in an error", respond("403 Forbidden", typed, words(steering)), promptcache.KindForbidden, "forged", false},
		{"what steers a terminal, in the status line", raw("HTTP/1.1 \x1b[2J\u202e\r\n\r\n"), promptcache.KindUnavailable, "malformed", false},
		{"what steers a terminal, in a type", respond("502 Bad", "Content-Type: text/\x1b[2J\r\n", ""), promptcache.KindUnavailable, "", false},
	}
}

// garbage is what is not HTTP, or not an answer.
func (v Victim[V]) garbage() []attack {
	const typed = "Content-Type: application/json\r\n"
	return []attack{
		{"nothing", raw(""), promptcache.KindUnavailable, "check the network and the endpoint", false},
		{"another protocol", raw("SSH-2.0-OpenSSH_9.9\r\n"), promptcache.KindUnavailable, "malformed", false},
		{"two lengths", respond("200 OK", typed+"Content-Length: 1\r\nContent-Length: 2\r\n", v.Good), promptcache.KindUnavailable, "", false},
		{"a negative length", respond("200 OK", typed+"Content-Length: -1\r\n", v.Good), promptcache.KindUnavailable, "", false},
		{"chunks that are none", respond("200 OK", typed+"Transfer-Encoding: chunked\r\n", "zz\r\n"), promptcache.KindUnavailable, "the answer broke off", false},
		{"gzip that is none", respond("200 OK", typed+"Content-Encoding: gzip\r\n", v.Good), promptcache.KindUnavailable, "the answer broke off", false},
		{"an encoding that nobody asked for", respond("200 OK", typed+"Content-Encoding: br\r\n", "\x0b\x02\x80"), promptcache.KindInvalid, "", false},
		{"a change of protocol", raw("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"), promptcache.KindUnavailable, "HTTP 101", false},
		{"not UTF-8", respond("200 OK", typed, strings.Replace(v.Nested, "NESTED", "\"\xff\"", 1)), promptcache.KindInvalid, "not UTF-8", false},
		{"two documents", respond("200 OK", typed, v.Good+v.Good), promptcache.KindInvalid, "", false},
		{"a page that claims to be JSON", respond("200 OK", typed, "<html>"), promptcache.KindInvalid, "", false},
		{"a time to wait that overflows", respond("503 No", typed+"Retry-After: 99999999999999999999\r\n", "{}"), promptcache.KindUnavailable, "", false},
		{"a time to wait that is negative", respond("503 No", typed+"Retry-After: -1\r\n", "{}"), promptcache.KindUnavailable, "", false},
		{"an entity tag with a line break in it", respond("200 OK", typed+"ETag: \"a\r\n b\"\r\n", v.Good), 0, "", true},
	}
}
