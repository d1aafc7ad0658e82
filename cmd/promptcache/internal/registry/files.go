package registry

import (
	"cmp"
	"context"
	"iter"
	"os"

	"github.com/promptcache/promptcache-go/prompt"
	"github.com/promptcache/promptcache-go/promptcache"
	"github.com/promptcache/promptcache-go/promptfs"
)

// filesVariable names the directory of file: keys.
const filesVariable = "PROMPTCACHE_FILES"

// files is a directory with prompts.
type files struct {
	*promptfs.Source
	dir string
}

func openFiles(s Settings) (source, error) {
	dir := cmp.Or(s.Endpoint, s.Getenv(filesVariable), ".")
	src, err := promptfs.New(os.DirFS(dir), promptfs.Config{})
	if err != nil {
		return nil, err
	}
	return files{src, dir}, nil
}

// Address implements source.
func (s files) Address() string { return s.dir }

func (s files) newCache(cfg promptcache.Config) (caching, error) {
	cache, err := promptfs.NewCache(s.Source, cfg)
	return typed[*prompt.Prompt]{cache, asNeutral}, err
}

func (s files) fetch(ctx context.Context, key string) (Value, error) {
	p, err := s.Fetch(ctx, key)
	if err != nil {
		return nil, err
	}
	return asNeutral(p), nil
}

func (s files) list(ctx context.Context, _ string) iter.Seq2[Listed, error] {
	return asListed(s.ListPrompts(ctx), func(info promptfs.PromptInfo) Listed {
		return Listed{Key: info.Name, Name: info.Name}
	})
}
