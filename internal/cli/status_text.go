package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/perdure-dev/perdure"
)

// printStatus writes a status.
func (a *app) printStatus(id string, s perdure.Status) error {
	if a.json() {
		return a.printJSON(s)
	}
	_, err := fmt.Fprint(a.Stdout, statusText(id, s, time.Now()))
	return err
}

// statusText is a status for a person, one thing a line.
func statusText(id string, s perdure.Status, now time.Time) string {
	var t table
	t.line("operation", id)
	t.line("state", stateWords(s))
	if s.PercentComplete != nil {
		t.line("progress", percent(*s.PercentComplete))
	}
	if len(s.Progress) > 0 {
		t.line("detail", oneLine(string(s.Progress)))
	}
	t.called(s.Type, s.Service, s.Protocol)
	t.line("remote id", oneLine(s.RemoteID))
	t.line("polls", pollWords(s, now))
	t.times(s.StartedAt, s.EndedAt, now)
	t.line("cancel", cancelWords(s, now))
	t.errors(s.LastError, s.ErrorType, s.Error, now)
	t.notes(notes(s, now))
	return t.String()
}

func pollWords(s perdure.Status, now time.Time) string {
	words := []string{strconv.Itoa(s.Polls)}
	if !s.LastPolledAt.IsZero() {
		words = append(words, "last "+ago(s.LastPolledAt, now))
	}
	if !s.NextPollAt.IsZero() && !s.Done {
		words = append(words, "next "+until(s.NextPollAt, now))
	}
	return strings.Join(words, ", ")
}

func cancelWords(s perdure.Status, now time.Time) string {
	c := s.Cancel
	if c == nil {
		return ""
	}
	words := []string{"asked for " + ago(c.RequestedAt, now)}
	if c.Reason != "" {
		words[0] += " (" + oneLine(c.Reason) + ")"
	}
	switch {
	case c.Confirmed:
		words = append(words, "confirmed by the service")
	case c.Supported != nil && !*c.Supported:
		words = append(words, "the service cannot cancel")
	case c.Accepted == nil:
		words = append(words, "the service has not answered")
	case *c.Accepted:
		words = append(words, "the service accepted it, and has not confirmed")
	default:
		words = append(words, "the service refused it")
	}
	return strings.Join(words, ", ")
}

func serviceErrorWords(e *perdure.ServiceError) string {
	words := oneLine(e.String())
	if e != nil && e.HTTPStatus != 0 {
		words = strings.TrimSpace(fmt.Sprintf("HTTP %d %s", e.HTTPStatus, words))
	}
	return words
}

// notes explain what a state alone would not.
func notes(s perdure.Status, now time.Time) []string {
	var out []string
	if s.Stale {
		note := staleNote
		if !s.AsOf.IsZero() {
			note += ", as of " + ago(s.AsOf, now)
		}
		out = append(out, note)
	}
	switch {
	case s.State == perdure.StateAmbiguous && !s.Done:
		out = append(out, "it cannot be known whether the service started this operation; it stays open, and nothing is sent again")
	case s.State == perdure.StateAmbiguous:
		out = append(out, "it was never known whether the service started this operation; look for it there before you start another")
	case s.State == perdure.StateUnknown:
		out = append(out, "nothing more is asked, and the service never said how it ended: it may go on there")
	}
	return out
}
