package protocoltest

import (
	"fmt"
	"sync"

	"github.com/stretchr/testify/assert"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// Problems are what the suite finds, each under the name of its check.
func Problems(s Suite) []string {
	var out recorder
	s.run(func(name string, check func(assert.TestingT)) {
		out.name = name
		check(&out)
	})
	return out.problems
}

// PagerProblems are what the suite for pagers finds, each under the name of its check.
func PagerProblems(pager protocol.Pager, scenarios ...PageScenario) []string {
	var out recorder
	pagerSuite{pager, scenarios}.run(func(name string, check func(assert.TestingT)) {
		out.name = name
		check(&out)
	})
	return out.problems
}

// StreamerProblems are what the suite for streamers finds, each under the name of its
// check.
func StreamerProblems(streamer protocol.Streamer, scenarios ...StreamScenario) []string {
	var out recorder
	streamerSuite{streamer, scenarios}.run(func(name string, check func(assert.TestingT)) {
		out.name = name
		check(&out)
	})
	return out.problems
}

type recorder struct {
	mu       sync.Mutex
	name     string
	problems []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.problems = append(r.problems, r.name+": "+fmt.Sprintf(format, args...))
}
