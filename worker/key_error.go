package worker

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// KeyError is one thing that is wrong with a configuration. It quotes no value
// that could be a secret.
type KeyError struct {
	File    string // "" for a configuration that was not read from a file
	Line    int    // from 1; 0: unknown
	Key     string // dotted: services.jobs.limits.concurrency; "" for the whole
	Message string
	// Warning: it is allowed, and probably not meant.
	Warning bool
}

// Error is one line: file and line, the key, and what is wrong with it.
func (e *KeyError) Error() string {
	where := cmp.Or(e.File, "configuration")
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d", where, e.Line)
	}
	if e.Key != "" {
		where += ": " + e.Key
	}
	if e.Warning {
		where += ": warning"
	}
	return strings.Map(printable, where+": "+e.Message)
}

func printable(r rune) rune {
	if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
		return ' '
	}
	return r
}

// joined is all problems in the order of their lines, or nil for none.
func joined(problems []*KeyError) error {
	errs := make([]error, len(problems))
	for i, p := range sorted(problems) {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// sorted has them in the order of their lines.
func sorted(problems []*KeyError) []*KeyError {
	slices.SortStableFunc(problems, func(a, b *KeyError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Key, b.Key))
	})
	return problems
}
