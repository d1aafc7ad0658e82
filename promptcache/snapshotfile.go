package promptcache

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// replaceFile writes a file and puts it in the place of path, whole or not at
// all, so that it survives a crash of the machine once replaceFile has returned.
// keep is asked, when all is written, whether the file may replace what is
// there; if not, that is ErrEmptySnapshot. If aside is not empty, what is at
// path is kept under that name.
//
// The file is written under a name of its own beside path, .BASE.NUMBER.tmp.
// Whoever is killed leaves that behind; the next to replace path removes it.
func replaceFile(path, aside string, write func(io.Writer) error, keep func() bool) (err error) {
	target, err := targetOf(path)
	if err != nil {
		return err
	}
	dir, base := filepath.Split(target)
	if dir == "" {
		dir = "."
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	removeAbandoned(dir, base)
	f, err := createTemp(dir, base)
	if err != nil {
		return err
	}
	committed := false
	defer func() {
		if !committed {
			_ = f.Close() // it failed before; that error says why
			_ = os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	_, statErr := os.Lstat(target)
	if !keep() && statErr == nil {
		return ErrEmptySnapshot
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if aside != "" && statErr == nil {
		if err := os.Rename(target, aside); err != nil {
			return fmt.Errorf("set the unusable file aside: %w", err)
		}
	}
	if err := commit(f, target); err != nil {
		return err
	}
	committed = true
	return syncDir(dir)
}

// targetOf returns the file that path leads to: another one if path is a symbolic
// link. What is there must be a regular file.
func targetOf(path string) (string, error) {
	if path == "" {
		return "", errors.New("the path is empty")
	}
	target, err := followLinks(path)
	if err != nil {
		return "", fmt.Errorf("follow the symbolic link: %w", err)
	}
	info, err := os.Lstat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return target, nil
	case err != nil:
		return "", err
	case info.IsDir():
		return "", errors.New("it is a directory; want a file")
	case !info.Mode().IsRegular():
		return "", errors.New("it is not a regular file; use Dump to write to a device or a pipe")
	}
	return target, nil
}

// createTemp creates a file to be written beside base, and marks it as in use
// for as long as it is open.
func createTemp(dir, base string) (*os.File, error) {
	for {
		f, err := os.CreateTemp(dir, "."+base+".*.tmp")
		if err != nil {
			return nil, err
		}
		if claim(f) {
			return f, nil
		}
		_ = f.Close() // another writer took it for abandoned before it was claimed
	}
}

// removeAbandoned removes what killed writers of base have left in dir.
func removeAbandoned(dir, base string) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return // whatever it is, writing will meet it
	}
	for _, file := range files {
		if isTempOf(base, file.Name()) {
			removeIfAbandoned(filepath.Join(dir, file.Name()))
		}
	}
}

// isTempOf reports whether name is one that createTemp makes for base, and not
// for another file, whose name may begin with base.
func isTempOf(base, name string) bool {
	number, ok := strings.CutPrefix(name, "."+base+".")
	if !ok {
		return false
	}
	number, ok = strings.CutSuffix(number, ".tmp")
	return ok && number != "" && strings.Trim(number, "0123456789") == ""
}
