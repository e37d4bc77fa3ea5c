package protocoltest

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// Suite is what a protocol's own test gives.
type Suite struct {
	Protocol  protocol.Protocol
	Scenarios []Scenario
	// BadOptions are options that Bind refuses, beside those that it always has to.
	BadOptions []BadOptions
	// ExactWords: words are compared as they are spelled, because a user's own
	// description gives them. Default: they compare without case.
	ExactWords bool
}

// BadOptions are options that Bind refuses with a *perdure.InputError.
type BadOptions struct {
	Options string // JSON
	Field   string // that the error names
}

// Scenario is the course of one operation.
type Scenario struct {
	Name    string
	Options string // JSON; "" is none
	// Recognized: without a name of a protocol, "auto" finds this one by Start.
	Recognized bool
	Start      Turn
	// Adopt takes an operation over in place of starting it. Of Start, only Asks (its
	// URL is what relative ones are relative to) and Want count.
	Adopt *perdure.Adoption
	// Then are the answers after the start's, each to the question that the one before
	// it led to.
	Then []Turn
}

// Turn is one question, the service's answer, and what the answer means.
type Turn struct {
	// Asks is the question: "GET https://host/path". For the start it is the request;
	// for the others it is what Next has to give.
	Asks   string
	Status int // default 200
	Header map[string]string
	Body   string
	Want   Want
}

// Want is what an answer means. The zero value is an operation that runs, of which
// the service says nothing more.
type Want struct {
	// Violation: the service broke its protocol. Nothing else counts then.
	Violation bool
	// Rejected, for a Status of 400 and above: the answer ends the question and not
	// the operation. Nothing else counts then.
	Rejected bool

	Outcome       protocol.Outcome
	Fetch         bool
	ServiceStatus string
	RemoteID      string
	Percent       *float64 // new(40.0)
	Progress      string   // "" is none
	Value         string   // byte for byte; "" is none
	ErrorCode     string
	ErrorMessage  string
	// Cancel is the request by which a running operation is canceled, such as
	// "POST https://host/path/cancel"; "" where it cannot be.
	Cancel string
}

// Run runs the suite, a subtest for each scenario and each thing that is checked.
func Run(t *testing.T, s Suite) {
	t.Helper()
	s.run(func(name string, check func(assert.TestingT)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t)
		})
	})
}

// run gives each check of the suite to sub, under a name.
func (s Suite) run(sub func(name string, check func(assert.TestingT))) {
	sub("options", s.checkOptions)
	sub("states of others", s.checkStates)
	sub("pace", s.checkPace)
	var seen sync.Map
	for _, sc := range s.Scenarios {
		for _, c := range []struct {
			name  string
			check func(assert.TestingT, []point)
		}{
			{"", nil},
			{"/again", s.checkAgain},
			{"/at once", s.checkConcurrent},
			{"/words", s.checkWords},
			{"/relative URLs", s.checkRelative},
			{"/hostile", func(t assert.TestingT, points []point) { s.checkHostile(t, points, &seen) }},
		} {
			sub(sc.Name+c.name, func(t assert.TestingT) {
				points := s.play(t, sc)
				if c.check != nil {
					c.check(t, points)
				}
			})
		}
	}
}
