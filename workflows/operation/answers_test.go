package operation_test

import (
	"encoding/json"
	"time"

	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

type (
	startTask  = perdure.StartTask
	pollTask   = perdure.PollTask
	cancelTask = perdure.CancelTask
	answer     = perdure.Answer
	ctx        = workflow.Context
)

// request is the least input.
func request(change ...func(*perdure.OperationInput)) perdure.OperationInput {
	in := perdure.OperationInput{Request: &perdure.Request{Service: "jobs", Method: "POST", URL: "/jobs"}}
	for _, c := range change {
		c(&in)
	}
	return in
}

func timeout(s float64) func(*perdure.OperationInput) {
	return func(in *perdure.OperationInput) { in.TimeoutSeconds = s }
}

func grace(s float64) func(*perdure.OperationInput) {
	return func(in *perdure.OperationInput) {
		if in.Cancel == nil {
			in.Cancel = &perdure.CancelSettings{}
		}
		in.Cancel.GraceSeconds = &s
	}
}

func onTimeout(in *perdure.OperationInput) {
	if in.Cancel == nil {
		in.Cancel = &perdure.CancelSettings{}
	}
	in.Cancel.OnTimeout = true
}

// running is what a service says of an operation that runs, ask again after wait.
func running(wait time.Duration, change ...func(*answer)) answer {
	return varied(answer{
		State: perdure.StateRunning, Service: "jobs", Protocol: "openai", RemoteID: "job_1",
		ServiceStatus: "in_progress", News: "n0", Sealed: "perdure1_a", Polls: 1, Interval: 2,
		WaitSeconds: wait.Seconds(), Durable: wait > 20*time.Second,
		Response: reply("r0"), BodyDigest: "d0",
	}, change)
}

// accepted is the service's answer to the start.
func accepted(wait time.Duration, change ...func(*answer)) answer {
	return varied(running(wait), append([]func(*answer){func(a *answer) { a.Polls, a.Tries = 0, 1 }}, change...))
}

// again: nothing was started, try after wait.
func again(wait time.Duration, change ...func(*answer)) answer {
	return varied(answer{
		State: perdure.StateStarting, Service: "jobs", Protocol: "openai", Tries: 1,
		WaitSeconds: wait.Seconds(), Durable: wait > 20*time.Second,
		LastError: &perdure.TimedError{At: epoch, Error: perdure.ServiceError{Code: "NotSent", Message: "connection refused"}},
	}, change)
}

// completed is the operation's success.
func completed(change ...func(*answer)) answer {
	return varied(answer{
		State: perdure.StateSucceeded, ServiceStatus: "completed", News: "n9", Polls: 1,
		Value: json.RawMessage(`{"id":"job_1"}`), Response: reply("r9"), BodyDigest: "d9",
	}, change)
}

// ambiguous: nobody can tell whether the start arrived.
func ambiguous() answer {
	return answer{
		State: perdure.StateAmbiguous, Service: "jobs", Protocol: "openai", Tries: 1, FirstSentAt: epoch,
		Error:     &perdure.ServiceError{Code: perdure.ErrorStartAmbiguous, Message: "may have been delivered"},
		LastError: &perdure.TimedError{At: epoch, Error: perdure.ServiceError{Code: "NoAnswer"}},
	}
}

func varied(a answer, change []func(*answer)) answer {
	for _, c := range change {
		c(&a)
	}
	return a
}

func status(word string) func(*answer) {
	return func(a *answer) { a.ServiceStatus, a.News = word, word }
}

func polls(n int) func(*answer) { return func(a *answer) { a.Polls = n } }

// silent leaves out what says nothing new.
func silent(a *answer) { a.Response, a.BodyDigest, a.Sealed = nil, "", "" }

func refused(a *answer) {
	*a = answer{
		ErrorType: perdure.ErrorPollRejected, Error: &perdure.ServiceError{Code: "403", Message: "Forbidden", HTTPStatus: 403},
		Polls: 1, Response: reply("forbidden"), BodyDigest: "d403",
	}
}

func reply(body string) *perdure.Response {
	return &perdure.Response{
		Status: 200, Body: perdure.TextBody(body), ReceivedAt: epoch,
		Request: perdure.RequestLine{Method: "GET", URL: "https://jobs.test/jobs/job_1"},
	}
}

// asked is one update: what became of it, and when.
type asked struct {
	accepted bool
	rejected error
	at       time.Duration // when it was answered; 0: it was not
	status   perdure.Status
	err      error
}

// updateAt sends an update when the workflow has run for d; what became of it is there
// after the run.
func (s *stage) updateAt(d time.Duration, name, id string, args ...any) *asked {
	u := &asked{}
	s.at(d, func() {
		s.env.UpdateWorkflow(name, id, &testsuite.TestUpdateCallback{
			OnAccept: func() { u.accepted = true },
			OnReject: func(err error) { u.rejected = err },
			OnComplete: func(result any, err error) {
				u.at, u.err = s.elapsed(), err
				if status, ok := result.(perdure.Status); ok && err == nil {
					u.status = status
				}
			},
		}, args...)
	})
	return u
}
