// Package shown shows what a workflow knows where it can be seen without asking it: in
// search attributes, in the memo and in Temporal's web UI.
//
// May import: the root package, workflows/internal/failure and Temporal's SDK.
package shown

import (
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

const maxAttributeBytes = 255

// Status is what is shown.
type Status struct {
	State   perdure.State
	Service string
	Done    bool
	// Head is the kind of workflow, and what it is about; Lines are for people, beside
	// state and service.
	Head  Line
	Lines []Line
	// Memo is a small status, for readers that find no worker.
	Memo any
}

// Published is what search attributes and memo say, so that only changes are written.
type Published struct {
	State   string `json:"state,omitempty"`
	Service string `json:"service,omitempty"`
	Done    bool   `json:"done,omitempty"`
}

// Publish shows a status. Attributes are the search attributes that the namespace has.
func Publish(work workflow.Context, s Status, before *Published, attributes []string) {
	workflow.SetCurrentDetails(work, s.Details())
	now := Published{State: string(s.State), Service: failure.Cut(s.Service, maxAttributeBytes), Done: s.Done}
	if now == *before {
		return
	}
	var updates []temporal.SearchAttributeUpdate
	for _, keyword := range []struct{ name, before, after string }{
		{perdure.SearchAttributeState, before.State, now.State},
		{perdure.SearchAttributeService, before.Service, now.Service},
	} {
		if keyword.before != keyword.after && slices.Contains(attributes, keyword.name) {
			updates = append(updates, temporal.NewSearchAttributeKeyKeyword(keyword.name).ValueSet(keyword.after))
		}
	}
	*before = now
	if len(updates) > 0 {
		if err := workflow.UpsertTypedSearchAttributes(work, updates...); err != nil {
			workflow.GetLogger(work).Warn("search attributes were not set", "error", err)
		}
	}
	if err := workflow.UpsertMemo(work, map[string]any{perdure.MemoStatus: s.Memo}); err != nil {
		workflow.GetLogger(work).Warn("memo was not set", "error", err)
	}
}

// Details is what Temporal's web UI shows, in Markdown.
func (s Status) Details() string {
	return Table(s.Head, slices.Concat([]Line{{Name: "State", Value: string(s.State)}, {Name: "Service", Value: s.Service}}, s.Lines)...)
}

// Brief is an error without its details.
func Brief(e *perdure.ServiceError) *perdure.ServiceError {
	if e == nil {
		return nil
	}
	c := *e
	c.Details = nil
	return &c
}
