package httpsource

import "strings"

// FromEnv returns the first of the environment's variables names that says
// something once it is stripped, and "" if none does.
func FromEnv(getenv func(string) string, names ...string) string {
	for _, name := range names {
		if v := Strip(getenv(name)); v != "" {
			return v
		}
	}
	return ""
}

// Strip removes the blanks and quotes around a value, which .env files and
// container manifests leave there.
func Strip(v string) string {
	return strings.Trim(v, " \t\r\n\"'")
}

// Stripped returns a Secret of what s holds, stripped.
func Stripped(s Secret) Secret { return NewSecret(Strip(Reveal(s))) }
