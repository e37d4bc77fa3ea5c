// Package compare plays exchanges to another client and to Perdure. Both have to make
// the same of them, by the same requests, or a difference says why not.
//
// May import: anything of the main module.
package compare

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/difftests/internal/play"
)

// Exchange is a service's answers to one operation, and what is particular about them.
type Exchange struct {
	Name    string
	Answers []play.Answer
	// Traits are in the order in which a client meets them; the first that explains a
	// difference does.
	Traits []string
	// Theirs and Ours run the operation.
	Theirs, Ours Client
}

// Client runs an operation against a service, and says what it makes of it.
type Client func(t *testing.T, service *play.Service) Outcome

// Outcome is what a client makes of an operation.
type Outcome struct {
	Kind    string // Succeeded and the others, or a client's own
	Word    string // of what was refused, the HTTP status; else the service's word or code
	Message string
	Value   string
}

// Kinds of outcomes.
const (
	Succeeded  = "succeeded"
	Failed     = "failed"
	Canceled   = "canceled"
	Refused    = "refused"    // the question, or the start
	Unreadable = "unreadable" // an answer
)

// Difference is what either client makes of a trait, and why.
type Difference struct {
	Theirs, Ours string // kinds of outcomes; "" is any, and of both: the same, by other requests
	Why          string
}

// Run plays the exchanges. Every difference there is stands in explained, by its trait,
// and each of them has to show.
func Run(t *testing.T, exchanges []Exchange, explained map[string]Difference) {
	t.Helper()
	counts := map[string]int{}
	for _, e := range exchanges {
		counts[e.compare(t, explained)]++
	}
	t.Logf("%d exchanges: %d the same, %d different and explained", len(exchanges), counts[""], len(exchanges)-counts[""])
	for _, trait := range slices.Sorted(maps.Keys(explained)) {
		t.Logf("%4d %s: %s", counts[trait], trait, explained[trait].Why)
		require.Positive(t, counts[trait], "%s: was met", trait)
	}
}

// compare plays an exchange to both. Outcome, value and requests have to be the same,
// or it gives the trait that explains why not.
func (e Exchange) compare(t *testing.T, explained map[string]Difference) (trait string) {
	t.Helper()
	theirs, theirRequests := e.play(t, e.Theirs)
	own, ownRequests := e.play(t, e.Ours)
	if theirs == own && slices.Equal(theirRequests, ownRequests) {
		return ""
	}
	for _, trait := range e.Traits {
		if want, ok := explained[trait]; ok {
			want.check(t, e.Name+": "+trait, theirs, own)
			both := min(len(theirRequests), len(ownRequests))
			require.Equal(t, theirRequests[:both], ownRequests[:both], "%s: the requests up to the difference", e.Name)
			return trait
		}
	}
	require.Equal(t, theirs, own, "%s: the outcome; the answers were %+v", e.Name, e.Answers)
	require.Equal(t, theirRequests, ownRequests, "%s: the requests; the answers were %+v", e.Name, e.Answers)
	return ""
}

func (e Exchange) play(t *testing.T, to Client) (Outcome, []string) {
	t.Helper()
	service := play.New(e.Answers...)
	out := to(t, service)
	return out, service.Requests()
}

func (d Difference) check(t *testing.T, name string, theirs, own Outcome) {
	t.Helper()
	require.Contains(t, []string{theirs.Kind, ""}, d.Theirs, "%s: theirs", name)
	require.Contains(t, []string{own.Kind, ""}, d.Ours, "%s: ours", name)
	if d.Theirs == "" && d.Ours == "" {
		require.Equal(t, theirs, own, "%s: only the requests differ", name)
	}
}
