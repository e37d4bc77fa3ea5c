package collection

import (
	"strconv"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

// Time-outs of the activity. A worker that dies is noticed by its heartbeat; the other
// only bounds what must end some time.
const (
	heartbeatTimeout    = 15 * time.Second
	startToCloseTimeout = 24 * time.Hour
)

// retries of a page: the activity says itself how long to wait after what the service
// answered; the rest is a worker that died or lacks a key.
var retries = temporal.RetryPolicy{
	InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second,
}

func activityOptions(page int) workflow.ActivityOptions {
	policy := retries
	return workflow.ActivityOptions{
		Summary:             "fetch page " + strconv.Itoa(page),
		StartToCloseTimeout: startToCloseTimeout, HeartbeatTimeout: heartbeatTimeout, RetryPolicy: &policy,
	}
}

// held is a page that this run keeps.
type held struct {
	answer perdure.PageAnswer
	token  string // of this page
}

// wanted: a page that somebody has asked for, or wants fetched ahead, is still to come.
func (c *collection) wanted() bool {
	return !c.done() && c.Status.Pages <= c.Target
}

// fetch fetches the next page. It is broken off when the run is to end; a page is only
// a question, which can be asked again.
func (c *collection) fetch(work workflow.Context) {
	cancelable, cancel := workflow.WithCancel(work)
	defer cancel()
	task := perdure.PageTask{Sealed: c.Next}
	if c.Next == "" {
		task.Input = &c.input
	}
	fetched := workflow.ExecuteActivity(workflow.WithActivityOptions(cancelable, activityOptions(c.Status.Pages)), perdure.ActivityFetchPage, task)
	for !fetched.IsReady() && !c.done() && !c.mustContinue() {
		c.await(work, func() bool { return fetched.IsReady() || c.mustContinue() })
	}
	c.awaitLate(work, cancelable, fetched)
	if c.done() || !fetched.IsReady() {
		return
	}
	c.noteLength(work)
	var a perdure.PageAnswer
	if err := fetched.Get(work, &a); err != nil {
		c.fail(work, perdure.ErrorPageRejected, &perdure.ServiceError{Code: "ActivityFailed", Message: failure.Cut(err.Error(), 1024)})
		return
	}
	c.take(work, a)
}

// Bounds of waiting for a page that is on its way when the run is to continue as new.
const (
	lateWait     = 10 * time.Second
	maxLateWaits = maxWaits + maxWaits/2
)

// awaitLate waits for a page that is on its way: else the next run would ask for it again.
func (c *collection) awaitLate(work, cancelable workflow.Context, fetched workflow.Future) {
	if c.done() || fetched.IsReady() {
		return
	}
	late := workflow.NewTimerWithOptions(cancelable, lateWait, workflow.TimerOptions{Summary: "a page is on its way"})
	over := func() bool { return fetched.IsReady() || late.IsReady() || c.waits >= maxLateWaits }
	for !c.done() && !over() {
		c.await(work, over)
	}
}

// take takes over what came of asking for a page.
func (c *collection) take(work workflow.Context, a perdure.PageAnswer) {
	s := &c.Status
	if a.Service != "" {
		s.Service = failure.Cut(a.Service, 255)
	}
	if a.Protocol != "" {
		s.Protocol = failure.Cut(a.Protocol, 255)
	}
	if a.SearchAttributes != nil {
		c.Attributes = a.SearchAttributes
	}
	if a.ErrorType != "" {
		c.fail(work, a.ErrorType, a.Error)
		return
	}
	c.Seen.add(a.Print)
	if a.NextPrint != "" && c.Seen.has(a.NextPrint) {
		c.fail(work, perdure.ErrorProtocolViolation, &perdure.ServiceError{
			Code:    perdure.ErrorProtocolViolation,
			Message: "the page names one that came before it as the next",
		})
		return
	}
	c.keep(a)
	switch {
	case a.Next == "", c.input.MaxPages > 0 && s.Pages >= c.input.MaxPages:
		c.end(work, completed, perdure.StateSucceeded, "", nil)
	default:
		s.State = perdure.StateRunning
		c.publish(work)
	}
}

func (c *collection) keep(a perdure.PageAnswer) {
	s := &c.Status
	h := held{answer: a, token: c.Next}
	if a.Sealed != "" {
		h.token = a.Sealed
	}
	c.pages = append(c.pages, h)
	c.Next = a.Next
	s.Pages++
	s.Items += a.Count
	s.PageToken, s.NextPageToken = fitting(h.token), fitting(a.Next)
	s.ErrorType, s.Error = "", nil
}

// fitting is a sealed state as a token, or nothing where it is too large for one.
func fitting(sealed string) string {
	if len(sealed) > perdure.MaxTokenBytes {
		return ""
	}
	return sealed
}

// fail notes that the next page could not be had. Those who wait for it are told, and
// it is tried again when somebody asks again. Where not even a first page can come, the
// collection is over.
func (c *collection) fail(work workflow.Context, errorType string, why *perdure.ServiceError) {
	if c.Status.Pages == 0 && hopeless(errorType) {
		c.end(work, failed, perdure.StateFailed, errorType, why)
		return
	}
	c.failures++
	c.Target = c.Status.Pages - 1
	c.Status.ErrorType, c.Status.Error = errorType, why
	c.publish(work)
}

// hopeless reports whether asking again, with the same input, cannot help.
func hopeless(errorType string) bool {
	switch errorType {
	case perdure.ErrorInvalidInput, perdure.ErrorInvalidToken, perdure.ErrorEgressDenied:
		return true
	}
	return false
}
