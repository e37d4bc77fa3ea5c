package workflows_test

import (
	"testing"
	"time"

	"github.com/perdure-dev/perdure"
)

func TestProbe(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(2 * time.Second))}
	s.polls = []act[pollTask]{after[pollTask](2*time.Second, completed())}
	s.cancels = []act[cancelTask]{now[cancelTask](perdure.CancelAnswer{Supported: true, Accepted: true})}
	s.at(time.Second, func() { s.env.SignalWorkflow("cancel", nil) })
	s.run(request())
	t.Log(s.env.GetWorkflowError())
	t.Logf("%+v", s.status())
}
