package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/jobservice"
)

// quota is a service's front that counts, and answers what is too much with 429.
type quota struct {
	perSecond int // in any second
	atOnce    int
	next      http.Handler

	mu         sync.Mutex
	lately     []time.Time // arrivals of the last second
	now, most  int         // at once
	requests   int
	violations []string
}

func (q *quota) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := &counted{ResponseWriter: w, begun: sync.OnceFunc(q.leave)}
	defer answer.begun()
	if q.enter(time.Now()) {
		q.next.ServeHTTP(answer, r)
		return
	}
	answer.Header().Set("Retry-After", "1")
	answer.WriteHeader(http.StatusTooManyRequests)
}

// counted tells when the answer begins: it may be read to its end, and the next request
// sent, before the handler has returned.
type counted struct {
	http.ResponseWriter
	begun func()
}

func (c *counted) WriteHeader(status int) {
	c.begun()
	c.ResponseWriter.WriteHeader(status)
}

func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (q *quota) enter(at time.Time) (ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.requests++
	q.now++
	q.most = max(q.most, q.now)
	q.lately = append(slices.DeleteFunc(q.lately, func(t time.Time) bool { return at.Sub(t) >= time.Second }), at)
	if len(q.lately) <= q.perSecond && q.now <= q.atOnce {
		return true
	}
	q.violations = append(q.violations, fmt.Sprintf("%d in a second, %d at once", len(q.lately), q.now))
	return false
}

func (q *quota) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.now--
}

// A service's quota is never exceeded, whatever is asked of one worker at once: the
// limits are the service's, and not each operation's.
func TestLimitsHoldForAllOperationsOfAWorker(t *testing.T) {
	t.Parallel()
	const rate, concurrency, operations = 40, 8, 200
	// Requests whose turn has come may arrive later, as many as there can be at once.
	q := &quota{perSecond: rate + concurrency + 1, atOnce: concurrency}
	w := newWorld(t, settings{
		front: func(service http.Handler) http.Handler { q.next = service; return q },
		extra: fmt.Sprintf("    limits: {requestsPerSecond: %d, concurrency: %d}\n", rate, concurrency),
	})
	held, err := w.service.Inject(jobservice.Fault{Action: jobservice.Start, HoldUntilReleased: true, Times: concurrency})
	require.NoError(t, err)
	ctx := patient(t)
	go func() { // so that as many meet as may
		if w.service.WaitFor(ctx, func(b jobservice.Books) bool { return len(b) >= concurrency }) == nil {
			w.service.Release(held)
		}
	}()
	in := vectorStore(0)
	in.Request.Body = perdure.JSONBody(json.RawMessage(`{"name":"docs","metadata":{"steps":"1"}}`))
	all := w.waiting(ctx, operations, in)
	begin := time.Now()
	w.worker()
	for _, operation := range all {
		require.NoError(t, operation.Get(ctx, nil))
	}
	took := time.Since(begin)
	q.mu.Lock()
	defer q.mu.Unlock()
	t.Logf("%d operations, %d requests, %d at once at most, in %.1f s", operations, q.requests, q.most, took.Seconds())
	require.Empty(t, q.violations)
	require.Equal(t, concurrency, q.most, "what is allowed is used")
	require.Len(t, w.service.Books().Operations(), operations)
}

// waiting starts so many workflows, and waits for nothing.
func (w *world) waiting(ctx context.Context, n int, in perdure.OperationInput) (all []client.WorkflowRun) {
	w.t.Helper()
	for range n {
		run, err := w.raw.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: w.queue}, perdure.WorkflowOperation, in)
		require.NoError(w.t, err)
		all = append(all, run)
	}
	return all
}

// One 429 is the service's word to all: every operation leaves it alone for as long as
// it asked one of them to, starts included, and then goes on.
func TestOne429PausesAllOperationsOfTheService(t *testing.T) {
	t.Parallel()
	const operations, asked = 20, 3 * time.Second
	w := newWorld(t, settings{})
	ctx := patient(t)
	w.waiting(ctx, operations, vectorStore(time.Hour))
	w.worker()
	w.booked(ctx, "all are asked for", func(b jobservice.Books) bool { return polledSince(b, time.Time{}) == operations })
	_, err := w.service.Inject(jobservice.Fault{Action: jobservice.Poll, Status: http.StatusTooManyRequests, Headers: map[string]string{"Retry-After": "3"}})
	require.NoError(t, err)
	begin := w.refused(ctx)
	w.waiting(ctx, 1, vectorStore(time.Hour))
	w.booked(ctx, "all are asked for again", func(b jobservice.Books) bool { return polledSince(b, begin.Add(asked)) == operations+1 })
	onItsWay := map[string]int{} // by operation, which has one question at a time
	for _, e := range w.service.Books() {
		if e.At.After(begin) && e.At.Before(begin.Add(asked)) {
			onItsWay[e.Operation]++
			require.Equal(t, jobservice.Poll, e.Action, "came %v after the 429", e.At.Sub(begin))
			require.Equal(t, 1, onItsWay[e.Operation], "%s %s came %v after the 429", e.Method, e.Path, e.At.Sub(begin))
		}
	}
}

// polledSince counts the operations that were asked for after a time.
func polledSince(b jobservice.Books, at time.Time) (n int) {
	for _, id := range b.Operations() {
		polls := b.Polls(id)
		if len(polls) > 0 && polls[len(polls)-1].At.After(at) {
			n++
		}
	}
	return n
}

// refused waits for the answer of 429, and gives its time.
func (w *world) refused(ctx context.Context) (at time.Time) {
	w.t.Helper()
	w.booked(ctx, "one was answered 429", func(b jobservice.Books) bool {
		i := slices.IndexFunc(b, func(e jobservice.Entry) bool { return e.Status == http.StatusTooManyRequests && e.Written })
		if i < 0 {
			return false
		}
		at = b[i].WrittenAt
		return true
	})
	return at
}
