package promptfs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"time"
)

// maxPrompts bounds a list, like those of the registries.
const maxPrompts = 100_000

// PromptInfo is what a list says of a prompt. It is its receiver's to change.
type PromptInfo struct {
	Name      string    // the key to fetch it by
	File      string    // its path in the file system
	Size      int64     // of the file, in bytes
	UpdatedAt time.Time // when the file was changed; zero if the file system does not say, as embed.FS
}

// ListPrompts yields the prompts of the tree in the order of their files, those
// in folders included. Use it to find what to warm a cache up with. It does not
// read the files, so what it yields may be invalid.
//
// What is no prompt, such as a README.md or what lies in folders that begin with
// a dot, is left out, as is a file whose name cannot be a key. Of files that are
// one prompt, an error of Fetch, the first is yielded. Links to folders are not
// followed.
//
// It is lazy. After an error, which comes with a zero PromptInfo, it ends:
// ctx's, the file system's, or that there are more than 100,000 prompts.
func (s *Source) ListPrompts(ctx context.Context) iter.Seq2[PromptInfo, error] {
	return func(yield func(PromptInfo, error) bool) {
		seen := make(map[string]bool)
		err := fs.WalkDir(s.fsys, ".", func(file string, d fs.DirEntry, err error) error {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			if d.IsDir() {
				if file != "." && strings.HasPrefix(d.Name(), ".") {
					return fs.SkipDir
				}
				return nil
			}
			name := promptName(file)
			if keyProblem(name) != "" || seen[name] {
				return nil
			}
			info, err := fs.Stat(s.fsys, file) // of what a link leads to
			switch {
			case errors.Is(err, fs.ErrNotExist): // a link that leads nowhere, or it is gone meanwhile
				return nil
			case err != nil:
				return err
			case !info.Mode().IsRegular():
				return nil
			}
			if len(seen) == maxPrompts {
				return fmt.Errorf("there are more than %d prompts", maxPrompts)
			}
			seen[name] = true
			if !yield(PromptInfo{Name: name, File: file, Size: info.Size(), UpdatedAt: info.ModTime()}, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield(PromptInfo{}, fmt.Errorf("promptfs: list prompts: %w", err))
		}
	}
}
