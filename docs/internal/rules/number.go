package rules

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// Number is the place of a rule in its section: 10, or 10a for a part of 10.
type Number struct {
	Rule int
	Part string // a letter, or nothing
}

var number = regexp.MustCompile(`^([1-9][0-9]*)([a-z]?)$`)

func parseNumber(s string) (Number, error) {
	m := number.FindStringSubmatch(s)
	if m == nil {
		return Number{}, fmt.Errorf("%q is no number of a rule, want one like 10 or 10a", s)
	}
	n, err := strconv.Atoi(m[1])
	return Number{Rule: n, Part: m[2]}, err
}

func (n Number) String() string { return strconv.Itoa(n.Rule) + n.Part }

func (n Number) compare(other Number) int {
	return cmp.Or(cmp.Compare(n.Rule, other.Rule), cmp.Compare(n.Part, other.Part))
}

// next are the numbers that may follow: the next rule, and the next part of this one.
func (n Number) next() (rule, part Number) {
	part = Number{n.Rule, "a"}
	if n.Part != "" {
		part.Part = string(n.Part[0] + 1)
	}
	return Number{Rule: n.Rule + 1}, part
}

// gaps says which numbers are missing between rules that are sorted.
func gaps(rules []Rule) error {
	var problems []error
	for i, r := range rules {
		var before Number
		if i > 0 && rules[i-1].Section == r.Section {
			before = rules[i-1].Number
		}
		if rule, part := before.next(); r.Number != rule && (before == Number{} || r.Number != part) {
			problems = append(problems, fmt.Errorf("rule %s %s follows %s: what is between them is declared by no test", r.Section, r.Number, before))
		}
	}
	return errors.Join(problems...)
}
