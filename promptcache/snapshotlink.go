package promptcache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// maxLinks is how many symbolic links a path may go through, as in kernels.
const maxLinks = 40

var errForeignLink = errors.New("the symbolic link belongs to another user; it may lead anywhere")

// followLinks returns where path leads if it is a symbolic link, or path. Every
// link on the way must be one that nobody has laid out as a trap: where others
// may create files, /tmp for instance, a link of theirs would have us replace a
// file of ours that they choose. Kernels check that only for those who open a
// file, not for those who replace it.
func followLinks(path string) (string, error) {
	at := path
	for range maxLinks {
		info, err := os.Lstat(at)
		switch {
		case err == nil && info.Mode()&fs.ModeSymlink != 0:
		case at == path: // if there is nothing, or it cannot be looked at, who uses the path will meet that
			return path, nil
		default:
			return filepath.EvalSymlinks(path)
		}
		dir, err := os.Stat(filepath.Dir(at))
		if err != nil {
			return "", err
		}
		if !trusted(info, dir, os.Geteuid()) {
			return "", fmt.Errorf("%q: %w", at, errForeignLink)
		}
		next, err := os.Readlink(at)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(at), next)
		}
		at = next
	}
	return "", errors.New("too many symbolic links")
}

// trusted reports whether user may follow link, which is in dir: it belongs to
// user, to the superuser, or to whom the directory belongs, who could replace
// the file itself. Where files have no owners, all links are trusted.
func trusted(link, dir fs.FileInfo, user int) bool {
	owner, known := ownerOf(link)
	if !known {
		return true
	}
	dirOwner, _ := ownerOf(dir)
	return owner == user || owner == 0 || owner == dirOwner
}
