package perduretest

import (
	"fmt"
	"slices"
	"strings"
)

// script is what is still to come. It is not safe for concurrent use.
type script struct {
	steps    []Step
	position int // of the first step that is not done, counted from 0
	anyOrder bool
}

// take gives the step that r is for, and counts it.
func (s *script) take(r Request) (Step, error) {
	if s.anyOrder {
		return s.takeAnywhere(r)
	}
	return s.takeNext(r)
}

func (s *script) takeNext(r Request) (Step, error) {
	if len(s.steps) == 0 {
		return Step{}, fmt.Errorf("got %s, want no more requests", r.line())
	}
	next := s.skip(r)
	if !s.steps[next].takes(r) {
		return Step{}, fmt.Errorf("got %s, want %s (step %d)", r.line(), s.steps[next].line(), s.position+next+1)
	}
	for range next {
		s.remove(0)
	}
	return s.use(0), nil
}

// skip counts the steps for any number of requests that r ends: those that are
// not for it, and those before a step that is.
func (s *script) skip(r Request) int {
	next := 0
	for s.steps[next].times == anyTimes && next+1 < len(s.steps) {
		if s.steps[next].takes(r) && !s.steps[next+1].takes(r) {
			break
		}
		next++
	}
	return next
}

// takeAnywhere takes the closest of the steps that are for r, the first of
// those that are equally close.
func (s *script) takeAnywhere(r Request) (Step, error) {
	closest, best := -1, -1
	for i, step := range s.steps {
		if closeness := step.closeness(); step.takes(r) && closeness > best {
			closest, best = i, closeness
		}
	}
	if closest < 0 {
		return Step{}, fmt.Errorf("got %s, want %s", r.line(), orNothing(s.left()))
	}
	return s.use(closest), nil
}

// closeness puts a step that demands a query before one that takes any, and
// then a step that is counted before one for any number of requests.
func (s Step) closeness() int {
	closeness := 0
	if s.query != "" {
		closeness += 2
	}
	if s.times != anyTimes {
		closeness++
	}
	return closeness
}

func (s *script) use(i int) Step {
	step := s.steps[i]
	switch step.times {
	case anyTimes:
	case 1:
		s.remove(i)
	default:
		s.steps[i].times--
	}
	return step
}

func (s *script) remove(i int) {
	s.steps = slices.Delete(s.steps, i, i+1)
	s.position++
}

// left lists the requests that have not come.
func (s *script) left() []string {
	var lines []string
	for _, step := range s.steps {
		switch step.times {
		case anyTimes:
		case 1:
			lines = append(lines, step.line())
		default:
			lines = append(lines, fmt.Sprintf("%s (%d times)", step.line(), step.times))
		}
	}
	return lines
}

func orNothing(lines []string) string {
	if len(lines) == 0 {
		return "no more requests"
	}
	return strings.Join(lines, ", ")
}
