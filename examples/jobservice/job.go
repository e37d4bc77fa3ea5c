package jobservice

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"time"
)

type jobRequest struct {
	Name       string      `json:"name"`
	Seconds    json.Number `json:"seconds"`
	Steps      json.Number `json:"steps"`
	Fail       string      `json:"fail"`
	FailStatus int         `json:"failStatus"`
	Location   string      `json:"location"`
	End        string      `json:"end"`
	Tag        string      `json:"tag"`

	body json.RawMessage
}

// job is a job as it runs and, with Request, its result.
type job struct {
	ID              string          `json:"id"`
	Name            string          `json:"name"`
	Status          string          `json:"status"`
	PercentComplete int             `json:"percentComplete"`
	StartedAt       time.Time       `json:"startedAt"`
	EndedAt         *time.Time      `json:"endedAt,omitempty"`
	Request         json.RawMessage `json:"request,omitempty"`
}

const (
	locationAbsolute = "absolute"
	endInline        = "inline"
)

func (s *Service) parseJob(body []byte) (subject, plan, error) {
	request := jobRequest{FailStatus: http.StatusUnprocessableEntity, body: body}
	if err := decode(body, &request); err != nil {
		return subject{}, plan{}, err
	}
	if err := request.validate(); err != nil {
		return subject{}, plan{}, err
	}
	p, err := s.options.plan(wish{seconds: string(request.Seconds), steps: string(request.Steps), fail: request.Fail})
	return subject{job: request}, p, err
}

func (r jobRequest) validate() error {
	switch {
	case r.Location != "" && r.Location != "relative" && r.Location != locationAbsolute:
		return errors.New(`location: "relative" or "absolute"`)
	case r.End != "" && r.End != "redirect" && r.End != endInline:
		return errors.New(`end: "redirect" or "inline"`)
	case r.FailStatus < http.StatusBadRequest || r.FailStatus > 599:
		return errors.New("failStatus: 400 to 599")
	}
	return nil
}

func jobView(o *operation, now time.Time) (any, string) {
	view := jobNow(o, now)
	return view, view.Status
}

func jobNow(o *operation, now time.Time) job {
	request := o.subject.job
	view := job{
		ID:              o.id,
		Name:            request.Name,
		PercentComplete: int(math.Floor(o.fraction(now) * 100)),
		StartedAt:       o.startedAt,
	}
	switch o.phase(now) {
	case running:
		view.Status = "running"
	case canceling:
		view.Status = "canceling"
	case succeeded:
		view.Status, view.EndedAt = "succeeded", o.reached(1, now)
	case failed:
		view.Status, view.EndedAt = "failed", o.reached(1, now)
	case canceled:
		view.Status, view.EndedAt = "canceled", o.canceledAt(now)
	}
	return view
}

// jobStarted is a 202, also for a repeated start of a job that has ended: where
// to ask has not changed.
func (s *Service) jobStarted(c call, o *operation) answer {
	view, state := jobView(o, c.at)
	a := jsonAnswer(http.StatusAccepted, view).about(o, state, c.at)
	a.header.Set("Location", c.jobURL(o))
	return a.pollAfter(Job, s.options.PollAfter)
}

func (s *Service) jobPolled(c call, o *operation) answer {
	view, state := jobView(o, c.at)
	switch o.phase(c.at) {
	case succeeded:
		if o.subject.job.End == endInline {
			return jobResult(c, o)
		}
		a := jsonAnswer(http.StatusSeeOther, view).about(o, state, c.at)
		a.header.Set("Location", c.jobURL(o)+"/result")
		return a
	case failed, canceled:
		return jobEnded(c, o, state)
	case running, canceling:
	}
	return jsonAnswer(http.StatusAccepted, view).about(o, state, c.at).pollAfter(Job, s.options.PollAfter)
}

// jobEnded tells of a bad end.
func jobEnded(c call, o *operation, state string) answer {
	if state == "canceled" {
		return refuseAs(http.StatusGone, serviceError{
			Message: "the job was canceled", Type: "job_error", Code: new("canceled"),
		}).about(o, state, c.at)
	}
	return refuseAs(o.subject.job.FailStatus, serviceError{
		Message: o.plan.fail, Type: "job_error", Code: new("job_failed"),
	}).about(o, state, c.at)
}

func (s *Service) jobResulted(c call, o *operation) answer {
	_, state := jobView(o, c.at)
	switch o.phase(c.at) {
	case succeeded:
		return jobResult(c, o)
	case failed, canceled:
		return jobEnded(c, o, state)
	case running, canceling:
	}
	return refuse(http.StatusNotFound, "not_ready", "", "the job has no result yet").about(o, state, c.at)
}

func jobResult(c call, o *operation) answer {
	result := jobNow(o, c.at)
	result.Request = o.subject.job.body
	return jsonAnswer(http.StatusOK, result).about(o, result.Status, c.at)
}

func (s *Service) jobCanceled(c call, o *operation) answer {
	accepted := o.cancel(c.at)
	view, state := jobView(o, c.at)
	if !accepted {
		return refuse(http.StatusConflict, "already_ended", "", "the job has ended: "+state).about(o, state, c.at)
	}
	if o.phase(c.at) == canceled {
		return answer{status: http.StatusNoContent, header: http.Header{}}.about(o, state, c.at)
	}
	return jsonAnswer(http.StatusAccepted, view).about(o, state, c.at).pollAfter(Job, s.options.PollAfter)
}

// jobURL is as the job's request wants it.
func (c call) jobURL(o *operation) string {
	path := "/jobs/" + o.id
	if o.subject.job.Location != locationAbsolute {
		return path
	}
	return c.origin() + path
}
