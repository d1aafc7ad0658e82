//go:build windows || plan9 || wasip1 || js

package promptcache

// syncDir does nothing: these systems do not sync directories.
func syncDir(string) error { return nil }
