package cli_test

import (
	"context"
	"iter"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/internal/cli"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// fakeStreams is what an engine knows of streams: one, or none.
type fakeStreams struct {
	stream    *fakeStream
	streamErr error

	opened      perdure.StreamInput
	openedID    string
	takenUp     tokens.Token
	takenUpWith starter.RehydrateOptions
}

func (f *fakeStreams) StartStream(_ context.Context, in perdure.StreamInput, o *starter.StreamOptions) (cli.Stream, error) {
	f.opened, f.openedID = in, o.ID
	return f.handle()
}

func (f *fakeStreams) RehydrateStream(_ context.Context, token tokens.Token, o *starter.RehydrateOptions) (cli.Stream, error) {
	f.takenUp, f.takenUpWith = token, *o
	return f.handle()
}

func (f *fakeStreams) handle() (cli.Stream, error) {
	if f.stream == nil {
		return nil, f.streamErr
	}
	return f.stream, f.streamErr
}

func (f *fakeStreams) AttachStream(_ context.Context, id string) (cli.Stream, error) {
	if f.stream == nil || f.stream.id != id {
		return nil, starter.ErrNotFound
	}
	return f.stream, nil
}

// fakeStream gives its events, and then its error.
type fakeStream struct {
	id       string
	status   func() perdure.StreamStatus
	events   []*cli.Event
	err      error
	between  func() // called before each event but the first
	token    tokens.Token
	tokenErr error
	response *perdure.Response
	reason   *string
	from     []int
}

func (s *fakeStream) ID() string { return s.id }

func (s *fakeStream) Status(context.Context) (perdure.StreamStatus, error) { return s.status(), nil }

func (s *fakeStream) Token(context.Context) (tokens.Token, error) { return s.token, s.tokenErr }

func (s *fakeStream) RawResponse(context.Context) (*perdure.Response, error) { return s.response, nil }

func (s *fakeStream) Cancel(_ context.Context, reason string) error {
	s.reason = &reason
	return nil
}

func (s *fakeStream) Events(ctx context.Context, from int) iter.Seq2[*cli.Event, error] {
	s.from = append(s.from, from)
	return func(yield func(*cli.Event, error) bool) {
		if len(s.events) > 0 && from < s.events[0].Offset {
			yield(nil, &perdure.StreamError{Type: perdure.ErrorNotFetched, Message: "that event is not kept here"})
			return
		}
		began := false
		for _, e := range s.events {
			if e.Offset < from {
				continue
			}
			if began && s.between != nil {
				s.between()
			}
			began = true
			if ctx.Err() != nil {
				yield(nil, context.Cause(ctx))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
		if s.err != nil {
			yield(nil, s.err)
		}
	}
}
