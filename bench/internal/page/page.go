// Package page puts what a benchmark measured into a page of the documentation.
//
// May import: the standard library.
package page

import (
	"fmt"
	"os"
	"strings"
)

// Write replaces texts of a page by their names, each between its marks, which are lines:
//
//	<!-- bench:begin polling starts -->
//	<!-- bench:end polling starts -->
//
// for the text "starts" of the benchmark "polling". One that has no place is an error, and
// nothing is written.
func Write(path, benchmark string, texts map[string]string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	written := string(content)
	for name, text := range texts {
		begin := fmt.Sprintf("<!-- bench:begin %s %s -->\n", benchmark, name)
		end := fmt.Sprintf("<!-- bench:end %s %s -->", benchmark, name)
		before, rest, begun := strings.Cut(written, begin)
		_, after, ended := strings.Cut(rest, end)
		if !begun || !ended {
			return fmt.Errorf("%s has no place for %q", path, name)
		}
		written = before + begin + text + end + after
	}
	return os.WriteFile(path, []byte(written), 0o644) //nolint:gosec // documentation
}
