package promptfs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
)

const defaultMaxFileBytes = 1 << 20

// Config is what can be set on a [Source]. The zero Config is usable.
type Config struct {
	// Name tells this tree from others in the Source's Domain, and so in
	// snapshots: two trees that go into one cache need two names. It is shown in
	// logs. Default none.
	Name string

	// Syntax is how templates are read where the file does not say it, as in
	// every .txt file. "" is prompt.SyntaxLangfuse.
	Syntax prompt.Syntax

	// MaxFileBytes is the size of the largest file that is read. 0 is 1 MiB.
	// Negative is an error.
	MaxFileBytes int64
}

// Source reads prompts from one tree of files. It holds no state of its own and
// starts nothing; it needs no closing. All methods are safe for concurrent use
// if those of the file system are.
type Source struct {
	fsys         fs.FS
	name         string
	syntax       prompt.Syntax
	maxFileBytes int64
}

// New returns a Source of the files in fsys, such as an embed.FS or
// os.DirFS(dir); fs.Sub makes the root of a folder of it. It reads nothing. All
// problems come back in one error.
func New(fsys fs.FS, cfg Config) (*Source, error) {
	s := &Source{
		fsys:         fsys,
		name:         cfg.Name,
		syntax:       cmp.Or(cfg.Syntax, prompt.SyntaxLangfuse),
		maxFileBytes: cmp.Or(cfg.MaxFileBytes, defaultMaxFileBytes),
	}
	var errs []error
	if fsys == nil {
		errs = append(errs, errors.New("promptfs: there is no file system"))
	}
	if err := prompt.Check("", s.syntax); err != nil {
		errs = append(errs, fmt.Errorf("promptfs: config: Syntax: %w", err))
	}
	if cfg.MaxFileBytes < 0 {
		errs = append(errs, fmt.Errorf("promptfs: config: MaxFileBytes is %d; want 0 (1 MiB) or more", cfg.MaxFileBytes))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// Fetch reads the prompt that key names; the package documentation says from
// which file, and which failure is which error. It is a promptcache.FetchFunc.
func (s *Source) Fetch(ctx context.Context, key string) (*prompt.Prompt, error) {
	if err := s.Check(key); err != nil {
		return nil, err
	}
	fail := func(kind promptcache.ErrorKind, err error) (*prompt.Prompt, error) {
		return nil, &promptcache.FetchError{Key: key, Kind: kind, Err: err}
	}
	if err := ctx.Err(); err != nil {
		return fail(promptcache.KindUnknown, err)
	}
	file, err := s.find(key)
	if err != nil {
		return fail(kindOf(err), err)
	}
	data, err := s.read(file)
	if err != nil {
		return fail(kindOf(err), err)
	}
	p, err := s.decode(key, file, data)
	if err != nil {
		return fail(promptcache.KindInvalid, err)
	}
	return p, nil
}

// Check returns the error with which Fetch would refuse key before it looks for
// a file: that it cannot name a prompt. Use it on keys that come from elsewhere,
// such as a snapshot's.
func (s *Source) Check(key string) error {
	if _, err := Canonical(key); err != nil {
		return &promptcache.FetchError{Key: key, Kind: promptcache.KindInvalid, Err: err}
	}
	return nil
}

// Domain names the tree that every key of this Source belongs to, by
// Config.Name, for promptcache.Config.Domain.
func (s *Source) Domain(string) string {
	if s.name == "" {
		return "promptfs"
	}
	return "promptfs:" + s.name
}

// Backend returns s for promptcache.Route.
func (s *Source) Backend() promptcache.Backend[*prompt.Prompt] {
	return promptcache.Backend[*prompt.Prompt]{Fetch: s.Fetch, Canonical: Canonical, Domain: s.Domain, Check: s.Check}
}

var (
	errUnusable = errors.New("unusable file")
	errNoRoot   = errors.New("the root of the file system cannot be reached")
)

// kindOf says what an error of find or read means.
func kindOf(err error) promptcache.ErrorKind {
	switch {
	case errors.Is(err, errUnusable), errors.Is(err, fs.ErrInvalid): // a name that the system does not permit
		return promptcache.KindInvalid
	case errors.Is(err, errNoRoot):
		return promptcache.KindUnavailable
	case errors.Is(err, fs.ErrNotExist):
		return promptcache.KindNotFound
	case errors.Is(err, fs.ErrPermission):
		return promptcache.KindForbidden
	}
	return promptcache.KindUnavailable
}

// find returns the one file of a prompt.
func (s *Source) find(key string) (string, error) {
	var found []string
	for _, extension := range extensions {
		info, err := fs.Stat(s.fsys, key+extension)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return "", err
		case info.IsDir(): // a folder that is called like a file
		case !info.Mode().IsRegular(): // to open a pipe would be to wait for its writer
			return "", fmt.Errorf("%w: %s is not a regular file", errUnusable, key+extension)
		default:
			found = append(found, key+extension)
		}
	}
	switch len(found) {
	case 0:
		// Without a root there is nothing to be said of what is in it.
		if _, err := fs.Stat(s.fsys, "."); err != nil {
			return "", fmt.Errorf("%w: %w", errNoRoot, err)
		}
		return "", fmt.Errorf("there is no file %s with one of %s: %w", key, strings.Join(extensions, " "), fs.ErrNotExist)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%w: %s are one prompt; keep one of them", errUnusable, strings.Join(found, " and "))
}

// read returns what is in a file, without the byte order mark of some editors.
func (s *Source) read(file string) ([]byte, error) {
	f, err := s.fsys.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	data, err := io.ReadAll(io.LimitReader(f, s.maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	if int64(len(data)) > s.maxFileBytes {
		return nil, fmt.Errorf("%w: %s is larger than %d bytes; Config.MaxFileBytes sets the limit", errUnusable, file, s.maxFileBytes)
	}
	return data, nil
}
