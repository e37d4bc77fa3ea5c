package rules

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// declaration is one directive.
type declaration struct {
	section      string
	number       Number
	text, source string
	tests        []Test
	at           token.Position
}

// find gives the directives of all Go files of a tree.
func find(tree fs.FS) ([]declaration, error) {
	folders, err := withDirectives(tree)
	if err != nil {
		return nil, err
	}
	var found []declaration
	var problems []error
	for _, folder := range folders {
		sources, err := parse(tree, folder)
		if err != nil {
			return nil, err
		}
		for _, s := range sources {
			for _, comment := range s.Comments {
				some, err := s.read(comment, sources)
				found, problems = append(found, some...), append(problems, err)
			}
		}
	}
	return found, errors.Join(problems...)
}

// withDirectives are the folders in whose Go files something is declared.
func withDirectives(tree fs.FS) (folders []string, err error) {
	err = fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if base := path.Base(name); base == "testdata" || base == "node_modules" || base != "." && strings.HasPrefix(base, ".") {
				return fs.SkipDir
			}
		case strings.HasSuffix(name, ".go") && !slices.Contains(folders, path.Dir(name)):
			source, err := fs.ReadFile(tree, name)
			if err != nil {
				return err
			}
			if bytes.Contains(source, []byte("//rule:")) {
				folders = append(folders, path.Dir(name))
			}
		}
		return nil
	})
	return folders, err
}

// source is a Go file.
type source struct {
	*ast.File
	name  string
	files *token.FileSet
}

func parse(tree fs.FS, folder string) (sources []source, err error) {
	names, err := fs.Glob(tree, path.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	files := token.NewFileSet()
	for _, name := range names {
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(files, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		sources = append(sources, source{file, name, files})
	}
	return sources, nil
}

// read gives what a comment declares; sources are all the files of its folder.
func (s source) read(comment *ast.CommentGroup, sources []source) (found []declaration, err error) {
	for _, line := range comment.List {
		directive, ok := ast.ParseDirective(line.Slash, line.Text)
		if !ok || directive.Tool != "rule" {
			continue
		}
		number, from, _ := strings.Cut(directive.Args, " ")
		d := declaration{section: directive.Name, source: strings.TrimSpace(from), text: sentence(comment), at: s.files.Position(line.Slash)}
		if d.number, err = parseNumber(number); err != nil {
			return nil, fmt.Errorf("%s: %w", d.at, err)
		}
		if d.tests = s.showing(comment, sources); len(d.tests) == 0 {
			return nil, fmt.Errorf("%s: rule %s %s is declared at no test function", d.at, d.section, d.number)
		}
		found = append(found, d)
	}
	return found, nil
}

// sentence is the first paragraph of a comment, on one line.
func sentence(comment *ast.CommentGroup) string {
	paragraph, _, _ := strings.Cut(comment.Text(), "\n\n")
	return strings.TrimSuffix(strings.Join(strings.Fields(paragraph), " "), ".")
}
