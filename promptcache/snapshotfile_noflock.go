//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package promptcache

import (
	"os"
	"time"
)

// abandonedAfter is the age from which a file that is being written is taken for
// abandoned where there are no locks that end with their process. (Windows also
// refuses to remove one that is open.)
const abandonedAfter = time.Hour

func claim(*os.File) bool { return true }

func removeIfAbandoned(path string) {
	info, err := os.Lstat(path)
	if err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > abandonedAfter {
		_ = os.Remove(path) // the next writer tries again
	}
}

// commit gives f the name path, once it is closed: Windows renames no open file.
func commit(f *os.File, path string) error {
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
