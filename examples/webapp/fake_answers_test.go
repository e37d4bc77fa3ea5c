package webapp_test

import (
	"context"
	"iter"
	"sync"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/webapp"
	"github.com/perdure-dev/perdure/starter"
)

// fakeAnswers are those of a model that gives the same answer to everybody, as far as the
// test lets it.
type fakeAnswers struct {
	mu        sync.Mutex
	questions map[string]string // by user and form
	deltas    []string
	status    perdure.StreamStatus
	// breaks is an error with which a reading ends, whatever the status.
	breaks error
	// err is what every answer is.
	err error
	// readers are those that have not come to an end.
	readers int
	grown   chan struct{} // closed and made anew when something has changed
}

func newFakeAnswers(deltas ...string) *fakeAnswers {
	return &fakeAnswers{
		questions: map[string]string{}, deltas: deltas, grown: make(chan struct{}),
		status: perdure.StreamStatus{State: perdure.StateRunning, Events: len(deltas)},
	}
}

// change lets something happen.
func (f *fakeAnswers) change(what func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	what()
	f.status.Events = len(f.deltas)
	close(f.grown)
	f.grown = make(chan struct{})
}

func (f *fakeAnswers) Ask(_ context.Context, user webapp.User, form, question string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.questions[user.ID+" "+form] = question
	}
	return f.err
}

func (f *fakeAnswers) Look(_ context.Context, user webapp.User, form string) (webapp.Answer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	answer := webapp.Answer{Status: f.status, Next: len(f.deltas)}
	for _, delta := range f.deltas {
		answer.Text += delta
	}
	return answer, f.found(user, form)
}

func (f *fakeAnswers) Read(ctx context.Context, user webapp.User, form string, from int) (iter.Seq2[webapp.Delta, error], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return func(yield func(webapp.Delta, error) bool) {
		f.reads(1)
		defer f.reads(-1)
		for next := from; ; {
			f.mu.Lock()
			deltas, status, breaks, grown := f.deltas, f.status, f.breaks, f.grown
			f.mu.Unlock()
			for ; next < len(deltas); next++ {
				if !yield(webapp.Delta{Offset: next, Text: deltas[next]}, nil) {
					return
				}
			}
			switch {
			case breaks != nil:
				yield(webapp.Delta{}, breaks)
				return
			case status.State == perdure.StateSucceeded:
				return
			case status.Done:
				yield(webapp.Delta{}, &perdure.StreamError{Type: status.ErrorType, Status: status})
				return
			}
			select {
			case <-grown:
			case <-ctx.Done():
				yield(webapp.Delta{}, ctx.Err())
				return
			}
		}
	}, f.found(user, form)
}

func (f *fakeAnswers) reads(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.readers += n
}

func (f *fakeAnswers) found(user webapp.User, form string) error {
	if _, asked := f.questions[user.ID+" "+form]; !asked && f.err == nil {
		return starter.ErrNotFound
	}
	return f.err
}
