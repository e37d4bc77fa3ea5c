package rules

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Rule is something that the code does, as the tests that show it declare it.
type Rule struct {
	Section string
	Number  Number // within its section
	Text    string // Markdown on one line, without a period at its end
	Source  string // "AG; - for relative ones"
	Tests   []Test // the one that declares it comes first
}

// Test is a test function.
type Test struct {
	Name string
	File string // from the root of the tree, with slashes
}

// Declared are the rules that a tree's tests declare, by their sections and numbers. The
// error joins all that is wrong with them.
func Declared(tree fs.FS) ([]Rule, error) {
	found, err := find(tree)
	problems := []error{err}
	slices.SortStableFunc(found, func(a, b declaration) int {
		return cmp.Or(strings.Compare(a.section, b.section), a.number.compare(b.number))
	})
	var rules []Rule
	for _, same := range chunks(found) {
		r, err := merged(same)
		rules, problems = append(rules, r), append(problems, err)
	}
	problems = append(problems, gaps(rules))
	return rules, errors.Join(problems...)
}

// chunks are the declarations of each rule.
func chunks(sorted []declaration) [][]declaration {
	var out [][]declaration
	for i, d := range sorted {
		if i == 0 || d.section != sorted[i-1].section || d.number != sorted[i-1].number {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], d)
	}
	return out
}

// merged is the rule of all its declarations.
func merged(all []declaration) (Rule, error) {
	r := Rule{Section: all[0].section, Number: all[0].number}
	i := slices.IndexFunc(all, func(d declaration) bool { return d.source != "" })
	if i < 0 {
		return r, fmt.Errorf("%s: rule %s %s has no source, here or elsewhere: its directive is //rule:%[2]s %[3]s SOURCE", all[0].at, r.Section, r.Number)
	}
	first := all[i]
	if first.text == "" {
		return r, fmt.Errorf("%s: rule %s %s says nothing: its text stands over its directive", first.at, r.Section, r.Number)
	}
	r.Text, r.Source, r.Tests = first.text, first.source, slices.Clone(first.tests)
	for _, d := range all {
		if d.source != "" && (d.text != first.text || d.source != first.source) {
			return r, fmt.Errorf("%s: rule %s %s is declared otherwise at %s: leave the source out where it is only shown", d.at, r.Section, r.Number, first.at)
		}
		for _, t := range d.tests {
			if !slices.Contains(r.Tests, t) {
				r.Tests = append(r.Tests, t)
			}
		}
	}
	return r, nil
}
