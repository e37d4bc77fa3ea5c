package jobservice

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// wish is what a request says about how its operation is to go, as text; empty
// is the service's default.
type wish struct {
	seconds string
	steps   string
	fail    string
}

func (o Options) plan(w wish) (plan, error) {
	p := plan{duration: o.Duration, fail: w.fail, cancel: o.CancelDuration}
	if w.seconds == "" && w.steps == "" {
		p.steps = o.Steps
	}
	if w.seconds != "" {
		seconds, err := strconv.ParseFloat(w.seconds, 64)
		if err != nil || !(seconds >= 0 && seconds*float64(time.Second) < math.MaxInt64) {
			return plan{}, fmt.Errorf("seconds: %q is no number of seconds", w.seconds)
		}
		p.duration = time.Duration(seconds * float64(time.Second))
	}
	if w.steps != "" {
		steps, err := strconv.Atoi(w.steps)
		if err != nil || steps < 1 {
			return plan{}, fmt.Errorf("steps: %q is no number of steps, which is at least 1", w.steps)
		}
		p.steps = steps
	}
	return p, nil
}
