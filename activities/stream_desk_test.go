package activities_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/jsonl"
	"github.com/perdure-dev/perdure/activities/protocol/openai"
	"github.com/perdure-dev/perdure/activities/protocol/sse"
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/tokens"
)

// streamLog is the workflow id of the tests' stream.
const streamLog = "stream-1"

// streamDesk runs the activity that reads streams over a service and a log in memory: in
// a synctest bubble, so that every wait is exact and takes no time.
type streamDesk struct {
	t       *testing.T
	wire    *wire
	config  transport.Config
	service activities.Service // Service is made of config
	options activities.Options
	log     *memoryLog

	mu sync.Mutex
	// recorded are the heartbeats that went past the SDK's batching, beats the others.
	recorded, beats []perdure.StreamHeartbeat
	// record is asked before one of the former counts.
	record func(perdure.StreamHeartbeat) error
}

// overStream runs a test with a desk over a service.
func overStream(t *testing.T, service http.HandlerFunc, test func(d *streamDesk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newStreamDesk(t, service)) })
}

func newStreamDesk(t *testing.T, service http.HandlerFunc) *streamDesk {
	t.Helper()
	keyset, err := tokens.NewKeyset()
	require.NoError(t, err)
	streamers, err := protocol.NewStreamers(sse.Streamer{}, openai.Streamer{}, jsonl.Streamer{})
	require.NoError(t, err)
	registry, err := protocol.NewRegistry(openai.Protocol{})
	require.NoError(t, err)
	d := &streamDesk{t: t, wire: newWire(t, service), log: &memoryLog{}}
	d.config = transport.Config{Name: "feed", BaseURL: "http://feed.example.com", Dial: d.wire.dial}
	d.options = activities.Options{Keyset: keyset, Protocols: registry, Streamers: streamers, Logbook: d.log, RecordNow: d.recordNow}
	return d
}

func (d *streamDesk) recordNow(_ context.Context, details any) error {
	beat, ok := details.(perdure.StreamHeartbeat)
	require.True(d.t, ok)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.record != nil {
		if err := d.record(beat); err != nil {
			return err
		}
	}
	d.recorded = append(d.recorded, beat)
	return nil
}

func (d *streamDesk) phases() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for _, beat := range d.recorded {
		out = append(out, beat.Phase)
	}
	return out
}

// attempt is one attempt of the activity.
type attempt struct {
	ctx    context.Context // in place of the test's
	drain  chan struct{}   // closed when the worker stops
	before any             // the heartbeat of the attempt before
}

// read runs one attempt for a stream that is asked for.
func (d *streamDesk) read(in perdure.StreamInput, as ...attempt) error {
	d.t.Helper()
	var how attempt
	if len(as) > 0 {
		how = as[0]
	}
	a := d.activities()
	// The environment ends an activity after ten minutes; streams take longer.
	var returned error
	read := func(ctx context.Context, in perdure.ReaderInput) error {
		ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
		defer cancel(nil)
		if how.ctx != nil {
			defer context.AfterFunc(how.ctx, func() { cancel(context.Cause(how.ctx)) })() //nolint:contextcheck // it stands for the server's word
		}
		returned = a.ReadStream(ctx, in)
		return returned
	}
	env := d.environment(how)
	env.RegisterActivityWithOptions(read, activity.RegisterOptions{Name: perdure.ActivityReadStream})
	_, _ = env.ExecuteActivity(perdure.ActivityReadStream, perdure.ReaderInput{Log: streamLog, Input: in, FirstRunID: "run-1"})
	return returned
}

// activities are those of a worker that knows the service.
func (d *streamDesk) activities() *activities.Activities {
	d.t.Helper()
	s, err := transport.NewService(d.config)
	require.NoError(d.t, err)
	service := d.service
	service.Service = s
	o := d.options
	o.Services = map[string]*activities.Service{"feed": &service}
	a, err := activities.New(o)
	require.NoError(d.t, err)
	return a
}

func (d *streamDesk) environment(how attempt) *testsuite.TestActivityEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
		var beat perdure.StreamHeartbeat
		if details.Get(&beat) == nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.beats = append(d.beats, beat)
		}
	})
	if how.before != nil {
		env.SetHeartbeatDetails(how.before)
	}
	if how.drain != nil {
		env.SetWorkerStopChannel(how.drain)
	}
	return env
}

// wire is a network in memory, on which one service listens.
type wire struct {
	conns chan net.Conn
	done  chan struct{}
	mu    sync.Mutex
	// dials counts the connections; refuse makes those that come fail.
	dials  int
	refuse error
}

func newWire(t *testing.T, service http.HandlerFunc) *wire {
	t.Helper()
	w, stop := openWire(service)
	t.Cleanup(stop)
	return w
}

func openWire(service http.HandlerFunc) (w *wire, stop func()) {
	w = &wire{conns: make(chan net.Conn), done: make(chan struct{})}
	var serving sync.WaitGroup
	server := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serving.Add(1)
		defer serving.Done()
		// A pipe holds nothing back: a request that nobody reads is never sent.
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		service(w, r)
	})}
	serving.Go(func() { _ = server.Serve(w) })
	return w, func() {
		_ = server.Close()
		serving.Wait()
	}
}

func (w *wire) Accept() (net.Conn, error) {
	select {
	case c := <-w.conns:
		return c, nil
	case <-w.done:
		return nil, net.ErrClosed
	}
}

func (w *wire) Close() error {
	select {
	case <-w.done:
	default:
		close(w.done)
	}
	return nil
}

func (w *wire) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(203, 0, 113, 1), Port: 80} }

func (w *wire) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	w.mu.Lock()
	w.dials++
	refuse := w.refuse
	w.mu.Unlock()
	if refuse != nil {
		return nil, refuse
	}
	ours, theirs := net.Pipe()
	select {
	case w.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-w.done:
		return nil, errors.New("the service is gone")
	}
}

// memoryLog is a log as the workflow perdure.stream.v1 keeps it.
type memoryLog struct {
	mu      sync.Mutex
	batches []perdure.Batch
	at      []time.Time
	events  []perdure.RecordedEvent
	first   int // the offset of the first of events
	pos     perdure.LogPosition
	status  perdure.StreamStatus
	// response is the last that came, with the end or in a batch before it.
	response *perdure.Response
	end      *perdure.StreamEnd
	broken   string // what no log may see

	// record is asked before a batch counts, position before the log tells its own.
	record   func(perdure.Batch) error
	position func() error
}

func (l *memoryLog) Position(_ context.Context, log string) (perdure.LogPosition, error) {
	if l.position != nil {
		if err := l.position(); err != nil {
			return perdure.LogPosition{}, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.check(log == streamLog, "a log of another name: %s", log)
	pos := l.pos
	pos.LastEventID, pos.LastError = l.status.LastEventID, l.status.LastError
	return pos, nil
}

func (l *memoryLog) Record(_ context.Context, log string, b perdure.Batch) error {
	if l.record != nil {
		if err := l.record(b); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pos.Done {
		return activities.ErrLogClosed
	}
	l.check(log == streamLog, "a log of another name: %s", log)
	if b.Writer < l.pos.Writer {
		return nil
	}
	l.pos.Writer = b.Writer
	l.batches, l.at = append(l.batches, b), append(l.at, time.Now())
	if l.pos.Next == 0 && b.First > 0 {
		l.pos.Next, l.first = b.First, b.First
	}
	have := l.pos.Next - b.First
	l.check(have >= 0, "a batch is missing before the one at %d", b.First)
	if have <= len(b.Events) {
		l.events = append(l.events, b.Events[have:]...)
		l.pos.Next += len(b.Events) - have
		if b.Sealed != "" {
			l.pos.Sealed = b.Sealed
		}
		l.status.LastEventID = b.LastEventID
	}
	l.pos.Reconnects = max(l.pos.Reconnects, b.Reconnects)
	l.status.LastError = b.LastError
	if b.Response != nil {
		l.response = b.Response
	}
	if b.End != nil {
		l.end, l.pos.Done = b.End, true
	}
	return nil
}

func (l *memoryLog) check(ok bool, message string, args ...any) {
	if !ok && l.broken == "" {
		l.broken = fmt.Sprintf(message, args...)
	}
}

// data are those of the events, which are strings.
func (l *memoryLog) data() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, e := range l.events {
		out = append(out, protocol.String(e.Data))
	}
	return out
}

// recordOf is all that a log has of a stream, but for the time at which it came.
func (l *memoryLog) recordOf() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out bytes.Buffer
	for i, e := range l.events {
		_, _ = fmt.Fprintf(&out, "%d %q %q %s\n", l.first+i, e.Type, e.ID, e.Data)
	}
	return out.Bytes()
}

// requireEnd wants the stream to have ended so, and the record to be whole.
func (d *streamDesk) requireEnd(errorType string) *perdure.StreamEnd {
	d.t.Helper()
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	require.Empty(d.t, d.log.broken)
	require.NotNil(d.t, d.log.end, "the stream has ended")
	require.Equal(d.t, errorType, d.log.end.ErrorType, "%+v", d.log.end.Error)
	if errorType != "" {
		require.NotNil(d.t, d.log.end.Error)
	}
	return d.log.end
}

// feed is the input of a stream at /events.
func feed(change ...func(*perdure.StreamInput)) perdure.StreamInput {
	in := perdure.StreamInput{
		Request:  &perdure.Request{Service: "feed", Method: "GET", URL: "/events"},
		Protocol: &perdure.ProtocolChoice{Name: "sse"},
	}
	for _, f := range change {
		f(&in)
	}
	return in
}

// by is a protocol with its options.
func by(name, options string) func(*perdure.StreamInput) {
	return func(in *perdure.StreamInput) {
		in.Protocol = &perdure.ProtocolChoice{Name: name}
		if options != "" {
			in.Protocol.Options = []byte(options)
		}
	}
}

// chat makes it a request that costs something.
func chat(in *perdure.StreamInput) {
	in.Request.Method, in.Request.URL, in.Request.Body = "POST", "/chat", perdure.JSONBody([]byte(`{"stream":true}`))
	in.Protocol = &perdure.ProtocolChoice{Name: "openai"}
}

// answers serves request after request, each by the next; one too many fails the test.
func answers(t *testing.T, handlers ...http.HandlerFunc) (http.HandlerFunc, *[]*http.Request) {
	t.Helper()
	var mu sync.Mutex
	var seen []*http.Request
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = http.NoBody
		kept := r.Clone(context.WithoutCancel(r.Context()))
		kept.Body = io.NopCloser(bytes.NewReader(body))
		mu.Lock()
		n := len(seen)
		seen = append(seen, kept)
		mu.Unlock()
		if n >= len(handlers) {
			t.Errorf("request %d is one too many: %s %s %v", n+1, r.Method, r.URL, r.Header)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		handlers[n](w, r)
	}, &seen
}

// events answers with a stream that ends.
func events(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, body)
	}
}

// broken answers with a stream that breaks.
func broken(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		events(body)(w, r)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// held answers with a stream that goes on after body, and gives nothing more.
func held(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not see that the client has gone
		events(body)(w, r)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

// status answers with a status.
func status(code int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		if code >= 400 {
			_, _ = io.WriteString(w, fmt.Sprintf(`{"error":{"code":"E%d","message":"no %s"}}`, code, strings.ToLower(http.StatusText(code))))
		}
	}
}

// dropped breaks the connection without an answer.
func dropped(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
