package cli

import (
	"fmt"
	"strconv"
	"time"

	"github.com/perdure-dev/perdure"
)

// printCollectionStatus writes a collection's status.
func (a *app) printCollectionStatus(id string, s perdure.CollectionStatus) error {
	if a.json() {
		return a.printJSON(s)
	}
	_, err := fmt.Fprint(a.Stdout, collectionText(id, s, time.Now()))
	return err
}

// collectionText is a collection's status for a person, one thing a line.
func collectionText(id string, s perdure.CollectionStatus, now time.Time) string {
	var t table
	t.line("collection", id)
	t.line("state", string(s.State))
	t.line("pages", strconv.Itoa(s.Pages))
	t.line("items", strconv.Itoa(s.Items))
	t.called(s.Type, s.Service, s.Protocol)
	t.times(s.StartedAt, s.EndedAt, now)
	t.errors(s.LastError, s.ErrorType, s.Error, now)
	t.notes(collectionNotes(s))
	return t.String()
}

// collectionNotes explain what a state alone would not.
func collectionNotes(s perdure.CollectionStatus) []string {
	var out []string
	if s.Stale {
		out = append(out, staleNote)
	}
	switch {
	case s.ErrorType != "" && !s.Done:
		out = append(out, fmt.Sprintf("page %d could not be had; it is tried again when it is asked for again", s.Pages))
	case s.State == perdure.StateSucceeded && s.NextPageToken != "":
		out = append(out, "it closed before the last page; its token goes on")
	case s.State == perdure.StateUnknown:
		out = append(out, "the workflow was ended in Temporal; the tokens of its pages still go on")
	}
	return out
}

// collectionWords are the state, and how much was fetched.
func collectionWords(s perdure.CollectionStatus) string {
	return fmt.Sprintf("%s, %s, %s", s.State, count(s.Pages, "page"), count(s.Items, "item"))
}
