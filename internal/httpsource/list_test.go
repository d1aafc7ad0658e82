package httpsource_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/promptcache/promptcache-go/internal/httpsource"
)

func TestList(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name  string
		pages [][]string // the last one has the last page's items; then comes err
		last  bool       // whether the last of pages says so
		err   error
		want  []string
		asked int
		fails string
	}{
		{"one page", [][]string{{"a", "b"}}, true, nil, []string{"a", "b"}, 1, ""},
		{"three pages", [][]string{{"a", "b"}, {"c"}, {"d"}}, true, nil, []string{"a", "b", "c", "d"}, 3, ""},
		{"an empty page ends it", [][]string{{"a"}, {}}, false, nil, []string{"a"}, 2, ""},
		{"nothing", [][]string{{}}, true, nil, nil, 1, ""},
		{"an error ends it", [][]string{{"a"}}, false, broken, []string{"a"}, 2, "broken"},
		{"what comes twice is yielded once", [][]string{{"a", "b"}, {"b", "c"}}, true, nil, []string{"a", "b", "c"}, 2, ""},
		{"a page that repeats", [][]string{{"a", "b"}, {"b", "a"}}, false, nil, []string{"a", "b"}, 2, "registry: page 2 of the list repeats what came before"},
		{"a last page that repeats", [][]string{{"a", "b"}, {"b"}}, true, nil, []string{"a", "b"}, 2, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			asked := 0
			list := httpsource.List("registry", func(n, before int) ([]string, bool, error) {
				asked++
				if n == len(tt.pages) {
					return nil, false, tt.err
				}
				count := 0
				for _, p := range tt.pages[:n] {
					count += len(p)
				}
				require.Equal(t, count, before)
				return tt.pages[n], tt.last && n == len(tt.pages)-1, nil
			}, func(s string) string { return s })
			for range 2 { // it can be ranged over again
				asked = 0
				var got []string
				var failed error
				for item, err := range list {
					require.NoError(t, failed, "an error is the end")
					if failed = err; err == nil {
						got = append(got, item)
					}
				}
				require.Equal(t, tt.want, got)
				require.Equal(t, tt.asked, asked)
				if tt.fails == "" {
					require.NoError(t, failed)
				} else {
					require.ErrorContains(t, failed, tt.fails)
				}
			}
		})
	}
}

func TestListIsLazyAndEnds(t *testing.T) {
	asked := 0
	endless := httpsource.List("registry", func(n, _ int) ([]string, bool, error) {
		asked++
		return []string{strconv.Itoa(n), "x" + strconv.Itoa(n)}, false, nil
	}, func(s string) string { return s })
	for item, err := range endless {
		require.NoError(t, err)
		if item == "x1" {
			break
		}
	}
	require.Equal(t, 2, asked)

	items := 0
	var failed error
	for _, err := range endless {
		if failed = err; err == nil {
			items++
		}
	}
	require.Equal(t, 2000, items)
	require.EqualError(t, failed, "registry: the list does not end within 1000 pages")
}

func TestParseTime(t *testing.T) {
	want := time.Date(2026, 5, 1, 12, 30, 0, 250e6, time.UTC)
	for _, text := range []string{"2026-05-01T12:30:00.25Z", "2026-05-01T14:30:00.25+02:00", "2026-05-01T12:30:00.250"} {
		require.True(t, want.Equal(httpsource.ParseTime(text)), text)
	}
	for _, text := range []string{"", "yesterday", "2026-05-01"} {
		require.Zero(t, httpsource.ParseTime(text))
	}
}

func TestListOfAHostileRegistry(t *testing.T) {
	for name, tt := range map[string]struct {
		page  func(n int) []string
		items int
		fails string
	}{
		"pages that are larger than was asked for": {func(n int) []string {
			items := make([]string, 5000)
			for i := range items {
				items[i] = strconv.Itoa(n) + "/" + strconv.Itoa(i)
			}
			return items
		}, 100_000, "registry: the list does not end within 100000 prompts"},
		"names that are longer than any key": {func(n int) []string {
			return []string{strconv.Itoa(n), strings.Repeat("x", 2049)}
		}, 1, "registry: the list has a name of 2049 bytes; want 2048 at most"},
	} {
		t.Run(name, func(t *testing.T) {
			items := 0
			var failed error
			for _, err := range httpsource.List("registry", func(n, _ int) ([]string, bool, error) {
				return tt.page(n), false, nil
			}, func(s string) string { return s }) {
				require.NoError(t, failed, "an error is the end")
				if failed = err; err == nil {
					items++
				}
			}
			require.Equal(t, tt.items, items)
			require.EqualError(t, failed, tt.fails)
		})
	}
}
