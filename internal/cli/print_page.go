package cli

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/perdure-dev/perdure"
)

// printPage writes a page as one line, or as one for each of its values.
func (a *app) printPage(p *page, values bool) error {
	if a.json() && !values {
		return a.printJSON(document(p))
	}
	lines := []json.RawMessage{valuesOf(p)}
	head := fmt.Sprintf("page %d, %s: ", p.Index, count(len(p.Values), "item"))
	if values {
		lines, head = p.Values, ""
	}
	var out bytes.Buffer
	for _, line := range lines {
		out.WriteString(head)
		if err := json.Compact(&out, line); err != nil {
			return fmt.Errorf("page %d: a value is not JSON: %w", p.Index, err)
		}
		out.WriteByte('\n')
	}
	_, err := a.Stdout.Write(out.Bytes())
	return err
}

// document is a page as the contract has it.
func document(p *page) perdure.Page {
	return perdure.Page{
		Values: valuesOf(p), PageToken: p.PageToken.Text(), NextPageToken: p.NextPageToken.Text(),
		Last: p.Last, Index: p.Index, Response: p.Response,
	}
}

// valuesOf is the JSON array of a page's values, each as it is.
func valuesOf(p *page) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, v := range p.Values {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(v)
	}
	b.WriteByte(']')
	return b.Bytes()
}
