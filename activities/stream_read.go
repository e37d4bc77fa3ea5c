package activities

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/transport"
)

// welcome reads the head of a 2xx answer. Body is nil where the stream is over.
func (r *reader) welcome(answer *transport.Response, body io.ReadCloser) (io.ReadCloser, *perdure.StreamEnd, error) {
	open, err := r.streaming.Begin(exchange(answer))
	if err == nil && open {
		err = encoded(answer, r.state.Protocol)
	}
	r.at.Lock()
	r.answered, r.taken = true, true
	r.at.Unlock()
	r.breaks.last = nil
	r.scribe.tell(func(s *standing) {
		s.response, s.lastError, s.reconnects, s.answered = r.service.Capture(answer), nil, r.reconnects, true
	})
	if err == nil && open {
		return body, nil, nil
	}
	_ = body.Close()
	if err != nil {
		return nil, endWith(err), nil
	}
	return nil, r.wellEnded(), nil
}

// listen reads a body to its end. Both nil: it broke off.
func (r *reader) listen(ctx context.Context, body io.ReadCloser) (*perdure.StreamEnd, error) {
	heard := newListening(body, r.silence())
	defer func() { _ = heard.Close() }()
	r.stopIfDraining()
	// The events since the last that set a position come again.
	at, offset := r.now.at, r.now.next-r.now.at.Since
	at.Since = 0
	for e, err := range r.streaming.Events(heard, at) {
		if err != nil {
			return r.cutOff(ctx, err)
		}
		if !e.Mark {
			offset++
		}
		if err := r.take(ctx, e, offset); err != nil {
			if end := tooLarge(err); end != nil {
				return end, nil
			}
			return nil, err
		}
		if e.End {
			return r.endedBy(e), nil
		}
	}
	return r.bodyEnded(ctx)
}

// take takes an event, or a mark, after which the next event has the offset next. What
// the log has already is only counted.
func (r *reader) take(ctx context.Context, e protocol.StreamEvent, next int) error {
	after := place{e.At, next}
	switch {
	case next < r.now.next:
		return nil
	case !e.Mark && next > r.known:
		event := perdure.RecordedEvent{Type: e.Type, ID: e.At.LastEventID, Data: e.Data, At: time.Now().UTC()}
		if err := r.scribe.add(ctx, event, after); err != nil {
			return err
		}
		r.known, r.breaks.inARow = next, 0
		r.counted.events.Inc(1)
		r.counted.eventBytes.Inc(int64(len(e.Data)))
	default:
		r.scribe.moved(after)
	}
	r.at.Lock()
	r.now = after
	r.at.Unlock()
	r.stopIfDraining()
	return nil
}

// cutOff deals with a body that did not come to its end.
func (r *reader) cutOff(ctx context.Context, err error) (*perdure.StreamEnd, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if end := tooLarge(err); end != nil {
		return end, nil
	}
	if end := endWith(err); end != nil {
		return end, nil
	}
	code := "ConnectionLost"
	if errors.Is(err, errSilent) {
		code = "Silence"
	}
	r.broke(&perdure.ServiceError{Code: code, Message: protocol.Cut(err.Error(), 1024)}, 0)
	return nil, nil
}

// bodyEnded deals with a body that ended after a whole event, and without a mark. A
// connection that was broken off here has no such end.
func (r *reader) bodyEnded(ctx context.Context) (*perdure.StreamEnd, error) {
	if r.streaming.EndsClean() {
		return r.wellEnded(), nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	const message = "the answer ended, and nothing in it says that the stream has"
	if _, ok := r.onward(r.now); !ok {
		return endWith(&perdure.ProtocolError{Protocol: r.state.Protocol, Message: message}), nil
	}
	r.broke(&perdure.ServiceError{Code: "NoEndMark", Message: message}, 0)
	return nil, nil
}

// errSilent is the error of a connection on which nothing came for too long.
var errSilent = errors.New("the connection was silent for too long")

// listening is a body that is broken off when it is silent. What the reader does between
// two reads does not count: it may have to wait for the log.
type listening struct {
	io.ReadCloser
	timeout time.Duration
	timer   *time.Timer
	silent  atomic.Bool
}

func newListening(body io.ReadCloser, timeout time.Duration) *listening {
	l := &listening{ReadCloser: body, timeout: timeout}
	l.timer = time.AfterFunc(timeout, func() {
		l.silent.Store(true)
		_ = body.Close()
	})
	l.timer.Stop()
	return l
}

func (l *listening) Read(p []byte) (int, error) {
	l.timer.Reset(l.timeout)
	n, err := l.ReadCloser.Read(p)
	l.timer.Stop()
	if err != nil && l.silent.Load() {
		return n, fmt.Errorf("%w: nothing came for %v", errSilent, l.timeout)
	}
	return n, err
}

// Close gives the connection up.
func (l *listening) Close() error {
	l.timer.Stop()
	return l.ReadCloser.Close()
}
