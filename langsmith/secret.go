package langsmith

import "github.com/promptcache/promptcache-go/internal/httpsource"

// Secret holds a credential that must not end up in a log. It shows as
// "[redacted]" (or as nothing, if it is empty) through every verb of package
// fmt, [log/slog], and text and JSON marshalling, so a marshalled Secret cannot
// be read back. Make one with [NewSecret]; the zero Secret is empty, as IsZero
// reports. UnmarshalText lets a configuration file, a flag or an environment
// decoder fill one in.
//
// A Secret is immutable and safe for concurrent use, but for UnmarshalText.
// Two Secrets made from the same text are not equal by ==.
type Secret = httpsource.Secret

// NewSecret returns a Secret that holds text.
func NewSecret(text string) Secret { return httpsource.NewSecret(text) }
