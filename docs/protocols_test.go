package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The tests that the page's prose names exist.
func TestProtocolsNamesTests(t *testing.T) {
	there := map[string]bool{}
	for _, root := range []string{"../activities", "../difftests", "../worker"} {
		require.NoError(t, filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			for _, d := range parsed(t, path).Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
					there[f.Name.Name] = true
				}
			}
			return nil
		}))
	}
	prose := regexp.MustCompile(`(?s)<!-- rules: .*?<!-- end of rules -->`).ReplaceAllString(protocolsPage(t), "")
	named := regexp.MustCompile(`\b(Test|Fuzz)[A-Z][A-Za-z0-9]*\b`).FindAllString(prose, -1)
	require.NotEmpty(t, named)
	for _, name := range named {
		require.True(t, there[name], "protocols.md names %s, which is nowhere below activities, difftests and worker", name)
	}
}

// Each protocol that a worker has built in has a section, which names its options.
func TestProtocolsHasASectionForEach(t *testing.T) {
	page := protocolsPage(t)
	for _, folder := range builtIn(t, "Protocol") {
		t.Run(folder, func(t *testing.T) {
			name, options := described(t, filepath.Join("../activities/protocol", folder))
			require.NotEmpty(t, options)
			_, section, found := strings.Cut(page, "\n## "+name+"\n")
			require.True(t, found, "protocols.md has no section %s", name)
			section, _, _ = strings.Cut(section, "\n## ")
			for _, option := range options {
				require.Contains(t, section, "\n| `"+option+"` |")
			}
		})
	}
}

// So has each pager, among the pages; the options that all of them have come first.
func TestPagesHasASectionForEach(t *testing.T) {
	_, pages, found := strings.Cut(protocolsPage(t), "\n## Pages\n")
	require.True(t, found)
	check := func(title string, options []string) {
		_, section, found := strings.Cut(pages, "\n### "+title+"\n")
		require.True(t, found, "protocols.md has no section %s", title)
		section, _, _ = strings.Cut(section, "\n### ")
		for _, option := range options {
			require.Contains(t, section, "\n| `"+option+"` |", title)
		}
	}
	_, shared := described(t, "../activities/protocol/paging")
	require.NotEmpty(t, shared)
	check("Every pager", shared)
	protocols := builtIn(t, "Protocol")
	for _, folder := range builtIn(t, "Pager") {
		name, options := described(t, filepath.Join("../activities/protocol", folder))
		if slices.Contains(protocols, folder) {
			options = nil // they are the protocol's
		}
		check("Pager "+name, options)
	}
}

func protocolsPage(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("protocols.md")
	require.NoError(t, err)
	return string(raw)
}

// builtIn are the packages whose Protocol{}, or Pager{}, the worker registers.
func builtIn(t *testing.T, kind string) (folders []string) {
	t.Helper()
	ast.Inspect(parsed(t, "../worker/protocols.go"), func(n ast.Node) bool {
		if literal, ok := n.(*ast.CompositeLit); ok {
			if s, ok := literal.Type.(*ast.SelectorExpr); ok && s.Sel.Name == kind {
				if folder, ok := s.X.(*ast.Ident); ok {
					folders = append(folders, folder.Name)
				}
			}
		}
		return true
	})
	require.NotEmpty(t, folders)
	return folders
}

// described is the constant Name of a protocol's package, and the keys of its type
// options.
func described(t *testing.T, folder string) (name string, options []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(t, err)
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		ast.Inspect(parsed(t, path), func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if n.Names[0].Name == "Name" && len(n.Values) == 1 {
					name = unquoted(t, n.Values[0])
				}
			case *ast.TypeSpec:
				if s, ok := n.Type.(*ast.StructType); ok && n.Name.Name == "options" {
					for _, f := range s.Fields.List {
						options = append(options, reflect.StructTag(unquoted(t, f.Tag)).Get("json"))
					}
				}
			}
			return true
		})
	}
	return name, options
}

func unquoted(t *testing.T, e ast.Expr) string {
	t.Helper()
	literal, ok := e.(*ast.BasicLit)
	require.True(t, ok)
	text, err := strconv.Unquote(literal.Value)
	require.NoError(t, err)
	return text
}

func parsed(t *testing.T, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	return file
}
