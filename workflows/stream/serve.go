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
		LastEventID: l.Status.LastEventID, LastError: l.Status.LastError, FirstRunID: l.firstRunID, Done: l.done(),
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
		size += answerBytes(e)
		if size > maxAnswerBytes && len(out.Events) > 0 {
			break
		}
		out.Events = append(out.Events, perdure.Event{Offset: at, Type: e.Type, ID: e.ID, Data: e.Data, At: e.At})
	}
	out.Next = r.Offset + len(out.Events)
	out.Done = s.Done && out.Next == s.Events
	return out, nil
}

// answerBytes is about what an event takes in an answer.
func answerBytes(e perdure.RecordedEvent) int {
	return len(e.Data) + maxEscaped*(len(e.Type)+len(e.ID)) + eventOverhead
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
