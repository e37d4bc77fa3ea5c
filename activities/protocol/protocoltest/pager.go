package protocoltest

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// PageScenario is the course of one collection.
type PageScenario struct {
	Name    string
	Options string // JSON; "" is none
	// Refused names the option for which Bind refuses Options. Nothing else counts then.
	Refused string
	// Recognized: without a name of a protocol, "auto" takes the first page for this
	// pager's.
	Recognized bool
	// First is the collection's first request; default: what the first page Asks.
	First protocol.Ask
	// Pages are the pages, each asked for by what the one before says. The last of them
	// is the collection's last, unless it is a violation.
	Pages []PageTurn
}

// PageTurn is the request for one page, the service's answer, and what that means.
type PageTurn struct {
	// Asks is the request that Ask has to give: "GET https://host/path?query".
	Asks string
	// AsksHeader and AsksBody are what else it has; of a first page, its own.
	AsksHeader map[string]string
	AsksBody   string
	// Unaskable is the field of the input for which Ask refuses the first request.
	// Nothing else counts then.
	Unaskable string

	Status int // default 200
	Header map[string]string
	Body   string

	// Violation: the service broke its protocol. Values do not count then.
	Violation bool
	// Values of the page, byte for byte; default "[]".
	Values string
}

// RunPager runs the suite for pagers, a subtest for each scenario and each thing that
// is checked.
func RunPager(t *testing.T, pager protocol.Pager, scenarios ...PageScenario) {
	t.Helper()
	pagerSuite{pager, scenarios}.run(func(name string, check func(assert.TestingT)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t)
		})
	})
}

type pagerSuite struct {
	pager     protocol.Pager
	scenarios []PageScenario
}

// run gives each check of the suite to sub, under a name.
func (s pagerSuite) run(sub func(name string, check func(assert.TestingT))) {
	sub("options", s.checkOptions)
	var seen sync.Map
	for _, sc := range s.scenarios {
		if sc.Refused != "" {
			sub(sc.Name, func(t assert.TestingT) { s.checkRefused(t, sc.Options, sc.Refused) })
			continue
		}
		for _, c := range []struct {
			name  string
			check func(assert.TestingT, []pagePoint)
		}{
			{"", nil},
			{"/values", s.checkValues},
			{"/at once", s.checkConcurrent},
			{"/hostile", func(t assert.TestingT, points []pagePoint) { s.checkHostile(t, points, &seen) }},
			{"/states of others", s.checkStates},
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
func (s pagerSuite) checkOptions(t assert.TestingT) {
	assert.NotEmpty(t, s.pager.Name(), "the pager's name")
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

func (s pagerSuite) checkRefused(t assert.TestingT, given, field string) {
	helper(t)
	_, err := s.pager.Bind(options(given))
	checkRefusal(t, err, "the options "+given, field)
}
