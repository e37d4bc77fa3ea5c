package perduretest

import (
	"cmp"
	"encoding/json"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// operationRun is perdure.operation.v1, which plays the states of an operation.
type operationRun struct {
	execution
	frontend *frontend
	header   tokens.Header
	request  perdure.RequestLine
	script   *Operation

	states   []OperationState // those to come are from place.Next on
	place    place
	since    time.Time // when the last one came
	is       perdure.Status
	token    string
	response *perdure.Response
}

func (f *frontend) newOperationRun(e execution) (run, error) {
	in, err := decode[perdure.OperationInput](e.input)
	if err != nil {
		return nil, err
	}
	r := &operationRun{
		execution: e, frontend: f, since: e.startedAt,
		header: tokens.Header{
			Kind: tokens.KindOperation, WorkflowID: e.id, Namespace: "default",
			Service: in.ServiceName(), Protocol: protocolName(in.Protocol), Type: in.Type, Audience: in.Audience,
		},
	}
	r.is = perdure.Status{
		State: perdure.StateStarting, StartedAt: e.startedAt,
		Service: r.header.Service, Protocol: r.header.Protocol, Type: r.header.Type,
	}
	if in.Request != nil {
		r.request = perdure.RequestLine{Method: in.Request.Method, URL: in.Request.URL}
	}
	if in.Token != "" {
		f.inputs = append(f.inputs, in)
		r.takeUp(in)
		return r, nil
	}
	if r.place.Script, err = f.place(perdure.WorkflowOperation, in.Request, in.Adopt); err != nil {
		return nil, err
	}
	f.inputs = append(f.inputs, in)
	r.script = f.scripts[r.place.Script].operation
	r.states = r.script.states
	return r, nil
}

// takeUp goes on in the state that the token was made in.
func (r *operationRun) takeUp(in perdure.OperationInput) {
	header, at, err := r.frontend.unseal(in.Token, tokens.Expect{Kind: tokens.KindOperation, Type: in.Type, Audience: in.Audience, Service: in.Service})
	if err != nil {
		r.finish(perdure.StateUnknown, perdure.ErrorInvalidToken, invalidToken(err))
		r.fail(r.is.ErrorType, r.is.Error, r.is)
		return
	}
	header.WorkflowID = r.id
	r.header, r.place = header, at
	r.is.Service, r.is.Protocol = header.Service, header.Protocol
	r.script = r.frontend.scripts[at.Script].operation
	r.states = r.script.states
	r.goOn()
}

// goOn takes up the state that the token was made in.
func (r *operationRun) goOn() {
	current := r.place.Next
	if r.place.Canceling {
		r.states, r.is.State = r.script.onCancel, perdure.StateCanceling
	}
	for i, s := range r.states[:max(0, current)+1] {
		r.is.RemoteID = cmp.Or(s.remoteID, r.is.RemoteID)
		if i == current {
			r.enter(s, false)
		}
	}
	r.place.Next = current + 1
	r.seal()
}

func protocolName(p *perdure.ProtocolChoice) string {
	if p == nil {
		return perdure.AutoProtocol
	}
	return p.Name
}

func (r *operationRun) status() any { return r.is }

func (r *operationRun) shown() (state perdure.State, service string) { return r.is.State, r.is.Service }

// upcoming is the state that comes next; nil: it stays as it is.
func (r *operationRun) upcoming() *OperationState {
	if r.is.Done || r.is.State == perdure.StateAmbiguous || r.place.Next >= len(r.states) {
		return nil
	}
	return &r.states[r.place.Next]
}

func (r *operationRun) next() (g gate, since time.Time) {
	if s := r.upcoming(); s != nil {
		return s.gate, r.since
	}
	return gate{}, r.since
}

func (r *operationRun) settle() bool {
	before := r.place
	for {
		s := r.upcoming()
		if s == nil || !s.gate.open(r.since) || !s.gate.byItself() && r.is.State != perdure.StateStarting {
			return r.place != before
		}
		came := s.gate.opened(r.since)
		r.enter(*s, r.is.State == perdure.StateStarting)
		r.since = came
	}
}

// ask is a question to the service: it brings the next state, unless that comes by itself.
func (r *operationRun) ask() bool {
	if r.is.Done || r.is.State == perdure.StateStarting || r.is.State == perdure.StateAmbiguous {
		return false
	}
	r.is.Polls++
	r.is.LastPolledAt = time.Now().UTC()
	s := r.upcoming()
	if s == nil || s.gate.byItself() {
		return false
	}
	r.enter(*s, false)
	return true
}

func (r *operationRun) advance() bool {
	if s := r.upcoming(); s == nil || s.gate.byItself() {
		return false
	}
	for r.ask() {
		r.settle()
	}
	return true
}

// enter takes a state up; first: with the answer to the start.
func (r *operationRun) enter(s OperationState, first bool) {
	r.place.Next++
	r.since = time.Now()
	r.is.AsOf = r.since.UTC()
	if s.state == perdure.StateAmbiguous {
		r.is.State, r.is.Error = s.state, errorOfAmbiguity()
		return
	}
	if s.word != "" { // else the service has said nothing of it
		r.is.ServiceStatus, r.is.PercentComplete, r.is.Progress = s.word, s.percent, s.progress
	}
	r.is.RemoteID = cmp.Or(s.remoteID, r.is.RemoteID)
	r.answered(s, first)
	switch {
	case s.state != perdure.StateRunning:
		r.end(s, first)
	case r.is.State != perdure.StateCanceling:
		r.is.State = s.state
	}
	r.seal()
	if first && !r.is.Done && r.is.Cancel != nil {
		r.sendCancel()
	}
}

// seal makes the token of the state that it is in.
func (r *operationRun) seal() {
	here := r.place
	here.Next--
	r.token, _ = r.frontend.seal(r.header, here) // fails on a header that is too long: then there is none
}

func errorOfAmbiguity() *perdure.ServiceError {
	return &perdure.ServiceError{
		Code:    perdure.ErrorStartAmbiguous,
		Message: "the start request may have been delivered, its answer was lost, and the service is not known to recognise a repeat; it was not sent again",
	}
}

// answered keeps the answer that the state came with.
func (r *operationRun) answered(s OperationState, first bool) {
	request := r.request
	if !first {
		request.Method = "GET"
	}
	status := 200
	if s.err != nil && s.err.HTTPStatus != 0 {
		status = s.err.HTTPStatus
	}
	r.response = response(s.response, status, s.content(), request)
}

// content is what the service says of itself where the test does not.
func (s OperationState) content() *perdure.Body {
	switch {
	case s.body != nil:
		return s.body
	case s.state == perdure.StateSucceeded:
		return perdure.JSONBody(s.value)
	case s.err != nil:
		return perdure.JSONBody(marshal("Failed", map[string]any{"status": s.word, "error": s.err}))
	}
	return perdure.JSONBody(marshal("Running", map[string]any{"status": s.word}))
}

// response is an answer of the service, as captured.
func response(given *perdure.Response, status int, body *perdure.Body, request perdure.RequestLine) *perdure.Response {
	out := perdure.Response{Status: status, Body: body, Headers: map[string][]string{"Content-Type": {body.ContentType()}}}
	if given != nil {
		out = *given
	}
	if out.Request == (perdure.RequestLine{}) {
		out.Request = request
	}
	if out.ReceivedAt.IsZero() {
		out.ReceivedAt = time.Now().UTC()
	}
	return &out
}

// end closes the operation with its last state.
func (r *operationRun) end(s OperationState, first bool) {
	switch s.state { //nolint:exhaustive // the others are failures
	case perdure.StateSucceeded:
		r.finish(s.state, "", nil)
		r.complete(perdure.OperationResult{State: s.state, ServiceStatus: s.word, Value: s.value, ValueBody: s.body, Response: r.response})
	case perdure.StateCanceled:
		if r.is.Cancel != nil {
			r.is.Cancel.Confirmed = true
		}
		r.finish(s.state, "", &perdure.ServiceError{Code: s.word})
		r.endCanceled(r.is)
	default:
		r.finish(stateAfter(s.errorType, first), s.errorType, s.err)
		r.fail(s.errorType, s.err, r.is)
	}
}

// stateAfter is what is known of the service's operation after an error.
func stateAfter(errorType string, first bool) perdure.State {
	switch {
	case errorType == perdure.ErrorStartAmbiguous:
		return perdure.StateAmbiguous
	case errorType == perdure.ErrorOperationFailed, errorType == perdure.ErrorStartRejected, first:
		return perdure.StateFailed
	}
	return perdure.StateUnknown
}

func (r *operationRun) finish(state perdure.State, errorType string, why *perdure.ServiceError) {
	r.is.State, r.is.Done, r.is.EndedAt = state, true, time.Now().UTC()
	r.is.ErrorType, r.is.Error = errorType, why
}

func (r *operationRun) query(name string, _ *commonpb.Payloads) (any, error) {
	switch name {
	case perdure.QueryStatus:
		return r.is, nil
	case perdure.QueryToken:
		return r.token, nil
	case perdure.QueryResponse:
		return r.response, nil
	}
	return nil, unknown("query " + name)
}

func (r *operationRun) update(name string, args *commonpb.Payloads) reply {
	switch name {
	case perdure.UpdateAwaitStarted:
		return r.started
	case perdure.UpdateUpdateStatus:
		var request perdure.UpdateStatusRequest
		err := argument(args, &request)
		if err == nil {
			err = perdure.CheckHeaders("headers", request.Headers)
		}
		if err != nil {
			return at(nil, refused(perdure.ErrorInvalidInput, perdure.Reason(err)))
		}
		r.ask()
		return at(r.is, nil)
	case perdure.UpdateSetPolling:
		return at(r.is, nil)
	case perdure.UpdateResolve:
		return r.resolve(args)
	}
	return at(nil, unknown("update "+name))
}

// started is the reply once the start is decided.
func (r *operationRun) started() (any, bool, error) {
	return r.is, r.is.State != perdure.StateStarting, nil
}

func (r *operationRun) resolve(args *commonpb.Payloads) reply {
	var how perdure.Resolve
	if err := argument(args, &how); err != nil {
		return at(nil, refused(perdure.ErrorInvalidInput, err.Error()))
	}
	switch {
	case r.is.State != perdure.StateAmbiguous:
		return at(nil, refused(perdure.ErrorInvalidInput, "the start is not ambiguous"))
	case how.Fail != "":
		r.finish(perdure.StateAmbiguous, perdure.ErrorStartAmbiguous, &perdure.ServiceError{Code: perdure.ErrorStartAmbiguous, Message: how.Fail})
		r.fail(r.is.ErrorType, r.is.Error, r.is)
		return r.started
	case r.place.Next >= len(r.states):
		return at(nil, refused(perdure.ErrorInvalidInput, "perduretest: no state is scripted after Ambiguous"))
	}
	r.is.State, r.is.Error, r.since = perdure.StateStarting, nil, time.Now()
	return r.started
}

func (r *operationRun) signal(name string, args *commonpb.Payloads) {
	switch name {
	case perdure.SignalCancel:
		var raw perdure.RawInput
		var signal perdure.CancelSignal
		if argument(args, &raw) == nil {
			_ = json.Unmarshal(raw, &signal) // what cannot be read is a request to cancel all the same
		}
		r.cancel(signal.Reason)
	case perdure.SignalPoll:
		r.ask()
	}
}

func (r *operationRun) cancel(reason string) {
	if r.is.Cancel != nil {
		return
	}
	r.is.Cancel = &perdure.CancelStatus{RequestedAt: time.Now().UTC(), Reason: reason}
	switch r.is.State { //nolint:exhaustive // the others are running
	case perdure.StateStarting: // the answer to the start says what there is to cancel
	case perdure.StateAmbiguous:
		r.finish(perdure.StateAmbiguous, "", r.is.Error)
		r.endCanceled(r.is)
	default:
		r.sendCancel()
	}
}

// sendCancel tells the service to stop.
func (r *operationRun) sendCancel() {
	supported := len(r.script.onCancel) > 0
	r.is.Cancel.Supported = &supported
	if !supported {
		r.finish(perdure.StateUnknown, "", nil)
		r.endCanceled(r.is)
		return
	}
	r.is.Cancel.Accepted = &supported
	r.is.State = perdure.StateCanceling
	r.states, r.since = r.script.onCancel, time.Now()
	r.place.Next, r.place.Canceling = 0, true
	r.seal()
}
