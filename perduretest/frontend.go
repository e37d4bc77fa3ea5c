package perduretest

import (
	"context"
	"fmt"
	"path"
	"sync"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/perdure-dev/perdure/tokens"
)

// frontend is a Temporal frontend whose workflows play scripts. Whatever needs time waits
// in the call that asks for it, so that there is no goroutine but the callers'.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer
	tb     testing.TB
	keyset *tokens.Keyset

	mu      sync.Mutex
	over    bool          // the test is
	changed chan struct{} // closed, and made anew, when something has changed
	scripts []*scripted
	inputs  []any
	runs    map[string]run // by workflow id: the newest
	order   []string       // of the ids, as they were started
}

func newFrontend(tb testing.TB, keyset *tokens.Keyset) *frontend {
	tb.Helper()
	f := &frontend{tb: tb, keyset: keyset, changed: make(chan struct{}), runs: map[string]run{}}
	tb.Cleanup(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.over = true
	})
	return f
}

// intercept answers a client's call in the place of a connection.
func (f *frontend) intercept(ctx context.Context, method string, request, reply any, _ *grpc.ClientConn, _ grpc.UnaryInvoker, _ ...grpc.CallOption) error {
	if ctx.Err() != nil {
		return serviceerror.ToStatus(ctx.Err()).Err()
	}
	name := path.Base(method)
	for _, m := range workflowservice.WorkflowService_ServiceDesc.Methods {
		if m.MethodName != name {
			continue
		}
		answer, err := m.Handler(f, ctx, func(into any) error { return copyMessage(into, request) }, nil)
		if err == nil {
			err = copyMessage(reply, answer)
		}
		return serviceerror.ToStatus(err).Err()
	}
	return serviceerror.ToStatus(serviceerror.NewUnimplemented("perduretest: " + method + " is not answered in memory")).Err()
}

func copyMessage(into, from any) error {
	to, ok := into.(proto.Message)
	message, also := from.(proto.Message)
	if !ok || !also {
		return fmt.Errorf("perduretest: copy a %T into a %T", from, into)
	}
	proto.Merge(to, message)
	return nil
}

// fail fails the test, as long as it runs. It is called with the lock.
func (f *frontend) fail(err error) {
	if !f.over {
		f.tb.Errorf("%v", err)
	}
}

// touch wakes those who wait. It is called with the lock.
func (f *frontend) touch() {
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *frontend) forget(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.runs, id)
	f.touch()
}

// find is the run of a workflow, brought up to now. It is called with the lock.
func (f *frontend) find(id string) (run, error) {
	r, ok := f.runs[id]
	if !ok {
		return nil, serviceerror.NewNotFoundf("perduretest: workflow not found for ID: %s", id)
	}
	f.settle(r)
	return r, nil
}

// settle brings a run up to now.
func (f *frontend) settle(r run) {
	if r.common().open() && r.settle() {
		f.touch()
	}
}

// longPoll is how long a call is held before it is answered with nothing, as Temporal does:
// the SDK asks again.
const longPoll = 20 * time.Second

// await returns once ready, which is called with the lock, has come true; with false when
// the caller is to ask again; or with ctx's error.
func (f *frontend) await(ctx context.Context, r run, ready func() bool) (bool, error) {
	patience := time.NewTimer(longPoll)
	defer patience.Stop()
	for {
		f.mu.Lock()
		f.settle(r)
		ok := ready()
		changed := f.changed
		next, since := r.next()
		f.mu.Unlock()
		if ok {
			return true, nil
		}
		hold, due := next.pending(since)
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-patience.C:
			return false, nil
		case <-changed:
		case <-hold:
		case <-due:
		}
	}
}
