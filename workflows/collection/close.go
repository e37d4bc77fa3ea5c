package collection

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

// end decides how the collection ended. The first decision counts.
func (c *collection) end(work workflow.Context, how closing, state perdure.State, errorType string, why *perdure.ServiceError) {
	if c.done() {
		return
	}
	c.closing = how
	s := &c.Status
	s.State, s.Done, s.EndedAt = state, true, workflow.Now(work).UTC()
	s.ErrorType, s.Error = errorType, why
	c.publish(work)
}

// close waits for the handlers and closes the workflow.
func (c *collection) close(work workflow.Context) (*perdure.CollectionResult, error) {
	if err := workflow.Await(work, func() bool { return workflow.AllHandlersFinished(work) }); err != nil {
		return nil, err
	}
	s := c.Status
	switch c.closing {
	case completed:
		return &perdure.CollectionResult{State: s.State, Pages: s.Pages, Items: s.Items, NextPageToken: s.NextPageToken}, nil
	case canceled:
		return nil, temporal.NewCanceledError(s)
	case open, failed:
	}
	return nil, failure.Ended(s.ErrorType, s.Error, s)
}

// published is what search attributes and memo say, so that only changes are written.
type published struct {
	State   string `json:"state,omitempty"`
	Service string `json:"service,omitempty"`
	Done    bool   `json:"done,omitempty"`
}

const maxAttributeBytes = 255

// publish shows the status where it can be seen without asking the workflow.
func (c *collection) publish(work workflow.Context) {
	workflow.SetCurrentDetails(work, details(c.Status))
	now := published{State: string(c.Status.State), Service: failure.Cut(c.Status.Service, maxAttributeBytes), Done: c.Status.Done}
	if now == c.Published {
		return
	}
	var updates []temporal.SearchAttributeUpdate
	for _, keyword := range []struct{ name, before, after string }{
		{perdure.SearchAttributeState, c.Published.State, now.State},
		{perdure.SearchAttributeService, c.Published.Service, now.Service},
	} {
		if keyword.before != keyword.after && slices.Contains(c.Attributes, keyword.name) {
			updates = append(updates, temporal.NewSearchAttributeKeyKeyword(keyword.name).ValueSet(keyword.after))
		}
	}
	c.Published = now
	if len(updates) > 0 {
		if err := workflow.UpsertTypedSearchAttributes(work, updates...); err != nil {
			workflow.GetLogger(work).Warn("search attributes were not set", "error", err)
		}
	}
	if err := workflow.UpsertMemo(work, map[string]any{perdure.MemoStatus: forMemo(c.Status)}); err != nil {
		workflow.GetLogger(work).Warn("memo was not set", "error", err)
	}
}

// forMemo is the status without what is large.
func forMemo(s perdure.CollectionStatus) perdure.CollectionStatus {
	s.Segments, s.PageToken, s.NextPageToken = nil, "", ""
	if s.Error != nil {
		e := *s.Error
		e.Details = nil
		s.Error = &e
	}
	return s
}

// details is what Temporal's web UI shows, in Markdown.
func details(s perdure.CollectionStatus) string {
	var b strings.Builder
	for _, line := range []struct{ name, value string }{
		{"state", string(s.State)},
		{"service", s.Service},
		{"protocol", s.Protocol},
		{"pages", strconv.Itoa(s.Pages)},
		{"items", strconv.Itoa(s.Items)},
		{"error type", s.ErrorType},
		{"error", s.Error.String()},
	} {
		if line.value != "" {
			fmt.Fprintf(&b, "- %s: `%s`\n", line.name, strings.ReplaceAll(line.value, "`", "'"))
		}
	}
	return b.String()
}
