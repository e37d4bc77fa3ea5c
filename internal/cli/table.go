package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/perdure-dev/perdure"
)

const (
	labelWidth = 12
	staleNote  = "no worker answered: this is what was recorded last"
)

// table is a status for a person, one thing a line.
type table struct{ strings.Builder }

// line is left out where there is no text.
func (t *table) line(label, text string) {
	if text != "" {
		fmt.Fprintf(t, "%-*s%s\n", labelWidth, label, text)
	}
}

func (t *table) called(typ, service, protocol string) {
	t.line("type", oneLine(typ))
	t.line("service", oneLine(service))
	t.line("protocol", oneLine(protocol))
}

func (t *table) times(started, ended, now time.Time) {
	if !started.IsZero() {
		t.line("started", moment(started, now))
	}
	if !ended.IsZero() {
		t.line("ended", moment(ended, now))
	}
}

func (t *table) errors(last *perdure.TimedError, errorType string, why *perdure.ServiceError, now time.Time) {
	if last != nil {
		t.line("last error", ago(last.At, now)+": "+serviceErrorWords(&last.Error))
	}
	if errorType != "" {
		words := strings.TrimPrefix(serviceErrorWords(why), errorType+": ") // where it is our error
		t.line("error", strings.TrimSuffix(errorType+": "+words, ": "))
	}
}

func (t *table) notes(texts []string) {
	for _, text := range texts {
		t.line("note", text)
	}
}
