package shown

import (
	"fmt"
	"strings"

	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

// Line is a row of a table: a name and what is known of it.
type Line struct {
	Name string
	// Value is the service's, or a caller's, and is shown as it is spelled.
	Value string
	// Words are ours, in Markdown, after the value.
	Words string
}

const maxCellBytes = 240

// Table is what Temporal's web UI shows as the current details, in Markdown: the first
// line is its head. Lines without anything in them are left out.
func Table(head Line, lines ...Line) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | %s |\n| --- | --- |\n", head.Name, head.cell())
	for _, line := range lines {
		if cell := line.cell(); cell != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", line.Name, cell)
		}
	}
	return b.String()
}

var inCell = strings.NewReplacer("`", "'", "|", `\|`, "\n", " ", "\r", " ")

func (l Line) cell() string {
	if l.Value == "" {
		return l.Words
	}
	value := "`" + inCell.Replace(failure.Cut(l.Value, maxCellBytes)) + "`"
	if l.Words == "" {
		return value
	}
	return value + " " + l.Words
}
