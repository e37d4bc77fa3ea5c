package stream

import (
	"fmt"
	"sort"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

// maxAnswerBytes is about how much a query answers with, below Temporal's 2 MB. An event
// alone is never too large.
const maxAnswerBytes = 1_000_000

// serve sets the handlers of queries and updates.
func (l *log) serve(ctx workflow.Context) error {
	for _, query := range []struct {
		name    string
		handler any
	}{
		{perdure.QueryStatus, func() (perdure.StreamStatus, error) { return l.Status, nil }},
		{perdure.QueryToken, l.token},
		{perdure.QueryResponse, func() (*perdure.Response, error) { return l.Response, nil }},
		{perdure.QueryRead, l.readEvents},
		{perdure.QueryPosition, l.position},
	} {
		if err := workflow.SetQueryHandler(ctx, query.name, query.handler); err != nil {
			return err
		}
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, perdure.UpdateWait, l.wait,
		workflow.UpdateHandlerOptions{Validator: checkWait})
}

// token is the continuation token, "" before the service has answered.
func (l *log) token() (string, error) {
	if len(l.Sealed) > perdure.MaxTokenBytes {
		return "", temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("the stream's state makes a token of %d bytes, above the %d that a token may have; the stream itself goes on", len(l.Sealed), perdure.MaxTokenBytes),
			perdure.ErrorTokenTooLarge, nil)
	}
	return l.Sealed, nil
}

// position is from where an attempt of the activity goes on.
func (l *log) position() (perdure.LogPosition, error) {
	return perdure.LogPosition{
		Next: l.Status.Events, Sealed: l.Sealed, Writer: l.Writer, Reconnects: l.Status.Reconnects,
		FirstRunID: l.firstRunID, Done: l.done(),
	}, nil
}

// readEvents reads events of this run.
func (l *log) readEvents(raw perdure.RawInput) (*perdure.Events, error) {
	var r perdure.ReadRequest
	if err := perdure.Decode(raw, &r); err != nil {
		return nil, failure.Invalid(err)
	}
	if err := r.Check(); err != nil {
		return nil, failure.Invalid(err)
	}
	s := l.Status
	out := &perdure.Events{Events: []perdure.Event{}, Next: r.Offset, Error: s.Error}
	switch {
	case r.Offset < l.firstOffset:
		return nil, l.elsewhere(r.Offset)
	case r.Offset >= s.Events:
		out.Done = s.Done
		return out, nil
	}
	size := 0
	for at := r.Offset; at < s.Events && (r.Max == 0 || at-r.Offset < r.Max); at++ {
		e := l.events[at-l.firstOffset]
		size += len(e.Data) + maxEscaped*(len(e.Type)+len(e.ID)) + eventOverhead
		if size > maxAnswerBytes && len(out.Events) > 0 {
			break
		}
		out.Events = append(out.Events, perdure.Event{Offset: at, Type: e.Type, ID: e.ID, Data: e.Data, At: e.At})
	}
	out.Next = r.Offset + len(out.Events)
	out.Done = s.Done && out.Next == s.Events
	return out, nil
}

// eventOverhead is what an event takes in an answer beside its data, and maxEscaped what a
// byte of a text takes in JSON, at most.
const (
	eventOverhead = 90
	maxEscaped    = 6
)

// elsewhere says which run holds an event of an earlier one.
func (l *log) elsewhere(offset int) error {
	i := segmentOf(l.Status.Segments, offset)
	if i < 0 {
		return temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("event %d is not kept here; the first that is has the offset %d", offset, l.Status.Segments[0].FirstOffset), perdure.ErrorNotFetched, nil)
	}
	s := l.Status.Segments[i]
	return temporal.NewNonRetryableApplicationError(
		fmt.Sprintf("event %d is in run %s: query that run", offset, s.RunID), perdure.ErrorOtherRun, nil, s)
}

// segmentOf is the place of the segment that has the event; -1 where none has.
func segmentOf(segments []perdure.StreamSegment, offset int) int {
	return sort.Search(len(segments), func(i int) bool { return segments[i].FirstOffset > offset }) - 1
}

func checkWait(raw perdure.RawInput) error {
	_, err := readWait(raw)
	return err
}

func readWait(raw perdure.RawInput) (perdure.WaitEventRequest, error) {
	var r perdure.WaitEventRequest
	if err := perdure.Decode(raw, &r); err != nil {
		return r, failure.Invalid(err)
	}
	if err := r.Check(); err != nil {
		return r, failure.Invalid(err)
	}
	return r, nil
}

// wait answers once an event is there or never will be, when its time is up, or when
// this run is about to continue as new.
func (l *log) wait(ctx workflow.Context, raw perdure.RawInput) (perdure.StreamStatus, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx) // cancelling the workflow is answered by the status
	r, err := readWait(raw)
	if err != nil {
		return perdure.StreamStatus{}, err
	}
	l.waits++
	answered := func() bool { return r.Offset < l.Status.Events || l.done() || l.moving }
	switch {
	case answered():
	case r.WaitSeconds == nil:
		err = workflow.Await(ctx, answered)
	case *r.WaitSeconds > 0:
		_, err = workflow.AwaitWithTimeout(ctx, seconds(*r.WaitSeconds), answered)
	}
	if err != nil {
		return perdure.StreamStatus{}, err
	}
	s := l.Status
	if i := segmentOf(s.Segments, min(r.Offset, s.Events)); i >= 0 {
		s.Segments = s.Segments[i:]
	}
	return s, nil
}
