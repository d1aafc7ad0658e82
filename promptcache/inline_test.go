package promptcache_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A cache is compiled where it is used, since it is generic. The compiler inlines
// there what this package hands on: see flags. So it is looked at in a program of
// somebody else's.
func TestHitCallsNoAtomicOperation(t *testing.T) {
	program := filepath.Join(t.TempDir(), "consumer")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./testdata/consumer").CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, method := range []string{"hit", "hitOdd", "count", "look", "fresh"} {
		symbol := `promptcache\.\(\*PromptCache\[go\.shape\.[^]]*\]\)\.` + method + `$`
		text, err := exec.CommandContext(t.Context(), "go", "tool", "objdump", "-s", symbol, program).Output()
		require.NoError(t, err)
		code := string(text)
		require.Equal(t, 1, strings.Count(code, "TEXT "), "%s is compiled there", method)
		require.Regexp(t, `CALL|\bBL\b`, code, "calls are recognised")
		// What is left where a processor has no such instruction are functions, not methods.
		for _, line := range regexp.MustCompile(`(?m)^.*\b(CALL|BL)\b.*sync/atomic\.\(.*$`).FindAllString(code, -1) {
			t.Errorf("%s calls what could be inlined: %s", method, strings.Join(strings.Fields(line), " "))
		}
	}
}
