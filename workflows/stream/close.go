package stream

import (
	"cmp"
	"strconv"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
	"github.com/perdure-dev/perdure/workflows/internal/shown"
)

// end decides how the stream ended. The first decision counts.
func (l *log) end(work workflow.Context, how closing, state perdure.State, errorType string, why *perdure.ServiceError) {
	if l.done() {
		return
	}
	l.closing = how
	s := &l.Status
	s.State, s.Done, s.EndedAt = state, true, workflow.Now(work).UTC()
	s.ErrorType, s.Error = errorType, why
	l.publish(work)
}

// close waits for the handlers and closes the workflow.
func (l *log) close(work workflow.Context) (*perdure.StreamResult, error) {
	if err := workflow.Await(work, func() bool { return workflow.AllHandlersFinished(work) }); err != nil {
		return nil, err
	}
	s := l.Status
	switch l.closing {
	case completed:
		return &perdure.StreamResult{State: s.State, Events: s.Events, Bytes: s.Bytes, Reconnects: s.Reconnects}, nil
	case canceled:
		return nil, temporal.NewCanceledError(s)
	case open, failed:
	}
	return nil, failure.Ended(s.ErrorType, s.Error, s)
}

// publish shows the status where it can be seen without asking the workflow.
func (l *log) publish(work workflow.Context) {
	s, memo := l.Status, l.Status
	memo.Segments, memo.Error = nil, shown.Brief(s.Error)
	if s.LastError != nil {
		memo.LastError = &perdure.TimedError{At: s.LastError.At, Error: *shown.Brief(&s.LastError.Error)}
	}
	shown.Publish(work, shown.Status{State: s.State, Done: s.Done, Service: s.Service, Memo: memo, Head: shown.Line{Name: "Stream", Value: l.input.Summary()}, Lines: []shown.Line{
		{Name: "Protocol", Value: s.Protocol},
		{Name: "Events", Words: strconv.Itoa(s.Events)},
		{Name: "Bytes", Words: strconv.FormatInt(s.Bytes, 10)},
		{Name: "Reconnects", Words: strconv.Itoa(s.Reconnects)},
		{Name: cmp.Or(s.ErrorType, "Why"), Value: s.Error.String()},
	}}, &l.Published, l.Attributes)
}
