package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// Batches clock themselves. The first event goes at once, and what comes while it is
// under way goes together. After that there is a spacing between batches: the shortest
// makes 20 signals a second of a stream of words, which people read as at once, and more
// would wait in the server (history.transferProcessorMaxPollRPS is 20 a shard); and it is
// four times as long as the last signal took, so that a server that is busy gets larger
// batches, and not more of them.
const (
	minSpacing    = 50 * time.Millisecond
	spacingFactor = 4
)

// maxPendingBytes is how much waits to be recorded before the service has to wait, too.
const maxPendingBytes = 2 << 20

// helloEvery is the time without a batch after which an empty one is sent: it tells the log
// that the stream is still read, and its answer tells us that the log is still there.
const helloEvery = 5 * time.Minute

// scribe writes a stream down, in order, while it is read.
type scribe struct {
	book   Logbook
	log    string
	writer int64
	// seal seals the state at a place; end is how the service has ended the stream.
	seal func(at place, end *perdure.StreamEnd) (string, error)
	// isOld: what was sealed last has to be sealed anew, even though nothing has come.
	isOld func() bool

	mu      sync.Mutex
	pending []noted
	size    int    // of what is pending, encoded
	next    int    // the offset of the first that is pending
	at      place  // the last that is known
	lastID  string // the stream's last event id, as the log has it
	told    standing
	urgent  bool // what is told does not wait for an event
	closed  bool // nothing more comes

	// sent is when events were sent last, heard when the log took anything.
	sent, heard time.Time
	spacing     time.Duration
	seals       seals
	// answered: the log knows that the service has answered.
	answered bool

	wake, room chan struct{} // of one place each
	done       chan struct{} // closed when all is recorded, or err says why not
	err        error
}

// place is a position in a stream, and the offset of the event after it.
type place struct {
	at   protocol.Position
	next int
}

// noted is an event that waits to be recorded, and the place after it.
type noted struct {
	event perdure.RecordedEvent
	size  int
	after place
}

// standing is how a stream stands, beside its events.
type standing struct {
	service, protocol string
	attributes        []string
	response          *perdure.Response
	lastError         *perdure.TimedError
	reconnects        int
	// answered: the service has, so that there is a state to seal.
	answered bool
	end      *perdure.StreamEnd
	// final: end is the service's word.
	final bool
}

func newScribe(book Logbook, log string, writer int64, has perdure.LogPosition) *scribe {
	return &scribe{
		book: book, log: log, writer: writer, next: has.Next, lastID: has.LastEventID, heard: time.Now(),
		wake: make(chan struct{}, 1), room: make(chan struct{}, 1), done: make(chan struct{}),
	}
}

// open says where the stream is, how it stands, and how and when its state is sealed.
func (s *scribe) open(at place, now standing, seal func(at place, end *perdure.StreamEnd) (string, error), isOld func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at, s.told, s.answered, s.seal, s.isOld = at, now, now.answered, seal, isOld
	s.next = max(s.next, at.next)
}

// add takes an event, and waits where too much waits already. An event that no log can
// take is a *perdure.SizeError.
func (s *scribe) add(ctx context.Context, e perdure.RecordedEvent, after place) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write the event: %w", err)
	}
	if len(raw) > maxAnswerBytes {
		return &perdure.SizeError{Limit: maxAnswerBytes, Message: fmt.Sprintf("an event takes %d as it is recorded", len(raw))}
	}
	for !s.take(noted{e, len(raw), after}) {
		select {
		case <-s.room:
		case <-s.done:
			return s.err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	ring(s.wake)
	return nil
}

func (s *scribe) take(n noted) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size > 0 && s.size+n.size > maxPendingBytes {
		return false
	}
	s.pending = append(s.pending, n)
	s.size += n.size
	s.at = n.after
	return true
}

// moved notes a place that was reached without an event.
func (s *scribe) moved(to place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = to
}

// tell changes how the stream stands. It is recorded now, after the events so far.
func (s *scribe) tell(change func(*standing)) {
	s.mu.Lock()
	change(&s.told)
	s.urgent = true
	s.mu.Unlock()
	ring(s.wake)
}

// close waits until all is recorded.
func (s *scribe) close() error {
	s.mu.Lock()
	s.closed = true
	s.urgent = s.urgent || s.seals.behind(s.at)
	s.mu.Unlock()
	ring(s.wake)
	<-s.done
	return s.err
}

// progress is what the heartbeat tells.
type progress struct {
	next     int // the offset of the next event that the log gets
	at       place
	told     standing
	answered bool // the log knows that the service has answered
}

func (s *scribe) progress() progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	return progress{s.next, s.at, s.told, s.answered}
}

// run records until close is called. It is to be run once.
func (s *scribe) run(ctx context.Context) {
	defer close(s.done)
	for s.err == nil {
		wait, over := s.wait()
		switch {
		case over:
			return
		case wait > 0:
			s.err = s.idle(ctx, wait)
			continue
		}
		s.err = s.send(ctx)
	}
}

// wait is how long there is nothing to do. Over: there will never be anything again.
func (s *scribe) wait() (wait time.Duration, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	due := s.heard.Add(helloEvery)
	switch {
	case s.closed && (s.urgent || len(s.pending) > 0):
		return 0, false
	case s.closed:
		return 0, true
	case len(s.pending) > 0: // what was told goes with them
		due = s.sent.Add(s.spacing)
	case s.urgent:
		due = s.heard.Add(s.spacing)
	case s.seals.behind(s.at):
		due = s.seals.due()
	default:
		return max(1, time.Until(due)), false
	}
	return time.Until(due), false
}

// idle waits, and says hello after a long time without a batch.
func (s *scribe) idle(ctx context.Context, wait time.Duration) error {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-s.wake:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
	}
	if time.Since(s.heard) < helloEvery {
		return nil
	}
	return s.send(ctx)
}

// send records one batch.
func (s *scribe) send(ctx context.Context) error {
	b, err := s.batch()
	if err != nil {
		return err
	}
	return s.write(ctx, b)
}

// write records a batch: where the log refuses it whole, in two, so that it has all events
// but one that it does not take by itself, whatever happens to go along with it, and those
// of a server whose limit is lower than ours.
func (s *scribe) write(ctx context.Context, b perdure.Batch) error {
	begin := time.Now()
	err := s.record(ctx, b)
	if errors.Is(err, ErrLogRefuses) {
		first, rest, ok := s.inTwo(b)
		if !ok {
			return s.breakOff(ctx, b, err)
		}
		if err := s.write(ctx, first); err != nil {
			return err
		}
		return s.write(ctx, rest)
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.lastID, s.heard = b.LastEventID, time.Now()
	s.answered = s.answered || b.Sealed != "" || b.Response != nil
	s.spacing = max(minSpacing, spacingFactor*time.Since(begin))
	if len(b.Events) > 0 {
		s.sent = begin
	}
	s.mu.Unlock()
	return nil
}

// breakOff ends the log before what it does not take: one event, or how the stream stands.
func (s *scribe) breakOff(ctx context.Context, b perdure.Batch, why error) error {
	what := "how the stream stands"
	if len(b.Events) > 0 {
		what = fmt.Sprintf("event %d, of %d bytes", b.First, len(b.Events[0].Data))
	} else {
		b.Response = nil
	}
	b.End = streamEnd(perdure.ErrorEventTooLarge, protocol.Cut(fmt.Sprintf("Temporal does not take %s: %v", what, why), 1024))
	b.Events, b.LastEventID, b.Sealed = nil, s.lastID, ""
	if err := s.record(ctx, b); err != nil {
		return err
	}
	return ErrLogClosed
}

// record sends a batch until the log has it.
func (s *scribe) record(ctx context.Context, b perdure.Batch) error {
	for try := 1; ; try++ {
		err := s.book.Record(ctx, s.log, b)
		switch {
		case err == nil, errors.Is(err, ErrLogClosed), errors.Is(err, ErrLogRefuses):
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		select {
		case <-time.After(backoff(100*time.Millisecond, 2, try, 5*time.Second)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// ring wakes whoever waits, or will.
func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}
