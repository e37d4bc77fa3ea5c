package activities

import (
	"time"

	"github.com/perdure-dev/perdure"
)

// failed notes a failure and when to try again.
func (s *starting) failed(why *perdure.ServiceError, asked time.Duration) {
	s.failures++
	if asked > 0 {
		s.a.metrics.of(s.plan.service.Name()).retryAfter.Inc(1)
	}
	s.lastError = &perdure.TimedError{At: time.Now().UTC(), Error: *s.plan.service.cappedError(why)}
	wait := pace{caller: s.task.Input.Polling}.afterFailure(s.task.Tries+s.failures, asked)
	s.nextAt = time.Now().Add(wait).UTC()
}

func (s *starting) isNews() bool {
	known := s.task.KnownError
	return s.lastError != nil && (known == nil || known.Code != s.lastError.Error.Code)
}

// later is the verdict that nothing was started yet and the request is to be sent
// again.
func (s *starting) later() *perdure.Answer {
	a := s.undecided(perdure.StateStarting)
	a.WaitSeconds = max(0, time.Until(s.nextAt)).Seconds()
	a.Durable = seconds(a.WaitSeconds) > s.a.Watch.Threshold
	return a
}

// ambiguous is the verdict that nobody can tell whether the service started the
// operation: nothing is sent again.
func (s *starting) ambiguous() *perdure.Answer {
	a := s.undecided(perdure.StateAmbiguous)
	a.Error = &perdure.ServiceError{
		Code:    perdure.ErrorStartAmbiguous,
		Message: "the start request may have been delivered, its answer was lost, and the service is not known to recognise a repeat; it was not sent again",
	}
	if s.refusal != nil {
		a.Response = s.plan.service.Capture(s.refusal)
	}
	return a
}

// undecided begins an answer after which the start may go on.
func (s *starting) undecided(state perdure.State) *perdure.Answer {
	a := s.verdict(state)
	if s.sealed != s.task.Sealed {
		a.Sealed = s.sealed
	}
	return a
}

// verdict begins an answer about a start.
func (s *starting) verdict(state perdure.State) *perdure.Answer {
	a := &perdure.Answer{State: state, Service: s.plan.service.Name(), Protocol: s.plan.name}
	s.fill(a)
	return a
}

func (s *starting) fill(a *perdure.Answer) {
	a.Tries, a.LastError, a.SearchAttributes = s.tries, s.lastError, s.a.SearchAttributes()
	if s.maybeSent {
		a.FirstSentAt = s.firstSent
	}
}
