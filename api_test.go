package perdure_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// public are the packages that services, tests and workers of one's own are written with.
var public = []string{"activities/auth", "activities/protocol", "child", "payloads", "perduretest", "starter", "storage", "tokens", "worker", "worker/telemetry"}

// Whoever reads about an exported type finds code that uses it.
func TestEveryExportedTypeHasAnExample(t *testing.T) {
	t.Parallel()
	exports := exportData(t)
	for _, pkg := range public {
		t.Run(pkg, func(t *testing.T) {
			t.Parallel()
			used := typesInExamples(t, pkg, exports)
			var without []string
			for _, typ := range documentation(t, pkg).Types {
				if !used[module+"/"+pkg+"."+typ.Name] {
					without = append(without, typ.Name)
				}
			}
			require.Empty(t, without)
		})
	}
}

// Whoever reads about a type of the root finds code that uses it, or its fields and JSON in
// the contract. What a workflow and its own activities tell each other is nobody else's.
func TestEveryTypeOfTheRootIsShown(t *testing.T) {
	t.Parallel()
	exports := exportData(t)
	used := map[string]bool{}
	for _, pkg := range append([]string{""}, public...) {
		maps.Copy(used, typesInExamples(t, pkg, exports))
	}
	for _, file := range parsed(t, token.NewFileSet(), "*task.go") {
		ast.Inspect(file, func(n ast.Node) bool {
			if typ, ok := n.(*ast.TypeSpec); ok {
				used[module+"."+typ.Name.Name] = true
			}
			return true
		})
	}
	contract := read(t, "docs/contract.md")
	var without []string
	for _, typ := range documentation(t, "").Types {
		if !used[module+"."+typ.Name] && !strings.Contains(contract, "<!-- fields/"+typ.Name+" -->") {
			without = append(without, typ.Name)
		}
	}
	require.Empty(t, without)
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	t.Parallel()
	for _, pkg := range append([]string{"", "activities/protocol/protocoltest", "storage/s3"}, public...) {
		t.Run("package "+pkg, func(t *testing.T) {
			t.Parallel()
			p := documentation(t, pkg)
			require.NotEmpty(t, p.Doc)
			require.Empty(t, undocumented(p))
		})
	}
}

func undocumented(p *doc.Package) (names []string) {
	note := func(words string, name ...string) {
		if words == "" {
			names = append(names, strings.Join(name, " "))
		}
	}
	funcs, values := p.Funcs, slices.Concat(p.Consts, p.Vars)
	for _, typ := range p.Types {
		note(typ.Doc, typ.Name)
		funcs = slices.Concat(funcs, typ.Funcs, typ.Methods)
		values = slices.Concat(values, typ.Consts, typ.Vars)
	}
	for _, f := range funcs {
		note(f.Doc, f.Recv, f.Name)
	}
	for _, v := range values {
		note(v.Doc, v.Names...)
	}
	return names
}

// typesInExamples are the types of this module that occur in the examples of a package.
func typesInExamples(t *testing.T, pkg string, exports map[string]string) map[string]bool {
	t.Helper()
	fset := token.NewFileSet()
	files := parsed(t, fset, filepath.Join(pkg, "example*_test.go"))
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})}
	_, err := config.Check(module+"/"+pkg+"_test", fset, files, info)
	require.NoError(t, err)

	used := map[string]bool{}
	for _, file := range files {
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(f.Name.Name, "Example") {
				continue
			}
			ast.Inspect(f.Body, func(n ast.Node) bool {
				if e, ok := n.(ast.Expr); ok {
					name(info.Types[e].Type, used)
				}
				if id, ok := n.(*ast.Ident); ok && info.Defs[id] != nil {
					name(info.Defs[id].Type(), used)
				}
				return true
			})
		}
	}
	return used
}

// name notes the named types that a type is, points to, holds or gives.
func name(typ types.Type, into map[string]bool) {
	switch typ := types.Unalias(typ).(type) {
	case *types.Named:
		if of := typ.Obj(); of.Pkg() != nil {
			into[of.Pkg().Path()+"."+of.Name()] = true
		}
	case *types.Pointer:
		name(typ.Elem(), into)
	case *types.Slice:
		name(typ.Elem(), into)
	case *types.Signature:
		name(typ.Results(), into)
	case *types.Tuple:
		for v := range typ.Variables() {
			name(v.Type(), into)
		}
	}
}

func documentation(t *testing.T, pkg string) *doc.Package {
	t.Helper()
	fset := token.NewFileSet()
	p, err := doc.NewFromFiles(fset, parsed(t, fset, filepath.Join(pkg, "*.go")), module+"/"+pkg)
	require.NoError(t, err)
	return p
}

func parsed(t *testing.T, fset *token.FileSet, pattern string) (files []*ast.File) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	require.NoError(t, err)
	for _, path := range paths {
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, file)
	}
	return files
}

// exportData says where the compiler has left what the examples import.
func exportData(t *testing.T) map[string]string {
	t.Helper()
	files, err := listExports()
	require.NoError(t, err)
	return files
}

var listExports = sync.OnceValues(func() (map[string]string, error) {
	args := []string{"list", "-export", "-deps", "-test", "-f", `{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}`}
	for _, pkg := range append([]string{""}, public...) {
		args = append(args, "./"+pkg)
	}
	out, err := exec.CommandContext(context.Background(), "go", args...).Output()
	if exit, failed := errors.AsType[*exec.ExitError](err); failed {
		return nil, fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		// A package that is compiled again for a test has that test's name behind it.
		if fields := strings.Fields(line); len(fields) == 2 {
			files[fields[0]] = fields[1]
		}
	}
	return files, nil
})
