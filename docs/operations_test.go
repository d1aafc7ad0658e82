package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// said is the messages that are logged, each with its levels, the loudest first.
type said map[string][]string

func (s said) add(message string, levels ...string) {
	loudness := []string{"ERROR", "WARN", "INFO", "DEBUG"}
	for _, level := range levels {
		if !slices.Contains(s[message], level) {
			s[message] = append(s[message], level)
		}
	}
	slices.SortFunc(s[message], func(a, b string) int { return slices.Index(loudness, a) - slices.Index(loudness, b) })
}

// parsed returns the files of a package's folder, without its tests.
func parsed(t *testing.T, dir string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	var out []*ast.File
	for _, path := range paths {
		if !strings.HasSuffix(path, "_test.go") {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			out = append(out, file)
		}
	}
	require.NotEmpty(t, out, "no source in %s", dir)
	return out
}

// texts returns the values that an argument can have: its own, if it is a
// literal or a level's name, or all that the function assigns to the variable.
func texts(fn *ast.FuncDecl, arg ast.Expr) []string {
	switch arg := arg.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(arg.Value)
		return []string{text}
	case *ast.Ident:
		if level, ok := strings.CutPrefix(arg.Name, "level"); ok && level != "" {
			return []string{strings.ToUpper(level)}
		}
		var out []string
		ast.Inspect(fn, func(n ast.Node) bool {
			if assign, ok := n.(*ast.AssignStmt); ok && len(assign.Lhs) == len(assign.Rhs) {
				for i, to := range assign.Lhs {
					if to, ok := to.(*ast.Ident); ok && to.Name == arg.Name {
						out = append(out, texts(fn, assign.Rhs[i])...)
					}
				}
			}
			return true
		})
		return out
	}
	return nil
}

// logged returns what promptcache can log, as its source says: by logLater, by
// logOutageLocked, which picks the level, and by the logger itself.
func logged(t *testing.T) said {
	t.Helper()
	out := make(said)
	var outage []string // the levels that logOutageLocked picks from
	var begins []string // what it is called with
	for _, file := range parsed(t, "../promptcache") {
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				callee, ok := call.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				on, _ := callee.X.(*ast.SelectorExpr)
				switch name := callee.Sel.Name; {
				case name == "logLater" && fn.Name.Name == "logOutageLocked":
					outage = texts(fn, call.Args[0])
				case name == "logLater":
					levels, messages := texts(fn, call.Args[0]), texts(fn, call.Args[1])
					require.NotEmpty(t, levels, "%s logs at a level that this test cannot tell", fn.Name.Name)
					require.NotEmpty(t, messages, "%s logs what this test cannot tell", fn.Name.Name)
					for _, message := range messages {
						out.add(message, levels...)
					}
				case name == "logOutageLocked":
					begins = append(begins, texts(fn, call.Args[1])...)
				case on != nil && on.Sel.Name == "logger":
					require.Contains(t, []string{"Debug", "Info", "Warn", "Error"}, name, "in %s", fn.Name.Name)
					for _, message := range texts(fn, call.Args[0]) {
						out.add(message, strings.ToUpper(name))
					}
				}
				return true
			})
		}
	}
	require.NotEmpty(t, outage)
	require.NotEmpty(t, begins)
	for _, message := range begins {
		out.add(message, outage...)
	}
	return out
}

func TestOperationsListsEveryLogMessage(t *testing.T) {
	text, err := os.ReadFile("operations.md")
	require.NoError(t, err)
	listed := make(said)
	for _, row := range regexp.MustCompile("(?m)^\\| ([A-Z, ]+) \\| `([^`]+)` \\| (.+) \\| (.+) \\|$").FindAllStringSubmatch(string(text), -1) {
		listed.add(row[2], strings.Split(row[1], ", ")...)
	}
	got := logged(t)
	require.GreaterOrEqual(t, len(got), 20)
	require.Equal(t, got, listed)
}

func TestNothingElseLogs(t *testing.T) {
	for _, dir := range []string{"prompt", "langsmith", "langfuse", "promptfs", "internal/httpsource", "metrics", "metrics/prometheus", "metrics/otel"} {
		for _, file := range parsed(t, filepath.Join("..", dir)) {
			ast.Inspect(file, func(n ast.Node) bool {
				if use, ok := n.(*ast.SelectorExpr); ok {
					from, _ := use.X.(*ast.Ident)
					if from != nil && (from.Name == "slog" || from.Name == "log") {
						require.Contains(t, []string{"Value", "StringValue", "LogValuer"}, use.Sel.Name, "%s uses %s.%s", dir, from.Name, use.Sel.Name)
					}
				}
				return true
			})
		}
	}
}
