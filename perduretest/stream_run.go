package perduretest

import (
	"encoding/json"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// streamRun is perdure.stream.v1.
type streamRun struct {
	execution
	frontend *frontend
	header   tokens.Header
	request  perdure.RequestLine
	events   []Event // of the whole script
	place    place   // of the event to come

	first    int // the offset of the first event that this run has
	recorded []perdure.Event
	since    time.Time // when the last one came
	is       perdure.StreamStatus
	token    string
	response *perdure.Response
}

func (f *frontend) newStreamRun(e execution) (run, error) {
	in, err := decode[perdure.StreamInput](e.input)
	if err != nil {
		return nil, err
	}
	r := &streamRun{execution: e, frontend: f, since: e.startedAt, header: tokens.Header{
		Kind: tokens.KindStream, WorkflowID: e.id, Namespace: "default",
		Service: in.ServiceName(), Protocol: protocolName(in.Protocol), Type: in.Type, Audience: in.Audience,
	}}
	if in.Token != "" {
		r.takeUp(in)
	} else {
		if r.place.Script, err = f.place(perdure.WorkflowStream, in.Request, nil); err != nil {
			return nil, err
		}
		r.events = f.scripts[r.place.Script].events
		r.request = perdure.RequestLine{Method: in.Request.Method, URL: in.Request.URL}
	}
	f.inputs = append(f.inputs, in)
	r.first = r.place.Next
	r.is = perdure.StreamStatus{
		State: perdure.StateRunning, StartedAt: e.startedAt, Events: r.first,
		Service: r.header.Service, Protocol: r.header.Protocol, Type: r.header.Type,
		Segments: []perdure.StreamSegment{{RunID: e.runID, FirstOffset: r.first}},
	}
	r.response = response(nil, 200, nil, r.request)
	r.response.Headers = nil
	r.seal()
	return r, nil
}

// takeUp goes on after the event that the token was made at.
func (r *streamRun) takeUp(in perdure.StreamInput) {
	header, at, err := r.frontend.unseal(in.Token, tokens.Expect{Kind: tokens.KindStream, Type: in.Type, Audience: in.Audience, Service: in.Service})
	if err != nil {
		r.events = []Event{BrokenStream(perdure.ErrorInvalidToken, *invalidToken(err))}
		return
	}
	header.WorkflowID = r.id
	r.header, r.place = header, at
	r.events = r.frontend.scripts[at.Script].events
}

func (r *streamRun) seal() {
	r.token, _ = r.frontend.seal(r.header, r.place) // fails on a header that is too long: then there is none
}

func (r *streamRun) status() any { return r.is }

func (r *streamRun) shown() (state perdure.State, service string) { return r.is.State, r.is.Service }

func (r *streamRun) next() (g gate, since time.Time) {
	if r.is.Done || r.place.Next >= len(r.events) {
		return gate{}, r.since
	}
	return r.events[r.place.Next].gate, r.since
}

func (r *streamRun) settle() bool {
	changed := false
	for !r.is.Done {
		if r.place.Next == len(r.events) {
			r.finish(perdure.StateSucceeded, "", nil)
			r.complete(perdure.StreamResult{State: r.is.State, Events: r.is.Events, Bytes: r.is.Bytes})
			return true
		}
		e := r.events[r.place.Next]
		if !e.gate.open(r.since) {
			return changed
		}
		changed = true
		r.take(e)
	}
	return changed
}

func (r *streamRun) advance() bool { return false }

func (r *streamRun) take(e Event) {
	r.since = time.Now()
	if e.errorType != "" {
		r.finish(perdure.StateFailed, e.errorType, e.err)
		r.fail(e.errorType, e.err, r.is)
		return
	}
	r.recorded = append(r.recorded, perdure.Event{Offset: r.place.Next, Type: e.kind, ID: e.id, Data: e.data, At: r.since.UTC()})
	r.place.Next++
	r.is.Events, r.is.Bytes = r.place.Next, r.is.Bytes+textBytes(e.data)
	if e.id != "" {
		r.is.LastEventID = e.id
	}
	r.seal()
}

func (r *streamRun) finish(state perdure.State, errorType string, why *perdure.ServiceError) {
	r.is.State, r.is.Done, r.is.EndedAt = state, true, time.Now().UTC()
	r.is.ErrorType, r.is.Error = errorType, why
}

func (r *streamRun) query(name string, args *commonpb.Payloads) (any, error) {
	switch name {
	case perdure.QueryStatus:
		return r.is, nil
	case perdure.QueryToken:
		return r.token, nil
	case perdure.QueryResponse:
		return r.response, nil
	case perdure.QueryRead:
		return r.read(args)
	}
	return nil, unknown("query " + name)
}

func (r *streamRun) read(args *commonpb.Payloads) (any, error) {
	var request perdure.ReadRequest
	err := argument(args, &request)
	if err == nil {
		err = request.Check()
	}
	switch {
	case err != nil:
		return nil, refused(perdure.ErrorInvalidInput, perdure.Reason(err))
	case request.Offset < r.first:
		return nil, refused(perdure.ErrorNotFetched, fmt.Sprintf("event %d is not kept here; the first that is has the offset %d", request.Offset, r.first))
	}
	events := r.recorded[min(request.Offset-r.first, len(r.recorded)):]
	if request.Max > 0 {
		events = events[:min(request.Max, len(events))]
	}
	next := request.Offset + len(events)
	return perdure.Events{Events: events, Next: next, Done: r.is.Done && next >= r.is.Events, Error: r.is.Error}, nil
}

func (r *streamRun) update(name string, args *commonpb.Payloads) reply {
	if name != perdure.UpdateWait {
		return at(nil, unknown("update "+name))
	}
	var request perdure.WaitEventRequest
	err := argument(args, &request)
	if err == nil {
		err = request.Check()
	}
	if err != nil {
		return at(nil, refused(perdure.ErrorInvalidInput, perdure.Reason(err)))
	}
	return func() (any, bool, error) { return r.is, request.Offset < r.is.Events || r.is.Done, nil }
}

func (r *streamRun) signal(name string, _ *commonpb.Payloads) {
	if name == perdure.SignalCancel {
		r.cancel("")
	}
}

func (r *streamRun) cancel(string) {
	r.finish(perdure.StateCanceled, "", nil)
	r.endCanceled(r.is)
}

// textBytes is how long data is: a text, or any other JSON as it is spelled.
func textBytes(data json.RawMessage) int64 {
	var text string
	if json.Unmarshal(data, &text) == nil {
		return int64(len(text))
	}
	return int64(len(data))
}
