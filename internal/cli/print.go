package cli

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/perdure-dev/perdure"
)

// printJSON writes one document on a line of its own. Values of callers and services
// come out as they are.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.Stdout)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// printResult writes the value, or with --output json the whole result.
func (a *app) printResult(id string, p progressFlags, r perdure.OperationResult) error {
	if a.json() {
		if len(r.Value) == 0 {
			r.Value = json.RawMessage("null")
		}
		return a.printJSON(r)
	}
	if r.ValueBody != nil {
		return a.printBody(r.ValueBody)
	}
	if len(r.Value) == 0 || string(r.Value) == "null" {
		p.note(a.Stderr, "%s: %s; it has no value", id, stateWords(perdure.Status{State: r.State, ServiceStatus: r.ServiceStatus}))
		return nil
	}
	return a.printPretty(r.Value)
}

func (a *app) printPretty(raw json.RawMessage) error {
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return fmt.Errorf("the value is not JSON: %w", err)
	}
	out.WriteByte('\n')
	_, err := a.Stdout.Write(out.Bytes())
	return err
}

// printBody writes a body as it is. Bytes that are no text stay off a terminal.
func (a *app) printBody(b *perdure.Body) error {
	if b.JSON != nil {
		return a.printPretty(b.JSON)
	}
	content, err := b.Bytes()
	if err != nil {
		return fmt.Errorf("read the value: %w", err)
	}
	if b.Base64 != nil && isTerminal(a.Stdout) {
		fmt.Fprintf(a.Stderr, "%d bytes that are no text: send standard output to a file to keep them\n", len(content))
		return nil
	}
	if _, err := a.Stdout.Write(content); err != nil {
		return err
	}
	if b.Text != nil && !bytes.HasSuffix(content, []byte("\n")) && isTerminal(a.Stdout) {
		fmt.Fprintln(a.Stdout)
	}
	return nil
}

// printStarted is the answer of what starts and does not wait.
func (a *app) printStarted(op operation, token string, s perdure.Status) error {
	if a.json() {
		return a.printJSON(struct {
			WorkflowID string         `json:"workflowId"`
			RunID      string         `json:"runId"`
			Token      string         `json:"token"`
			Status     perdure.Status `json:"status"`
		}{op.ID(), op.RunID(), token, s})
	}
	return a.printStatus(op.ID(), s)
}
