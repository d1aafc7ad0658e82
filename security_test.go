package layout_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// namedTest is a test as docs/security.md names it: `package: Test` or
// `package: Test/part`, where part names any of its subtests.
var namedTest = regexp.MustCompile("`([a-z/]+): ((?:Test|Fuzz)[A-Za-z0-9]+)(?:/([^`]+))?`")

// suites is where tests are that several packages share.
const suites = "internal/httpsource/sourcetest"

// TestSecurityClaims checks that every claim of docs/security.md has a test, and
// that every test named there exists.
func TestSecurityClaims(t *testing.T) {
	document, err := os.ReadFile("docs/security.md")
	require.NoError(t, err)
	claims := 0
	inClaims := false
	for line := range strings.Lines(string(document)) {
		switch {
		case strings.HasPrefix(line, "| claim |"):
			inClaims = true
			continue
		case !strings.HasPrefix(line, "|"):
			inClaims = false
		}
		if !inClaims || strings.HasPrefix(line, "|---") {
			continue
		}
		claims++
		tests := namedTest.FindAllStringSubmatch(line, -1)
		require.NotEmpty(t, tests, "no test for the claim %s", line)
		require.Len(t, tests, strings.Count(line, ": Test")+strings.Count(line, ": Fuzz"), "a test that is not named as the others: %s", line)
		for _, named := range tests {
			if problem := missing(t, named[1], named[2], named[3]); problem != "" {
				t.Errorf("docs/security.md names %s, but %s", named[0], problem)
			}
		}
	}
	require.Greater(t, claims, 30)
}

func TestMissingSecurityTestsAreFound(t *testing.T) {
	require.Empty(t, missing(t, "langsmith", "TestHostile", "JSON a million deep"))
	require.NotEmpty(t, missing(t, "langsmith", "TestHostil", ""))
	require.NotEmpty(t, missing(t, "langsmith", "TestHostile", "JSON a billion deep"))
	require.NotEmpty(t, missing(t, "nowhere", "TestHostile", ""))
}

// missing says what is not there of a test, or nothing.
func missing(t *testing.T, dir, name, part string) string {
	t.Helper()
	functions, texts := declared(t, filepath.Join(dir, "*_test.go"))
	if !functions[name] {
		return "there is no such function"
	}
	_, shared := declared(t, filepath.Join(suites, "*.go"))
	if part != "" && !texts[part] && !shared[part] {
		return "no subtest is called so"
	}
	return ""
}

// declared returns the functions and the texts in files.
func declared(t *testing.T, pattern string) (functions, texts map[string]bool) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	functions, texts = make(map[string]bool), make(map[string]bool)
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				functions[n.Name.Name] = true
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); err == nil {
					texts[text] = true
				}
			}
			return true
		})
	}
	return functions, texts
}
