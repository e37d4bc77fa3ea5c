package activities_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/perduretest"
)

// What is handed over at once waits for each other: so the watchers of a worker that
// drains go one after the other, and ask until then.
func TestWatchersHandOverOneAfterTheOther(t *testing.T) {
	for _, test := range []struct {
		name     string
		watchers int
		within   time.Duration
		longest  time.Duration
	}{
		{"at once, by default", 5, 0, 0},
		{"twenty a second", 5, 20 * time.Second, 200 * time.Millisecond},
		{"faster where there is no time", 60, time.Second, time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, []perduretest.Step{get(200, store("in_progress", 0)).AnyTimes()}, func(d *desk) {
				t := d.t
				d.options.Watch.HandOver = test.within
				task := d.watched(every(0.1))
				a := d.activities("jobs")
				stop := make(chan struct{})
				time.AfterFunc(3*time.Second, func() { close(stop) })
				begin := time.Now()
				left := make([]time.Duration, test.watchers)
				answers := make([]perdure.Answer, test.watchers)
				errs := make([]error, test.watchers)
				var all sync.WaitGroup
				for i := range test.watchers {
					all.Go(func() {
						answers[i], errs[i] = watch(a, task, stop)
						left[i] = time.Since(begin) - 3*time.Second
					})
				}
				all.Wait()
				for i, got := range answers {
					require.NoError(t, errs[i])
					require.Equal(t, perdure.StateRunning, got.State)
					require.GreaterOrEqual(t, got.Polls, 26, "it asks until its turn has come")
				}
				slices.Sort(left)
				require.Zero(t, left[0])
				require.LessOrEqual(t, left[len(left)-1], test.longest)
				if test.longest == 200*time.Millisecond {
					require.Equal(t, 50*time.Millisecond, left[1])
					require.Equal(t, test.longest, left[4])
				}
			})
		})
	}
}

// watch runs a watcher on a worker that drains when stop is closed.
func watch(a *activities.Activities, task perdure.PollTask, stop chan struct{}) (answer perdure.Answer, err error) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerStopChannel(stop)
	env.RegisterActivityWithOptions(a.Poll, activity.RegisterOptions{Name: perdure.ActivityPoll})
	value, err := env.ExecuteActivity(perdure.ActivityPoll, task)
	if err != nil {
		return answer, err
	}
	return answer, value.Get(&answer)
}
