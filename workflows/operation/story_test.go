package operation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

// Who looks at a history sees what each activity is for, and of a question that is to come,
// when.
func TestActivitiesHaveNames(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](again(time.Second)), now[startTask](accepted(7500 * time.Millisecond))}
	s.polls = []act[pollTask]{
		now[pollTask](running(20 * time.Second)),
		now[pollTask](running(0)),
		now[pollTask](running(time.Hour, func(a *answer) { a.RemoteID = "https://ada@jobs.example.com/jobs/1?key=k" })),
		now[pollTask](completed()),
	}
	in := request()
	in.Type = "CreateStore"
	s.run(in).succeeded()
	require.Equal(t, []string{
		"send the start: jobs: CreateStore",
		"send the start again: jobs: CreateStore",
		"watch job_1, first question in 8s",
		"watch job_1, first question in 20s",
		"watch job_1",
		"watch https://jobs.example.com/jobs/1",
	}, s.names())
}

func TestANameThatIsTooLong(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](completed())}
	in := request()
	in.Type = strings.Repeat("ü", perdure.MaxNameBytes/2)
	s.run(in).succeeded()
	require.Equal(t, []string{"send the start: jobs: " + strings.Repeat("ü", 49)}, s.names(), "whole letters, of 120 bytes")
}

// names of the activities in the order in which they were scheduled.
func (s *stage) names() (names []string) {
	for _, c := range s.calls {
		names = append(names, c.options.Summary)
	}
	return names
}
