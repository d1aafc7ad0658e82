package promptcache

import (
	"errors"
	"io/fs"
	"os"
)

// openSnapshotFile opens a regular file, and does not wait for a pipe's other end
// to find out that it is none.
func openSnapshotFile(path string) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|nonblocking, 0) //nolint:gosec // the caller's own choice
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = errors.New("it is a directory; want a file")
	case !info.Mode().IsRegular():
		err = errors.New("it is not a regular file; use Load or ReadSnapshot to read from a device or a pipe")
	}
	if err != nil {
		_ = f.Close() // nothing was read
		return nil, nil, err
	}
	return f, info, nil
}
