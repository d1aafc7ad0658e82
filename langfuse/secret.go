package langfuse

import "github.com/promptcache/promptcache-go/internal/httpsource"

// Secret holds a credential that must not end up in a log: it prints, logs and
// marshals as "[redacted]", or as nothing if it is empty. Make one with
// [NewSecret], or decode text into one.
type Secret = httpsource.Secret

// NewSecret returns a Secret that holds text.
func NewSecret(text string) Secret { return httpsource.NewSecret(text) }
