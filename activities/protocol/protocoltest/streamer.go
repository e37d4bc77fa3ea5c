package protocoltest

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// StreamScenario is the course of one event stream.
type StreamScenario struct {
	Name    string
	Options string // JSON; "" is none
	// Refused names the option for which Bind refuses Options. Nothing else counts then.
	Refused string
	// First is the stream's first request; default: what the first connection Asks.
	First protocol.Ask
	// EndsClean: a body that ends after a whole event, without a mark, is the stream's
	// end.
	EndsClean bool
	// Connections are those that the stream takes, each but the first asked for from where
	// the one before has left it.
	Connections []Connection
}

// Connection is the request for a stream, the service's answer, and what that means.
type Connection struct {
	// Asks is the request that Ask has to give: "GET https://host/path?query".
	Asks string
	// AsksHeader is what it has beside the first request's and Accept.
	AsksHeader map[string]string
	// Lost: there is no way to go on. Nothing else counts then.
	Lost bool

	Status int // default 200
	Header map[string]string
	// Over: the answer has no body that is to be read. Nothing else counts then.
	Over bool
	Body string
	// Breaks: the connection breaks after Body. Endless: Body is followed by x after x.
	Breaks, Endless bool

	Events []StreamedEvent
	// One of these, or none, holds after the events; Violation also of the answer's head.
	End       bool   // the service has ended the stream
	Failed    string // it has, badly: the error's code
	Violation bool   // the service broke its protocol
	TooLarge  bool   // an event is too large
	Cut       bool   // the body ends within an event
}

// StreamedEvent is an event as it is recorded.
type StreamedEvent struct {
	Type string // default "message"
	ID   string
	Data string // JSON, byte for byte
}

// RunStreamer runs the suite for streamers, a subtest for each scenario and each thing
// that is checked.
func RunStreamer(t *testing.T, streamer protocol.Streamer, scenarios ...StreamScenario) {
	t.Helper()
	streamerSuite{streamer, scenarios}.run(func(name string, check func(assert.TestingT)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t)
		})
	})
}

type streamerSuite struct {
	streamer  protocol.Streamer
	scenarios []StreamScenario
}

// run gives each check of the suite to sub, under a name.
func (s streamerSuite) run(sub func(name string, check func(assert.TestingT))) {
	sub("options", s.checkOptions)
	var seen sync.Map
	for _, sc := range s.scenarios {
		if sc.Refused != "" {
			sub(sc.Name, func(t assert.TestingT) { s.checkRefused(t, sc.Options, sc.Refused) })
			continue
		}
		for _, c := range []struct {
			name  string
			check func(assert.TestingT, []streamPoint)
		}{
			{"", nil},
			{"/chunks", s.checkChunks},
			{"/breaks", s.checkBreaks},
			{"/at once", s.checkConcurrent},
			{"/hostile", func(t assert.TestingT, points []streamPoint) { s.checkHostile(t, points, &seen) }},
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

// checkOptions: what Bind always refuses, and that it names the option.
func (s streamerSuite) checkOptions(t assert.TestingT) {
	assert.NotEmpty(t, s.streamer.Name(), "the streamer's name")
	bad := []BadOptions{{`{"noSuchOption": 1}`, "noSuchOption"}, {`[]`, ""}, {`5`, ""}, {`"x"`, ""}, {`{`, ""}, {`{} {}`, ""}}
	for _, sc := range s.scenarios {
		if sc.Refused == "" {
			bad = append(bad, misspelled(sc.Options)...)
		}
	}
	for _, b := range bad {
		s.checkRefused(t, b.Options, b.Field)
	}
}

func (s streamerSuite) checkRefused(t assert.TestingT, given, field string) {
	helper(t)
	_, err := s.streamer.Bind(options(given))
	checkRefusal(t, err, "the options "+given, field)
}
