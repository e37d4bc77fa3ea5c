package collection

import (
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

// serve sets the handlers of queries and updates.
func (c *collection) serve(ctx workflow.Context) error {
	for _, query := range []struct {
		name    string
		handler any
	}{
		{perdure.QueryStatus, func() (perdure.CollectionStatus, error) { return c.Status, nil }},
		{perdure.QueryToken, func() (string, error) { return token(c.Next) }},
		{perdure.QueryPage, c.page},
		{perdure.QueryPages, c.pagesFrom},
	} {
		if err := workflow.SetQueryHandler(ctx, query.name, query.handler); err != nil {
			return err
		}
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, perdure.UpdateWait, c.wait,
		workflow.UpdateHandlerOptions{Validator: checkWait})
}

// token is a continuation token, "" where there is none.
func token(sealed string) (string, error) {
	if len(sealed) > perdure.MaxTokenBytes {
		return "", temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("the page's state makes a token of %d bytes, above the %d that a token may have; the collection itself goes on", len(sealed), perdure.MaxTokenBytes),
			perdure.ErrorTokenTooLarge, nil)
	}
	return sealed, nil
}

// page reads a page of this run.
func (c *collection) page(raw perdure.RawInput) (*perdure.Page, error) {
	var r perdure.PageRequest
	if err := perdure.Decode(raw, &r); err != nil {
		return nil, failure.Invalid(err)
	}
	if err := r.Check(); err != nil {
		return nil, failure.Invalid(err)
	}
	if err := c.holds(r.Index); err != nil {
		return nil, err
	}
	return c.pages[r.Index-c.firstIndex].page(r.Index), nil
}

// maxAnswerBytes bounds what a query answers with, below Temporal's 2 MB. A page alone is
// never too large.
const maxAnswerBytes = 1_000_000

// pagesFrom reads several pages of this run at once. A closed run is replayed for each
// query, so its readers want few queries.
func (c *collection) pagesFrom(raw perdure.RawInput) (*perdure.Pages, error) {
	var r perdure.PagesRequest
	if err := perdure.Decode(raw, &r); err != nil {
		return nil, failure.Invalid(err)
	}
	if err := r.Check(); err != nil {
		return nil, failure.Invalid(err)
	}
	if err := c.holds(r.Index); err != nil {
		return nil, err
	}
	out := &perdure.Pages{}
	size := 0
	for i := r.Index; i < c.Status.Pages && (r.Max == 0 || i-r.Index < r.Max); i++ {
		p := c.pages[i-c.firstIndex].page(i)
		raw, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		size += len(raw)
		if size > maxAnswerBytes && len(out.Pages) > 0 {
			break
		}
		out.Pages = append(out.Pages, *p)
	}
	return out, nil
}

// holds is nil where this run has the page.
func (c *collection) holds(index int) error {
	switch {
	case index >= c.Status.Pages:
		return temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("page %d has not been fetched; %d have", index, c.Status.Pages), perdure.ErrorNotFetched, nil)
	case index < c.firstIndex:
		return c.elsewhere(index)
	}
	return nil
}

// elsewhere says which run holds a page of an earlier one.
func (c *collection) elsewhere(index int) error {
	i := segmentOf(c.Status.Segments, index)
	if i < 0 {
		return temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("page %d is no longer kept; the first that is has the index %d", index, c.Status.Segments[0].FirstIndex), perdure.ErrorNotFetched, nil)
	}
	s := c.Status.Segments[i]
	return temporal.NewNonRetryableApplicationError(
		fmt.Sprintf("page %d is in run %s: query that run", index, s.RunID), perdure.ErrorOtherRun, nil, s)
}

func (h held) page(index int) *perdure.Page {
	p := &perdure.Page{Values: h.answer.Values, Index: index, Last: h.answer.Next == "", Response: h.answer.Response}
	// Both or none: a page without a next token would look like the last.
	if len(h.token) <= perdure.MaxTokenBytes && len(h.answer.Next) <= perdure.MaxTokenBytes {
		p.PageToken, p.NextPageToken = h.token, h.answer.Next
	}
	if h.answer.Around != nil && p.Response != nil {
		r := *p.Response
		r.Body = h.answer.Around.Body(p.Values)
		p.Response = &r
	}
	return p
}

func checkWait(raw perdure.RawInput) error {
	_, err := readWait(raw)
	return err
}

func readWait(raw perdure.RawInput) (perdure.WaitRequest, error) {
	var r perdure.WaitRequest
	if err := perdure.Decode(raw, &r); err != nil {
		return r, failure.Invalid(err)
	}
	if err := r.Check(); err != nil {
		return r, failure.Invalid(err)
	}
	return r, nil
}

// wait asks for a page, and answers once it is there or never will be, when it failed,
// when its time is up, or when this run is about to continue as new.
func (c *collection) wait(ctx workflow.Context, raw perdure.RawInput) (perdure.CollectionStatus, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx) // canceling the workflow is answered by the status
	r, err := readWait(raw)
	if err != nil {
		return perdure.CollectionStatus{}, err
	}
	c.waits++
	c.waiting++
	defer func() {
		c.waiting--
		c.AskedAt = workflow.Now(ctx).UTC()
	}()
	c.Target, c.AskedAt = max(c.Target, r.Index+max(r.Ahead, 1)), workflow.Now(ctx).UTC()
	failures := c.failures
	answered := func() bool {
		return r.Index < c.Status.Pages || c.done() || c.moving || c.failures > failures
	}
	switch {
	case answered():
	case r.WaitSeconds == nil:
		err = workflow.Await(ctx, answered)
	case *r.WaitSeconds > 0:
		timer := workflow.TimerOptions{Summary: "waitSeconds of a reader"}
		_, err = workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{Timeout: seconds(*r.WaitSeconds), TimerOptions: timer}, answered)
	}
	if err != nil {
		return perdure.CollectionStatus{}, err
	}
	return c.answerTo(r.Index, c.failures > failures || c.closing == failed)
}

// answerTo is what a caller that waits for the page is told.
func (c *collection) answerTo(index int, failed bool) (perdure.CollectionStatus, error) {
	s := c.Status
	if i := segmentOf(s.Segments, min(index, s.Pages)); i >= 0 {
		s.Segments = s.Segments[i:]
	}
	if failed && index >= s.Pages && s.ErrorType != "" {
		return perdure.CollectionStatus{}, failure.Ended(s.ErrorType, s.Error, s)
	}
	return s, nil
}
