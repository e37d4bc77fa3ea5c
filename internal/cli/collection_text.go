package cli

import (
	"fmt"
	"strconv"
	"strings"
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
	var b strings.Builder
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%-*s%s\n", labelWidth, label, text)
		}
	}
	line("collection", id)
	line("state", string(s.State))
	line("pages", strconv.Itoa(s.Pages))
	line("items", strconv.Itoa(s.Items))
	line("type", oneLine(s.Type))
	line("service", oneLine(s.Service))
	line("protocol", oneLine(s.Protocol))
	if !s.StartedAt.IsZero() {
		line("started", moment(s.StartedAt, now))
	}
	if !s.EndedAt.IsZero() {
		line("ended", moment(s.EndedAt, now))
	}
	if s.LastError != nil {
		line("last error", ago(s.LastError.At, now)+": "+serviceErrorWords(&s.LastError.Error))
	}
	if s.ErrorType != "" {
		line("error", strings.TrimSuffix(s.ErrorType+": "+serviceErrorWords(s.Error), ": "))
	}
	for _, text := range collectionNotes(s) {
		line("note", text)
	}
	return b.String()
}

// collectionNotes explain what a state alone would not.
func collectionNotes(s perdure.CollectionStatus) []string {
	var out []string
	if s.Stale {
		out = append(out, "no worker answered: this is what was recorded last")
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
