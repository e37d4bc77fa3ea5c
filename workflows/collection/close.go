package collection

import (
	"cmp"
	"strconv"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
	"github.com/perdure-dev/perdure/workflows/internal/shown"
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

// publish shows the status where it can be seen without asking the workflow.
func (c *collection) publish(work workflow.Context) {
	shown.Publish(work, forPeople(&c.input, c.Status), &c.Published, c.Attributes)
}

func forPeople(in *perdure.CollectionInput, s perdure.CollectionStatus) shown.Status {
	return shown.Status{
		State: s.State, Service: s.Service, Done: s.Done, Memo: forMemo(s),
		Head: shown.Line{Name: "Collection", Value: in.Summary()},
		Lines: []shown.Line{
			{Name: "Protocol", Value: s.Protocol},
			{Name: "Pages", Words: strconv.Itoa(s.Pages)},
			{Name: "Items", Words: strconv.Itoa(s.Items)},
			{Name: cmp.Or(s.ErrorType, "Why"), Value: s.Error.String()},
		},
	}
}

// forMemo is the status without what is large.
func forMemo(s perdure.CollectionStatus) perdure.CollectionStatus {
	s.Segments, s.PageToken, s.NextPageToken = nil, "", ""
	s.Error = shown.Brief(s.Error)
	return s
}
