package webapp

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/perdure-dev/perdure"
)

// progress is what the page of an operation says.
type progress struct {
	Title string
	// Words are how it goes, in a sentence.
	Words string
	// Done: nothing more is going to happen.
	Done bool
	// Percent and Files are "" when the service does not say.
	Percent string
	Files   string
	// Notices say what is not as it should be.
	Notices []string
	Polls   int
	AsOf    time.Time
	// Index is what came of it; nil: nothing, so far.
	Index *Index
}

func progressOf(b Build) progress {
	s := b.Status
	p := progress{Done: s.Done, Percent: percentOf(s.PercentComplete), Files: filesOf(s.Progress), Polls: s.Polls, AsOf: s.AsOf}
	switch s.State {
	case perdure.StateStarting:
		p.Title, p.Words = "Starting", "The request is on its way. The service has not answered it yet."
	case perdure.StateRunning:
		p.Title, p.Words = "Building", "The service is building the index. You may close this page and come back to it."
	case perdure.StateCanceling:
		p.Title, p.Words = "Stopping", "The service was asked to stop, and has not stopped yet."
	case perdure.StateAmbiguous:
		p.Title, p.Words = "Not known", "The answer to the request was lost. Nobody can tell whether the service builds the index, so it was not asked twice. A person has to look."
	case perdure.StateSucceeded:
		p.Title, p.Words = "Built", "The index is there."
		p.Index = &b.Index
	case perdure.StateFailed:
		p.Title, p.Words = "Failed", "The index was not built."
	case perdure.StateCanceled:
		p.Title, p.Words = "Stopped", "The service has stopped building the index."
	case perdure.StateUnknown:
		p.Title, p.Words = "Not known", "Nobody asks the service any longer, and it never said how it ended."
	}
	p.Notices = noticesOf(s)
	return p
}

func noticesOf(s perdure.Status) []string {
	var notices []string
	if s.Error != nil {
		notices = append(notices, "The service said: "+s.Error.String())
	}
	if s.Done {
		return notices
	}
	if s.LastError != nil {
		notices = append(notices, fmt.Sprintf("The service could not be asked at %s (%s). It is asked again and again; nothing is lost.", clock(s.LastError.At), s.LastError.Error.String()))
	}
	if s.Stale {
		notices = append(notices, "Nobody is asking the service just now. This is what was known last; it goes on from here.")
	}
	return notices
}

func percentOf(p *float64) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("%.0f", *p)
}

// filesOf reads the service's own progress: counts of files.
func filesOf(raw json.RawMessage) string {
	var counts struct{ Completed, Total int }
	if json.Unmarshal(raw, &counts) != nil || counts.Total == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d files", counts.Completed, counts.Total)
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }
