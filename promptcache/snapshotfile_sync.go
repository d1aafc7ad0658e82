//go:build !windows && !plan9 && !wasip1 && !js

package promptcache

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// syncDir makes the names in dir survive a crash of the machine.
func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the caller's own choice
	if err != nil {
		return fmt.Errorf("the file is in place, but may not survive a crash: %w", err)
	}
	defer d.Close() //nolint:errcheck // nothing was written
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return fmt.Errorf("the file is in place, but may not survive a crash: %w", err)
	}
	return nil // some file systems cannot sync a directory, and need not
}
