package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/tokens"
)

// streamState is all that is needed to go on with a stream, in any process: what is
// sealed in its continuation token.
type streamState struct {
	Protocol string          `json:"protocol"`
	Options  json.RawMessage `json:"options,omitempty"`
	// Request is the stream's first, its service named; without its body where that is
	// not sent again.
	Request perdure.Request `json:"request"`
	// NoBody: Request had a body, which is not carried along.
	NoBody bool `json:"noBody,omitempty"`
	// SilenceSeconds is the time after which a silent connection is broken off.
	SilenceSeconds float64 `json:"silenceSeconds,omitempty"`
	// FirstSentAt is from when the idempotency key counts, where there is one.
	FirstSentAt time.Time `json:"firstSentAt,omitzero"`
	// Cookies that the service has set, where its cookies are sticky.
	Cookies transport.Cookies `json:"cookies,omitempty"`
	// Position is where the stream was before the event at the offset Next.
	Position protocol.Position `json:"position"`
	Next     int               `json:"next"`
	// End is how the service has ended the stream; nil: it has not.
	End *perdure.StreamEnd `json:"end,omitempty"`
}

// maxCarriedBody bounds the body of a request that is sent again after a break, and so is
// sealed each time with the state.
const maxCarriedBody = 256 << 10

// stream is one whose state is open.
type stream struct {
	a         *Activities
	service   *Service
	streaming protocol.Streaming
	header    tokens.Header // as the state was sealed last
	log       string        // its workflow id
	key       string        // for the first request

	mu    sync.Mutex // of what the requests change in the state, and of header
	state streamState

	target *url.URL
	body   []byte
}

// openStream gives the stream of a log, and whether its service has answered before.
// Errors that end it are those of endOf.
func (a *Activities) openStream(in perdure.ReaderInput, pos perdure.LogPosition) (s *stream, answered bool, err error) {
	s, err = a.findStream(in, pos)
	if err != nil {
		return nil, false, err
	}
	s.a, s.log, s.key = a, in.Log, deriveKey(in.Log, in.FirstRunID)
	s.streaming, err = a.Streamers.Bind(s.state.Protocol, s.state.Options)
	switch {
	case err != nil && pos.Sealed != "":
		return nil, false, fmt.Errorf("bind the stream's protocol: %v", err) //nolint:errorlint // not an end: another worker may have it
	case err != nil:
		return nil, false, err
	}
	return s, pos.Sealed != "" || in.Input.Token != "" || pos.Next > 0, s.prepare()
}

func (a *Activities) findStream(in perdure.ReaderInput, pos perdure.LogPosition) (*stream, error) {
	if pos.Sealed != "" {
		return a.sealedStream(in.Log, pos.Sealed)
	}
	if err := in.Input.Check(); err != nil {
		return nil, err
	}
	if in.Input.Token != "" {
		return a.tokenStream(in.Input)
	}
	return a.firstStream(in.Input, pos.Next)
}

// firstStream is the stream that a request asks for.
func (a *Activities) firstStream(in perdure.StreamInput, next int) (*stream, error) {
	found, err := transport.Find(a.transports(), in.ServiceName(), in.Request.URL)
	if err != nil {
		return nil, err
	}
	s := &stream{service: a.Services[found.Name()]}
	s.header.Service, s.header.Type, s.header.Audience = found.Name(), in.Type, in.Audience
	s.state = streamState{
		Protocol: in.Protocol.Name, Options: in.Protocol.Options, Request: *in.Request,
		SilenceSeconds: in.SilenceTimeoutSeconds, Next: next,
	}
	s.state.Request.Service = found.Name()
	return s, nil
}

// tokenStream is the stream that a caller's token names.
func (a *Activities) tokenStream(in perdure.StreamInput) (*stream, error) {
	token, err := tokens.Parse(in.Token)
	if err != nil {
		return nil, err
	}
	opened, err := a.Keyset.Open(token, tokens.Expect{
		Kind: tokens.KindStream, Type: in.Type, Audience: in.Audience, Service: in.Service,
		Lifetime: a.TokenLifetime, Now: time.Now(),
	})
	if err != nil {
		return nil, err
	}
	if err := a.checkService(opened.Header.Service); err != nil {
		return nil, err
	}
	s, err := a.streamOf(opened.Header, opened.State)
	if err == nil && in.SilenceTimeoutSeconds > 0 {
		s.state.SilenceSeconds = in.SilenceTimeoutSeconds
	}
	return s, err
}

// sealedStream is the stream that the log carries. Its errors end nothing: another worker
// may have the key, or the service's configuration.
func (a *Activities) sealedStream(log, sealed string) (*stream, error) {
	h, plain, err := a.Keyset.OpenState(sealed)
	if err != nil {
		a.metrics.tokenRefused(err)
		return nil, fmt.Errorf("open the stream's state: %v", err) //nolint:errorlint // not an end
	}
	if h.Kind != tokens.KindStream || h.WorkflowID != log {
		return nil, errors.New("the log has the state of something else")
	}
	return a.streamOf(h, plain)
}

func (a *Activities) streamOf(h tokens.Header, plain []byte) (*stream, error) {
	s := &stream{header: h, service: a.Services[h.Service]}
	if s.service == nil {
		return nil, fmt.Errorf("service %q is not in this worker's configuration", h.Service)
	}
	if err := json.Unmarshal(plain, &s.state); err != nil {
		return nil, fmt.Errorf("read the stream's state: %w", err)
	}
	return s, nil
}

// prepare holds the stream's first request against the configuration.
func (s *stream) prepare() error {
	r := &s.state.Request
	var err error
	if s.target, err = s.service.Resolve(r.URL); err != nil {
		return err
	}
	if err := s.service.CheckAllowed(r.Method, s.target); err != nil {
		return err
	}
	if err := s.service.CheckHeaders("request.headers", r.Headers); err != nil {
		return err
	}
	if s.body, err = r.Body.Bytes(); err != nil {
		return &perdure.InputError{Field: "request.body.base64", Message: "is not base64"}
	}
	if s.isQuestion() {
		return nil
	}
	// A body that cannot take the key is found out before anything is sent.
	_, err = s.service.Idempotency.put(s.key, time.Time{}, &url.URL{}, http.Header{}, s.body)
	return err
}

// seal seals the state at a place. "": it does not fit, and the stream goes on without a
// token.
func (s *stream) seal(ctx context.Context, at place, end *perdure.StreamEnd) (string, error) {
	s.mu.Lock()
	state, h := s.state, s.header
	s.mu.Unlock()
	state.Next, state.Position, state.End = at.next, at.at, end
	s.leaveOutBody(&state)
	plain, err := json.Marshal(state)
	if err != nil {
		return "", err
	}
	h.Kind, h.WorkflowID, h.Namespace = tokens.KindStream, s.log, activity.GetInfo(ctx).Namespace
	h.Protocol, h.IssuedAt, h.KeyID = state.Protocol, time.Now().UTC(), s.a.Keyset.PrimaryKeyID()
	s.mu.Lock()
	s.header = h
	s.mu.Unlock()
	sealed, err := s.a.Keyset.SealState(h, plain)
	switch {
	case errors.Is(err, tokens.ErrTooLarge):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("seal the stream's state: %w", err)
	}
	return sealed, nil
}

// isOld is Activities.isOld, for what was sealed last.
func (s *stream) isOld() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.a.isOld(s.header)
}

// leaveOutBody takes the request's body out of a state from which it is never sent
// again: the prompt of a chat need not be sealed with each of its words.
func (s *stream) leaveOutBody(state *streamState) {
	if state.Request.Body == nil {
		return
	}
	ask, ok := s.onward(place{state.Position, state.Next})
	if !ok || len(ask.Body) == 0 || len(s.body) > maxCarriedBody {
		state.Request.Body, state.NoBody = nil, true
	}
}

// silence is how long a connection may be silent.
func (s *stream) silence() time.Duration {
	if s.state.SilenceSeconds > 0 {
		return seconds(s.state.SilenceSeconds)
	}
	return perdure.DefaultSilenceTimeout
}
