package rules

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
)

// showing are the tests that a comment belongs to: the one that it stands over or in,
// or those that use the variable that it stands over or in.
func (s source) showing(comment *ast.CommentGroup, sources []source) []Test {
	for _, decl := range s.Decls {
		begin := decl.Pos()
		if doc := docOf(decl); doc != nil {
			begin = doc.Pos()
		}
		if comment.Pos() < begin || comment.End() > decl.End() {
			continue
		}
		if f, ok := decl.(*ast.FuncDecl); ok {
			if !s.isTest(f) {
				return nil
			}
			return []Test{{f.Name.Name, s.name}}
		}
		return s.users(decl, sources)
	}
	return nil
}

func docOf(decl ast.Decl) *ast.CommentGroup {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		return d.Doc
	case *ast.GenDecl:
		return d.Doc
	}
	return nil
}

var testName = regexp.MustCompile(`^(Test|Fuzz)([^a-z]|$)`)

// isTest says whether go test runs a function.
func (s source) isTest(f *ast.FuncDecl) bool {
	name := testName.FindStringSubmatch(f.Name.Name)
	if name == nil || f.Recv != nil || !strings.HasSuffix(s.name, "_test.go") || len(f.Type.Params.List) != 1 {
		return false
	}
	pointer, ok := f.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	of, ok := pointer.X.(*ast.SelectorExpr)
	return ok && of.Sel.Name == name[1][:1] // testing.T, testing.F
}

// users are the tests of a package that use a variable of it, or another variable that
// does. Fuzz tests are left out: they take cases as seeds, whatever becomes of them.
func (s source) users(decl ast.Decl, sources []source) (tests []Test) {
	names := map[string]bool{}
	for _, spec := range variables(decl) {
		name(spec, names)
	}
	for before := 0; before < len(names); {
		before = len(names)
		s.each(sources, func(_ source, decl ast.Decl) {
			for _, spec := range variables(decl) {
				if mentions(spec, names) {
					name(spec, names)
				}
			}
		})
	}
	s.each(sources, func(in source, decl ast.Decl) {
		if f, ok := decl.(*ast.FuncDecl); ok && in.isTest(f) && strings.HasPrefix(f.Name.Name, "Test") && mentions(f.Body, names) {
			tests = append(tests, Test{f.Name.Name, in.name})
		}
	})
	return tests
}

// each visits the declarations of a file's package.
func (s source) each(sources []source, visit func(in source, decl ast.Decl)) {
	for _, other := range sources {
		if other.Name.Name != s.Name.Name {
			continue
		}
		for _, decl := range other.Decls {
			visit(other, decl)
		}
	}
}

func variables(decl ast.Decl) (specs []*ast.ValueSpec) {
	if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.VAR {
		for _, spec := range d.Specs {
			if v, ok := spec.(*ast.ValueSpec); ok {
				specs = append(specs, v)
			}
		}
	}
	return specs
}

func name(spec *ast.ValueSpec, names map[string]bool) {
	for _, n := range spec.Names {
		names[n.Name] = true
	}
}

func mentions(node ast.Node, names map[string]bool) (found bool) {
	ast.Inspect(node, func(n ast.Node) bool {
		if i, ok := n.(*ast.Ident); ok && names[i.Name] {
			found = true
		}
		return !found
	})
	return found
}
