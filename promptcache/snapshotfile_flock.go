//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package promptcache

import (
	"errors"
	"os"
	"syscall"
)

// claim marks f as in use until it is closed, by a lock that ends with the
// process. It returns false if f is no longer there.
func claim(f *os.File) bool {
	if err := flock(f); err != nil {
		return !errors.Is(err, syscall.EWOULDBLOCK) // a file system without locks is no reason not to write
	}
	return isAt(f, f.Name())
}

// removeIfAbandoned removes the file if no writer holds its lock.
func removeIfAbandoned(path string) {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return // not of our making
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|nonblocking, 0) //nolint:gosec // a name of our own making
	if err != nil {
		return
	}
	defer f.Close() //nolint:errcheck // nothing was written
	if flock(f) == nil && isAt(f, path) {
		_ = os.Remove(path) // the next writer tries again
	}
}

func flock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// isAt reports whether path still leads to f.
func isAt(f *os.File, path string) bool {
	open, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(path)
	return err == nil && os.SameFile(open, there)
}

// commit gives f the name path. f stays claimed until it has it.
func commit(f *os.File, path string) error {
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	_ = f.Close() // it was synced; there is nothing left to fail
	return nil
}
