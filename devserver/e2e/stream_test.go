package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/devserver/devservertest"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// source is a service that sends events when the test lets it, numbered from 0, with ids
// by which a broken connection is taken up.
type source struct {
	*httptest.Server
	resumable bool

	mu       sync.Mutex
	grown    chan struct{} // closed and made anew when there is more
	events   int
	over     bool
	requests []string // their Last-Event-ID
}

func newSource(t *testing.T, resumable bool) *source {
	t.Helper()
	s := &source{resumable: resumable, grown: make(chan struct{})}
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}

// ServeHTTP sends what there is after the last event id, and waits for more.
func (s *source) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	last := r.Header.Get("Last-Event-ID")
	s.mu.Lock()
	s.requests = append(s.requests, last)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	next := 0
	if n, err := strconv.Atoi(last); err == nil {
		next = n + 1
	}
	for {
		s.mu.Lock()
		events, over, grown := s.events, s.over, s.grown
		s.mu.Unlock()
		for ; next < events; next++ {
			if s.resumable {
				_, _ = fmt.Fprintf(w, "id: %d\n", next)
			}
			_, _ = fmt.Fprintf(w, "data: event %d → ünï\n\n", next)
		}
		if over {
			_, _ = fmt.Fprint(w, "data: [DONE]\n\n")
			return
		}
		_ = http.NewResponseController(w).Flush()
		select {
		case <-grown:
		case <-r.Context().Done():
			return
		}
	}
}

// send lets n more events go out.
func (s *source) send(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events += n
	close(s.grown)
	s.grown = make(chan struct{})
}

func (s *source) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	close(s.grown)
	s.grown = make(chan struct{})
}

func (s *source) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

func streamInput(method string) perdure.StreamInput {
	return perdure.StreamInput{
		Request:  &perdure.Request{Service: "jobs", Method: method, URL: "/events"},
		Protocol: &perdure.ProtocolChoice{Name: "openai"},
	}
}

// take reads n events from an offset on, and checks each.
func take(ctx context.Context, t *testing.T, s *starter.Stream[string], from, n int) {
	t.Helper()
	next := from
	for event, err := range s.Events(ctx, from) {
		require.NoError(t, err)
		require.Equal(t, next, event.Offset)
		require.Equal(t, fmt.Sprintf("event %d → ünï", next), event.Data)
		if next++; next == from+n {
			return
		}
	}
	require.Equal(t, from+n, next, "the stream ended early")
}

// rest reads to the end, and gives how many there were and how it ended.
func rest(ctx context.Context, s *starter.Stream[string], from int) (n int, err error) {
	for _, err := range s.Events(ctx, from) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func TestAStreamIsReadByAsManyAsLike(t *testing.T) {
	t.Parallel()
	src := newSource(t, true)
	w := newWorld(t, settings{url: src.URL})
	w.worker()
	ctx := patient(t)
	s, err := starter.StartStream[string](ctx, w.client, streamInput(http.MethodPost), nil)
	require.NoError(t, err)
	src.send(3)
	take(ctx, t, s, 0, 3)
	var readers sync.WaitGroup
	for range 50 { // more than the engine has wait at once
		readers.Go(func() {
			n, err := rest(ctx, s, 0)
			if err != nil || n != 1003 {
				t.Errorf("a reader got %d events, then %v", n, err)
			}
		})
	}
	src.send(500)
	take(ctx, t, s, 3, 500)
	src.send(500)
	src.end()
	readers.Wait()
	require.Equal(t, []string{""}, src.asked(), "one request")
	status, err := s.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, perdure.StateSucceeded, status.State)
	require.Equal(t, 1003, status.Events)
	again, err := starter.AttachStream[string](ctx, w.client, s.ID())
	require.NoError(t, err)
	take(ctx, t, again, 1000, 3)
}

// The next worker takes the stream up where the record ends.
func TestKilledInTheMiddleOfAResumableStream(t *testing.T) {
	t.Parallel()
	src := newSource(t, true)
	w := newWorld(t, settings{url: src.URL})
	p := w.worker()
	ctx := patient(t)
	s, err := starter.StartStream[string](ctx, w.client, streamInput(http.MethodGet), nil)
	require.NoError(t, err)
	src.send(50)
	take(ctx, t, s, 0, 50)
	eventually(ctx, t, "the place is sealed, which is done once a second", func() bool {
		token, err := s.Token(ctx)
		require.NoError(t, err)
		opened, err := w.keyset.Open(token, tokens.Expect{Kind: tokens.KindStream, Lifetime: time.Hour, Now: time.Now()})
		require.NoError(t, err)
		return strings.Contains(string(opened.State), `"lastEventId":"49"`)
	})
	p.kill()
	src.send(50)
	w.worker()
	take(ctx, t, s, 50, 50)
	src.end()
	n, err := rest(ctx, s, 0)
	require.NoError(t, err)
	require.Equal(t, 100, n)
	require.Equal(t, []string{"", "49"}, src.asked())
}

// Temporal is away while the service goes on sending. The worker is the same.
func TestAStreamOutlivesTheServersRestart(t *testing.T) {
	t.Parallel()
	src := newSource(t, true)
	db := t.TempDir() + "/temporal.db"
	server := devservertest.Start(t, devserver.Options{Headless: true, DBFilename: db})
	w := newWorld(t, settings{url: src.URL, server: server})
	w.worker()
	ctx := patient(t)
	s, err := starter.StartStream[string](ctx, w.client, streamInput(http.MethodGet), nil)
	require.NoError(t, err)
	src.send(50)
	take(ctx, t, s, 0, 50)
	_, port, err := net.SplitHostPort(server.HostPort())
	require.NoError(t, err)
	server.Stop()
	src.send(50)
	again := devservertest.Start(t, devserver.Options{Headless: true, DBFilename: db, Port: atoi(t, port)})
	_, fresh := w.dial(again)
	same, err := starter.AttachStream[string](ctx, fresh, s.ID())
	require.NoError(t, err)
	take(ctx, t, same, 50, 50)
	src.send(50)
	src.end()
	n, err := rest(ctx, same, 0)
	require.NoError(t, err)
	require.Equal(t, 150, n)
}

// What cannot be taken up ends, and says so; what came before is kept.
func TestKilledInTheMiddleOfAStreamThatCannotBeTakenUp(t *testing.T) {
	t.Parallel()
	src := newSource(t, false)
	w := newWorld(t, settings{url: src.URL})
	p := w.worker()
	ctx := patient(t)
	s, err := starter.StartStream[string](ctx, w.client, streamInput(http.MethodPost), nil)
	require.NoError(t, err)
	src.send(20)
	take(ctx, t, s, 0, 20)
	p.kill()
	w.worker()
	n, err := rest(ctx, s, 0)
	require.Equal(t, 20, n)
	var broken *perdure.StreamError
	require.ErrorAs(t, err, &broken)
	require.Equal(t, perdure.ErrorStreamBroken, broken.Type)
	require.Len(t, src.asked(), 1, "asking again would be another answer")
}

// An event above the bound ends the stream, and is told alike in Go, on the command line
// and by Temporal; what came before is kept.
func TestEventTooLargeInEachOfItsShapes(t *testing.T) {
	t.Parallel()
	src := newSource(t, true)
	w := newWorld(t, settings{url: src.URL})
	w.worker()
	ctx := patient(t)
	in := streamInput(http.MethodPost)
	in.Protocol.Options = json.RawMessage(`{"maxEventBytes":17}`) // the number of event 10 has one byte more
	s, err := starter.StartStream[string](ctx, w.client, in, nil)
	require.NoError(t, err)
	src.send(11)
	n, err := rest(ctx, s, 0)
	require.Equal(t, 10, n)
	bad := &perdure.StreamError{}
	require.ErrorAs(t, err, &bad)
	require.Equal(t, perdure.ErrorEventTooLarge, bad.Type)
	require.Contains(t, bad.Message, "17 bytes")
	require.Contains(t, bad.Message, "maxEventBytes")
	require.Equal(t, 10, bad.Status.Events)

	failure := &temporal.ApplicationError{}
	require.ErrorAs(t, w.raw.GetWorkflow(ctx, s.ID(), "").Get(ctx, nil), &failure)
	require.Equal(t, perdure.ErrorEventTooLarge, failure.Type())
	require.Equal(t, bad.Message, failure.Message())
	require.True(t, failure.NonRetryable())
	var status perdure.StreamStatus
	require.NoError(t, failure.Details(&status))
	require.Equal(t, perdure.ErrorEventTooLarge, status.ErrorType)

	stdout, stderr, exit := w.perdure(w.server, "", "stream", "--id", s.ID(), "--output", "json", "--quiet")
	require.Equal(t, 1, exit, stderr)
	lines := linesOf(stdout)
	eventLines(t, 0, lines[:len(lines)-1]...)
	require.Len(t, lines, 11, "ten events, and the failure")
	var printed struct {
		Error struct {
			Type, Message string
			Status        perdure.StreamStatus
		}
	}
	require.NoError(t, json.Unmarshal([]byte(lines[10]), &printed))
	require.Equal(t, bad.Type, printed.Error.Type)
	require.Equal(t, bad.Message, printed.Error.Message)
	require.Equal(t, status, printed.Error.Status)
	require.Len(t, src.asked(), 1)
}

func TestAStreamIsCanceled(t *testing.T) {
	t.Parallel()
	src := newSource(t, true)
	w := newWorld(t, settings{url: src.URL})
	w.worker()
	ctx := patient(t)
	s, err := starter.StartStream[string](ctx, w.client, streamInput(http.MethodGet), nil)
	require.NoError(t, err)
	src.send(5)
	take(ctx, t, s, 0, 5)
	require.NoError(t, s.Cancel(ctx, "enough"))
	n, err := rest(ctx, s, 0)
	require.Equal(t, 5, n)
	require.ErrorIs(t, err, &perdure.StreamError{Type: perdure.ErrorCanceled})
}

// The log continues as new while the connection stays open.
func TestAStreamOutlivesItsRuns(t *testing.T) {
	t.Parallel()
	src := newSource(t, false)
	w := newWorld(t, settings{url: src.URL})
	w.worker()
	ctx := patient(t)
	s, err := starter.StartStream[string](ctx, w.client, streamInput(http.MethodGet), nil)
	require.NoError(t, err)
	sent := 0
	eventually(ctx, t, "the log has continued as new twice", func() bool {
		src.send(20_000)
		sent += 20_000
		take(ctx, t, s, sent-1, 1)
		status, err := s.Status(ctx)
		require.NoError(t, err)
		return len(status.Segments) >= 3
	})
	src.end()
	n, err := rest(ctx, s, 0)
	require.NoError(t, err)
	require.Equal(t, sent, n)
	require.Equal(t, []string{""}, src.asked(), "one request, one connection")
}

// The workflow is gone; the token goes on.
func TestAStreamIsTakenUpFromItsToken(t *testing.T) {
	t.Parallel()
	src := newSource(t, true)
	w := newWorld(t, settings{url: src.URL})
	w.worker()
	ctx := patient(t)
	s, err := starter.StartStream[string](ctx, w.client, streamInput(http.MethodGet), nil)
	require.NoError(t, err)
	src.send(10)
	take(ctx, t, s, 0, 10)
	var token string
	eventually(ctx, t, "the token is there", func() bool {
		got, err := s.Token(ctx)
		if errors.Is(err, starter.ErrNoToken) {
			return false
		}
		require.NoError(t, err)
		token = got.Text()
		return true
	})
	require.NoError(t, w.raw.TerminateWorkflow(ctx, s.ID(), "", "the test"))
	taken, err := starter.Rehydrate[string](ctx, w.client, mustParse(t, token), nil)
	require.Error(t, err, "it is no operation's")
	require.Nil(t, taken)
	same, err := starter.RehydrateStream[string](ctx, w.trusting(t), mustParse(t, token), nil) // a worker starts it
	require.NoError(t, err)
	require.Equal(t, s.ID(), same.ID())
	same, err = starter.RehydrateStream[string](ctx, w.client, mustParse(t, token), nil) // and this attaches
	require.NoError(t, err)
	require.Equal(t, s.ID(), same.ID())
	src.send(10)
	src.end()
	took := time.Now()
	eventually(ctx, t, "the stream has ended", func() bool {
		status, err := same.Status(ctx)
		require.NoError(t, err)
		return status.Done
	})
	t.Logf("taken up and read to the end in %v", time.Since(took))
	status, err := same.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, perdure.StateSucceeded, status.State)
	require.Equal(t, 20, status.Events)
	from := status.Segments[0].FirstOffset
	take(ctx, t, same, from, 20-from)
}

// Who waits for an event when the workflow is terminated is told so, after every event.
func TestAStreamIsTerminatedWhileAReaderWaits(t *testing.T) {
	t.Parallel()
	src := newSource(t, true)
	w := newWorld(t, settings{url: src.URL})
	w.worker()
	ctx := patient(t)
	s, err := starter.StartStream[string](ctx, w.client, streamInput(http.MethodGet), nil)
	require.NoError(t, err)
	src.send(3)
	take(ctx, t, s, 0, 3)
	read := make(chan error, 1)
	go func() {
		n, err := rest(ctx, s, 1)
		if n != 2 {
			err = fmt.Errorf("%d events, and then: %w", n, err)
		}
		read <- err
	}()
	eventually(ctx, t, "the workflow knows that somebody waits", func() bool { return w.unanswered(ctx, s.ID()) > 0 })
	require.NoError(t, w.raw.TerminateWorkflow(ctx, s.ID(), "", "the test"))
	require.ErrorIs(t, <-read, starter.ErrTerminated)
}

// unanswered counts the updates that the workflow has accepted, and not answered yet.
func (w *world) unanswered(ctx context.Context, id string) (n int) {
	w.t.Helper()
	for events := w.raw.GetWorkflowHistory(ctx, id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		e, err := events.Next()
		require.NoError(w.t, err)
		switch e.GetEventType() { //nolint:exhaustive // of updates
		case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
			n++
		case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
			n--
		}
	}
	return n
}

func mustParse(t *testing.T, text string) tokens.Token {
	t.Helper()
	token, err := tokens.Parse(text)
	require.NoError(t, err)
	return token
}
