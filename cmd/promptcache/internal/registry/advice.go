package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/promptcache/promptcache-go/langfuse"
	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/promptcache"
)

// Advice returns what somebody at a command line can do about err, with which
// Check or Fetch of key has failed, beyond what err says itself; "" if nothing.
// For a prompt that does not exist it asks the registry what there is.
func (r *Registry) Advice(ctx context.Context, key string, err error, getenv func(string) string) string {
	switch {
	case errors.Is(err, langsmith.ErrPublicPrompt):
		return "--allow-public permits it"
	case errors.Is(err, promptcache.ErrUnauthorized) && !r.kind.present(getenv):
		return fmt.Sprintf("set %s in the environment, or in a file and say --env-file FILE", r.kind.advice)
	case errors.Is(err, promptcache.ErrNotFound):
		return r.whatThereIs(ctx, key)
	}
	return ""
}

// mostListed bounds how many prompts are looked at for a name that is close.
const mostListed = 2000

// whatThereIs says which versions there are of a prompt, or which prompts have
// names that are close to it. It is best effort: without a list it is "".
func (r *Registry) whatThereIs(ctx context.Context, key string) string {
	name := r.kind.promptName(key)
	for info, err := range r.source.list(ctx, name) {
		switch {
		case err != nil:
			return ""
		case info.Name == name && len(info.Versions) == 0:
			return fmt.Sprintf("there is a prompt %q; it is the version that there is not", name)
		case info.Name == name:
			return versionsThereAre(info)
		}
	}
	near := r.nearest(ctx, name)
	if len(near) == 0 {
		return ""
	}
	return fmt.Sprintf("did you mean %s?", oneOf(near))
}

// versionsThereAre says what can be asked for of a prompt.
func versionsThereAre(info Listed) string {
	const most = 10
	versions := slices.Clone(info.Versions)
	slices.Sort(versions)
	more := ""
	if n := len(versions) - most; n > 0 {
		versions, more = versions[n:], fmt.Sprintf(" and %d older ones", n)
	}
	texts := make([]string, len(versions))
	for i, v := range versions {
		texts[i] = "#" + strconv.Itoa(v)
	}
	labels := "no labels"
	if len(info.Labels) > 0 {
		labels = "the labels @" + strings.Join(info.Labels, " @")
	}
	return fmt.Sprintf("%q has %s and the versions %s%s", info.Name, labels, strings.Join(texts, " "), more)
}

// nearest returns keys of at most three prompts whose names are close to name,
// the closest first.
func (r *Registry) nearest(ctx context.Context, name string) []string {
	var found []nearKey
	for info, err := range r.source.list(ctx, "") {
		if err != nil || len(found) == mostListed {
			break
		}
		found = append(found, nearKey{info.Key, distance(strings.ToLower(name), strings.ToLower(info.Name))})
	}
	return closest(found, name)
}

// nearKey is a key, and how far its name is from another one.
type nearKey struct {
	key      string
	distance int
}

// closest returns the keys that may have been meant by name, three at most, the
// closest first.
func closest(candidates []nearKey, name string) []string {
	candidates = slices.DeleteFunc(candidates, func(c nearKey) bool { return c.distance > max(len(name)/3, 1) })
	slices.SortStableFunc(candidates, func(a, b nearKey) int { return a.distance - b.distance })
	keys := make([]string, 0, 3)
	for _, c := range candidates[:min(len(candidates), 3)] {
		keys = append(keys, c.key)
	}
	return keys
}

// distance returns how many characters must be put in, taken out or replaced to
// make a into b (Levenshtein).
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range to {
			replace := diagonal
			if r != s {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, diagonal+1, row[j]+1)
		}
	}
	return row[len(to)]
}

// langSmithName returns the prompt that a key names, without the version.
func langSmithName(key string) string {
	ref, _ := langsmith.ParseRef(key) // it was asked for, so it can be read
	return langsmith.Ref{Owner: ref.Owner, Name: ref.Name}.String()
}

// langfuseName is langSmithName for Langfuse.
func langfuseName(key string) string {
	ref, _ := langfuse.ParseRef(key)
	return ref.Name
}
