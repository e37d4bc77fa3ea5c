package stream

import (
	"encoding/json"
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

// record takes over a batch. What an attempt sends after a later one has begun is
// dropped, and so is what the log has already: a batch may come twice.
func (l *log) record(work workflow.Context, b perdure.Batch) {
	if b.FirstRunID != "" && b.FirstRunID != l.firstRunID {
		l.turnAway(work, b.FirstRunID)
		return
	}
	if b.Writer < l.Writer {
		return
	}
	l.Writer = b.Writer
	l.lastHeard = workflow.Now(work)
	s := &l.Status
	if s.Events == 0 && b.First > 0 { // taken up from a token: what came before is not here
		s.Events, l.firstOffset = b.First, b.First
		s.Segments[len(s.Segments)-1].FirstOffset = b.First
	}
	switch have := s.Events - b.First; {
	case have < 0:
		l.end(work, failed, perdure.StateFailed, perdure.ErrorStreamBroken, &perdure.ServiceError{
			Code: perdure.ErrorStreamBroken, Message: "a batch is missing from the record",
		})
		return
	case have <= len(b.Events):
		for _, e := range b.Events[have:] {
			l.events = append(l.events, e)
			l.kept += answerBytes(e)
			s.Events++
			s.Bytes += dataBytes(e.Data)
		}
		if b.Sealed != "" {
			l.Sealed = b.Sealed
		}
		s.LastEventID = b.LastEventID
	}
	l.tell(b)
	if b.End != nil {
		l.finish(work, *b.End)
		return
	}
	l.publish(work)
}

// dataBytes is how long an event's data is: a text, or any other JSON as it is spelled.
func dataBytes(data json.RawMessage) int64 {
	if len(data) < 2 || data[0] != '"' {
		return int64(len(data))
	}
	if !slices.Contains(data, '\\') { // nothing in it is escaped
		return int64(len(data) - len(`""`))
	}
	var text string
	if json.Unmarshal(data, &text) == nil {
		return int64(len(text))
	}
	return int64(len(data))
}

// tell takes over what is known beside the events.
func (l *log) tell(b perdure.Batch) {
	s := &l.Status
	if b.Service != "" {
		s.Service = failure.Cut(b.Service, 255)
	}
	if b.Protocol != "" {
		s.Protocol = failure.Cut(b.Protocol, 255)
	}
	if b.SearchAttributes != nil {
		l.Attributes = b.SearchAttributes
	}
	if b.Response != nil {
		l.Response = b.Response
		if s.State == perdure.StateStarting {
			s.State = perdure.StateRunning
		}
	}
	if len(b.Events) > 0 && s.State == perdure.StateStarting {
		s.State = perdure.StateRunning
	}
	s.Reconnects = max(s.Reconnects, b.Reconnects)
	s.LastError = b.LastError
}

// finish ends the log as the stream has ended.
func (l *log) finish(work workflow.Context, end perdure.StreamEnd) {
	if end.ErrorType == "" {
		l.Status.LastError = nil
		l.end(work, completed, perdure.StateSucceeded, "", nil)
		return
	}
	l.end(work, failed, perdure.StateFailed, end.ErrorType, end.Error)
}

// beginSegment notes that the run holds the events from here on.
func (l *log) beginSegment(runID string) {
	s := &l.Status
	l.firstOffset = s.Events
	if n := len(s.Segments); n > 0 && s.Segments[n-1].FirstOffset == s.Events { // the run before has no event
		s.Segments = s.Segments[:n-1]
	}
	s.Segments = append(s.Segments, perdure.StreamSegment{RunID: runID, FirstOffset: s.Events})
	if over := len(s.Segments) - maxSegments; over > 0 {
		s.Segments = s.Segments[over:]
	}
}

// maxSegments bounds what is carried from run to run.
const maxSegments = 10_000
