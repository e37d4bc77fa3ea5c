package e2e_test

import (
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/devserver/devservertest"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/starter"
)

// heartbeatTimeout is the workflow's; polling must resume within it plus 5 s.
const (
	heartbeatTimeout = 15 * time.Second
	resumeWithin     = heartbeatTimeout + 5*time.Second
)

// resumed waits for the first request after the kill and checks how long it took.
func (w *world) resumed(t *testing.T, killed time.Time, what string) {
	t.Helper()
	ctx := patient(t)
	var first time.Time
	w.booked(ctx, what+" resumed", func(b jobservice.Books) bool {
		for _, e := range b {
			if e.At.After(killed) {
				first = e.At
				return true
			}
		}
		return false
	})
	took := first.Sub(killed)
	t.Logf("%s: resumed %.1f s after SIGKILL (allowed: %.0f s)", what, took.Seconds(), resumeWithin.Seconds())
	require.LessOrEqual(t, took, resumeWithin)
}

func TestKilledBeforeTheStartRequestIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	address := w.closeService(t) // nothing listens: no request can leave
	first := w.worker()
	ctx := patient(t)
	id := w.queue + "-op"
	started := make(chan error, 1)
	go func() {
		_, err := starter.Start[store](ctx, w.client, vectorStore(time.Second), &starter.StartOptions{ID: id})
		started <- err
	}()
	eventually(ctx, t, "the worker has tried to send", func() bool {
		op, err := starter.Attach[store](ctx, w.client, id)
		if err != nil {
			return false
		}
		s, err := op.Status(ctx)
		return err == nil && s.LastError != nil
	})
	first.kill()
	killed := time.Now()
	require.Empty(t, w.service.Books().Starts())
	w.reopenService(t, address)
	w.worker()
	require.NoError(t, <-started, "it is proven that nothing had left, so the start is not ambiguous")
	w.resumed(t, killed, "killed before the start request was sent")
	op, err := starter.Attach[store](ctx, w.client, id)
	require.NoError(t, err)
	value, err := op.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, "completed", value.Status)
	require.Len(t, w.service.Books().Starts(), 1)
}

func TestKilledWhileTheStartsAnswerIsOnTheWay(t *testing.T) {
	t.Parallel()
	t.Run("ambiguous where the service does not recognise a repeat", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, settings{service: jobservice.Options{NoIdempotency: true}})
		op, took, err := w.killInStart(t, 0)
		require.LessOrEqual(t, took, resumeWithin)
		bad := &perdure.OperationError{}
		require.ErrorAs(t, err, &bad)
		require.Equal(t, perdure.ErrorStartAmbiguous, bad.Type)
		require.Equal(t, perdure.StateAmbiguous, bad.Status.State)
		require.False(t, bad.Status.Done, "it stays open")
		require.Len(t, w.service.Books().Starts(), 1, "no blind second POST")
		ctx := patient(t)
		require.NoError(t, op.Cancel(ctx, "given up"))
		eventually(ctx, t, "it is closed", func() bool {
			s, err := op.Status(ctx)
			return err == nil && s.Done
		})
		_, err = op.Wait(ctx, nil)
		requireType(t, err, perdure.ErrorCanceled)
	})
	t.Run("repeated under its key where it does", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, settings{extra: "    idempotency: {header: Idempotency-Key}\n"})
		op, took, err := w.killInStart(t, 0)
		require.LessOrEqual(t, took, resumeWithin)
		require.NoError(t, err)
		_, err = op.Wait(patient(t), nil)
		require.NoError(t, err)
		books := w.service.Books()
		require.Len(t, books.Operations(), 1, "started once")
		starts := books.Starts()
		require.Len(t, starts, 2)
		require.True(t, starts[1].Repeated)
		require.NotEmpty(t, starts[0].Headers.Get("Idempotency-Key"))
		require.Equal(t, starts[0].Headers["Idempotency-Key"], starts[1].Headers["Idempotency-Key"])
	})
}

// killInStart kills the worker while the service's answer to the start is held back.
// None comes back before the request arrived that long ago. It gives the time from the
// kill until what became of the start was known.
func (w *world) killInStart(t *testing.T, away time.Duration) (op *starter.Operation[store], took time.Duration, err error) {
	t.Helper()
	fault, err := w.service.Inject(jobservice.Fault{Action: jobservice.Start, HoldUntilReleased: true})
	require.NoError(t, err)
	first := w.worker()
	ctx := patient(t)
	type outcome struct {
		op  *starter.Operation[store]
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		op, err := starter.Start[store](ctx, w.client, vectorStore(time.Second), nil)
		done <- outcome{op, err}
	}()
	w.booked(ctx, "the start has arrived", func(b jobservice.Books) bool { return len(b.Starts()) == 1 })
	first.kill()
	killed := time.Now()
	w.service.Release(fault)
	sent := w.service.Books().Starts()[0].At
	eventually(ctx, t, "the worker has been away long enough", func() bool { return time.Since(sent) >= away })
	w.worker()
	got := <-done
	took = time.Since(killed)
	t.Logf("killed while the start's answer was on the way: settled %.1f s after SIGKILL", took.Seconds())
	return got.op, took, got.err
}

func TestKilledBetweenTwoPolls(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.killWhilePolling(t, "killed between two polls", 2*time.Second)
}

func TestKilledDuringADurableWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{watch: "{thresholdSeconds: 1, windowSeconds: 600}"})
	w.killWhilePolling(t, "killed during a durable wait", 4*time.Second)
}

func (w *world) killWhilePolling(t *testing.T, what string, interval time.Duration) {
	t.Helper()
	first := w.worker()
	ctx := patient(t)
	in := vectorStore(6 * time.Second)
	in.Polling = &perdure.Polling{IntervalSeconds: interval.Seconds()}
	op, err := starter.Start[store](ctx, w.client, in, nil)
	require.NoError(t, err)
	id := op.LastStatus().RemoteID
	w.booked(ctx, "it was polled once", func(b jobservice.Books) bool {
		polls := b.Polls(id)
		return len(polls) == 1 && polls[0].Written
	})
	first.kill()
	killed := time.Now()
	w.worker()
	w.resumed(t, killed, what)
	value, err := op.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, "completed", value.Status)
	require.Len(t, w.service.Books().Starts(), 1)
}

func TestKilledAfterTheTerminalAnswerWasReceived(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	link := newLink(t, w.server.HostPort())
	first := w.workerAt(link.address)
	ctx := patient(t)
	op, err := starter.Start[store](ctx, w.client, vectorStore(2*time.Second), nil)
	require.NoError(t, err)
	id := op.LastStatus().RemoteID
	w.booked(ctx, "it was polled", func(b jobservice.Books) bool { return len(b.Polls(id)) >= 1 })
	link.freeze() // from here on nothing that the worker says reaches Temporal
	w.booked(ctx, "the terminal answer was written", func(b jobservice.Books) bool {
		polls := b.Polls(id)
		last := polls[len(polls)-1]
		return last.Done && last.Written
	})
	first.kill()
	killed := time.Now()
	s, err := op.Status(ctx)
	require.NoError(t, err)
	require.False(t, s.Done, "the end was not recorded")
	w.worker()
	w.resumed(t, killed, "killed after the terminal answer was received")
	value, err := op.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, "completed", value.Status)
	require.Len(t, w.service.Books().Starts(), 1)
}

func TestTemporalStoppedAndStartedAgain(t *testing.T) {
	t.Parallel()
	db := t.TempDir() + "/temporal.db"
	server := devservertest.Start(t, devserver.Options{Headless: true, DBFilename: db})
	w := newWorld(t, settings{server: server})
	w.worker()
	ctx := patient(t)
	in := vectorStore(8 * time.Second)
	in.Polling = &perdure.Polling{IntervalSeconds: 1}
	op, err := starter.Start[store](ctx, w.client, in, nil)
	require.NoError(t, err)
	id := op.LastStatus().RemoteID
	w.booked(ctx, "it was polled", func(b jobservice.Books) bool { return len(b.Polls(id)) == 2 })
	_, port, err := net.SplitHostPort(server.HostPort())
	require.NoError(t, err)
	server.Stop()
	stopped := time.Now()
	again := devservertest.Start(t, devserver.Options{Headless: true, DBFilename: db, Port: atoi(t, port)})
	t.Logf("Temporal was away for %.1f s", time.Since(stopped).Seconds())
	_, fresh := w.dial(again)
	same, err := starter.Attach[store](ctx, fresh, op.ID())
	require.NoError(t, err)
	value, err := same.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, "completed", value.Status)
	require.Len(t, w.service.Books().Starts(), 1)
}

// closeService ends the listener and keeps its address for reopenService.
func (w *world) closeService(t *testing.T) string {
	t.Helper()
	w.listener.CloseClientConnections()
	w.listener.Close()
	return w.listener.Listener.Addr().String()
}

func (w *world) reopenService(t *testing.T, address string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	require.NoError(t, err)
	s := &http.Server{Handler: w.service}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
}
