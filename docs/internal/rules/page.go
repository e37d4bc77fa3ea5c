package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// Pages are the pages of docs that have tables of rules, by their names, such as
// "docs/protocols.md", as a tree's tests declare the rules. The error joins all that is
// wrong.
func Pages(tree fs.FS) (map[string]string, error) {
	rules, err := Declared(tree)
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(tree, "docs/*.md")
	if err != nil {
		return nil, err
	}
	pages, placed, problems := map[string]string{}, map[string]bool{}, []error{}
	for _, name := range names {
		raw, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, err
		}
		p := page{name: name, text: string(raw), rules: rules, placed: placed}
		if text := p.filled(); strings.Contains(text, begins) {
			pages[name] = text
		}
		problems = append(problems, p.problems...)
	}
	for _, r := range rules {
		if !placed[r.Section] {
			placed[r.Section] = true
			problems = append(problems, fmt.Errorf("no page of docs says <!-- rules: %s -->, where the rules that %s declares would stand", r.Section, r.Tests[0].Name))
		}
	}
	return pages, errors.Join(problems...)
}

const begins = "<!-- rules: "

var table = regexp.MustCompile(`(?s)(<!-- rules: ([a-z]+) -->\n)(.*?)(<!-- end of rules -->)`)

type page struct {
	name, text string
	rules      []Rule
	placed     map[string]bool // sections that have their table, on whatever page
	problems   []error
}

// filled is the page with its tables written anew.
func (p *page) filled() string {
	if tables := table.FindAllString(p.text, -1); len(tables) != strings.Count(p.text, begins) || strings.Count(strings.Join(tables, ""), begins) != len(tables) {
		p.wrong("a table of rules that begins has to end with <!-- end of rules -->")
	}
	return table.ReplaceAllStringFunc(p.text, func(old string) string {
		m := table.FindStringSubmatch(old)
		return m[1] + p.section(m[2]) + m[4]
	})
}

func (p *page) wrong(format string, args ...any) {
	p.problems = append(p.problems, fmt.Errorf(p.name+": "+format, args...))
}

// section is the table of a section.
func (p *page) section(section string) string {
	if p.placed[section] {
		p.wrong("the rules of %s stand in two places", section)
	}
	p.placed[section] = true
	rows := strings.Builder{}
	rows.WriteString("| rule | | source | test |\n| --- | --- | --- | --- |\n")
	some := false
	for _, r := range p.rules {
		if r.Section == section {
			some = true
			p.checkSource(r)
			fmt.Fprintf(&rows, "| %s | %s | %s | %s |\n", r.Number, cell(r.Text), cell(r.Source), links(r.Tests))
		}
	}
	if !some {
		p.wrong("no test declares a rule of %s", section)
	}
	return rows.String()
}

var explained = regexp.MustCompile(`(?m)^\| \*\*([^*|]+)\*\* \|`)

// checkSource: each source begins with an abbreviation that the page explains, in a
// table row like "| **AG** | ... |", or is "-".
func (p *page) checkSource(r Rule) {
	known := []string{"-"}
	for _, m := range explained.FindAllStringSubmatch(p.text, -1) {
		known = append(known, m[1])
	}
	for one := range strings.SplitSeq(r.Source, ";") {
		one = strings.TrimSpace(one)
		if !slices.ContainsFunc(known, func(k string) bool {
			rest, ok := strings.CutPrefix(one, k)
			return ok && (rest == "" || strings.ContainsRune(" ,-", rune(rest[0])))
		}) {
			p.wrong("the source %q of rule %s %s is not explained, want one of %s", one, r.Section, r.Number, strings.Join(known, ", "))
		}
	}
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func links(tests []Test) string {
	out := make([]string, len(tests))
	for i, t := range tests {
		out[i] = fmt.Sprintf("[%s](../%s)", t.Name, t.File)
	}
	return strings.Join(out, ", ")
}
