package activities

import (
	"net/http"
	"strings"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/transport"
)

// isQuestion: the request starts nothing, and may be sent as often as one likes.
func (s *stream) isQuestion() bool {
	switch s.state.Request.Method {
	case http.MethodGet, http.MethodHead:
		return true
	}
	return false
}

// onwardOnce: the request that goes on from a place may itself start something, and is sent
// again only where it is known not to have arrived.
func (s *stream) onwardOnce(from place) bool {
	return !from.at.None() && !s.isQuestion() && !isIdempotent(s.state.Request.Method)
}

// repeatable reports whether a first request that may have been delivered can be sent
// again without starting anything a second time.
func (s *stream) repeatable(firstSent time.Time) bool {
	return s.isQuestion() || isIdempotent(s.state.Request.Method) || s.service.Idempotency.live(firstSent, time.Now())
}

func isIdempotent(method string) bool { return method == http.MethodPut || method == http.MethodDelete }

// ask is the request with the caller's headers, or with those of them that go on later
// requests.
func (s *stream) ask(later bool) protocol.Ask {
	r := &s.state.Request
	h := http.Header{}
	if kind := r.Body.ContentType(); kind != "" {
		h.Set("Content-Type", kind)
	}
	on := laterHeaders(r, s.service)
	for name, values := range r.Headers {
		n := http.CanonicalHeaderKey(name)
		if _, goes := on[n]; !later || goes || s.body != nil && strings.HasPrefix(n, "Content-") {
			h[n] = values
		}
	}
	return protocol.Ask{Method: r.Method, URL: s.target.String(), Header: h, Body: s.body}
}

// first is the request for the stream from its start. It carries the idempotency key, where the
// service knows one and the request is no mere question.
func (s *stream) first(firstSent time.Time) (transport.Request, error) {
	ask, _, err := s.streaming.Ask(s.ask(false), protocol.Position{})
	if err != nil {
		return transport.Request{}, err
	}
	request, err := s.request(ask)
	if err != nil || s.isQuestion() {
		return request, err
	}
	request.Start = true
	request.Body, err = s.service.Idempotency.put(s.key, firstSent, request.URL, request.Header, request.Body)
	return request, err
}

// onward is the request that goes on from a place. False: there is no way to go on. A
// stream that gave no event yet may begin again, where that starts nothing.
func (s *stream) onward(from place) (protocol.Ask, bool) {
	begin := from.at.None()
	if s.state.NoBody || begin && (from.next > 0 || !s.mayBeginAgain()) {
		return protocol.Ask{}, false
	}
	ask, ok, err := s.streaming.Ask(s.ask(!begin), from.at)
	return ask, ok && err == nil
}

// mayBeginAgain: a stream without an event yet is asked for once more by its first
// request, which was sent under a key that still counts, or needs none.
func (s *stream) mayBeginAgain() bool {
	at := s.state.FirstSentAt
	return s.repeatable(at) && (!at.IsZero() || s.isQuestion() || isIdempotent(s.state.Request.Method))
}

// request is what is sent for a streamer's request.
func (s *stream) request(ask protocol.Ask) (transport.Request, error) {
	target, err := s.service.Resolve(ask.URL)
	if err != nil {
		return transport.Request{}, err
	}
	if ask.Method != s.state.Request.Method {
		if err := s.service.CheckChosen(ask.Method, target); err != nil {
			return transport.Request{}, err
		}
	}
	return transport.Request{Method: ask.Method, URL: target, Header: ask.Header, Body: ask.Body}, nil
}

// encoded says how an answer is encoded, though nobody has asked for that.
func encoded(answer *transport.Response, protocolName string) error {
	switch answer.Header.Get("Content-Encoding") {
	case "", "identity":
		return nil
	}
	return &perdure.ProtocolError{Protocol: protocolName, Message: "the stream is compressed (Content-Encoding), which was not asked for"}
}
