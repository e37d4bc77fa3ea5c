package cli

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// printStreamStatus writes a stream's status.
func (a *app) printStreamStatus(id string, s perdure.StreamStatus) error {
	if a.json() {
		return a.printJSON(s)
	}
	_, err := fmt.Fprint(a.Stdout, streamText(id, s, time.Now()))
	return err
}

// streamText is a stream's status for a person, one thing a line.
func streamText(id string, s perdure.StreamStatus, now time.Time) string {
	var t table
	t.line("stream", id)
	t.line("state", string(s.State))
	t.line("events", strconv.Itoa(s.Events))
	t.line("bytes", strconv.FormatInt(s.Bytes, 10))
	t.line("reconnects", strconv.Itoa(s.Reconnects))
	t.line("last id", oneLine(s.LastEventID))
	t.called(s.Type, s.Service, s.Protocol)
	t.times(s.StartedAt, s.EndedAt, now)
	t.errors(s.LastError, s.ErrorType, s.Error, now)
	t.notes(streamNotes(s))
	return t.String()
}

// streamNotes explain what a state alone would not.
func streamNotes(s perdure.StreamStatus) []string {
	var out []string
	if s.Stale {
		out = append(out, staleNote)
	}
	if len(s.Segments) > 0 && s.Segments[0].FirstOffset > 0 {
		out = append(out, fmt.Sprintf("it was taken up from a token, and its record begins with event %d", s.Segments[0].FirstOffset))
	}
	switch {
	case s.ErrorType == perdure.ErrorStartAmbiguous:
		out = append(out, "it cannot be known whether the service took the request; it was not sent again")
	case s.State == perdure.StateUnknown:
		out = append(out, "the workflow was ended in Temporal; the stream's token still goes on")
	}
	return out
}

// streamWords are the state, and how much was recorded.
func streamWords(s perdure.StreamStatus) string {
	return fmt.Sprintf("%s, %s", s.State, count(s.Events, "event"))
}

// inStreamWords words what is worded for operations elsewhere.
func inStreamWords(err error) error {
	switch {
	case errors.Is(err, starter.ErrTerminated):
		return &typedError{kind: typeTerminated, message: withoutPackage(err.Error()) + "; the stream's token still goes on"}
	case errors.Is(err, starter.ErrNotFound):
		return &typedError{kind: typeNotFound, message: withoutPackage(err.Error())}
	}
	return err
}
