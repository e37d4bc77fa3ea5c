package chaos_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/perdure-dev/perdure"
)

// callers are all who start and read something.
type callers struct {
	operations  []*operation
	collections []*collection
	streams     []*stream

	running sync.WaitGroup
	begun   atomic.Int64
	ended   atomic.Int64
}

// caller is one of them. It returns when it knows how what it started has ended, or when
// ctx ends; calm is closed when nothing is injected any longer.
type caller interface {
	begins() time.Duration
	run(ctx context.Context, w *world, calm <-chan struct{})
}

func (o *operation) begins() time.Duration  { return o.after }
func (c *collection) begins() time.Duration { return c.after }
func (v *stream) begins() time.Duration     { return v.after }

func (s size) callers() *callers {
	return &callers{operations: s.operationsToStart(), collections: s.collectionsToRead(), streams: s.streamsToRead()}
}

func (c *callers) list() []caller {
	var all []caller
	for _, o := range c.operations {
		all = append(all, o)
	}
	for _, o := range c.collections {
		all = append(all, o)
	}
	for _, o := range c.streams {
		all = append(all, o)
	}
	return all
}

// againAfter is how long callers wait who could not be answered.
const againAfter = 500 * time.Millisecond

// insist asks until it is done, or is told of a bad end. Any other error is none: it could
// not be asked.
func (w *world) insist(ctx context.Context, what string, ask func() (done bool, err error)) error {
	for pause(ctx, againAfter) {
		done, err := ask()
		if err == nil && done || isEnd(err) {
			return err
		}
		if err != nil {
			w.inVain.add(what, err)
		}
	}
	return context.Cause(ctx)
}

// isEnd reports an error that says how an operation, a collection or a stream has ended.
func isEnd(err error) bool {
	var (
		operation  *perdure.OperationError
		collection *perdure.CollectionError
		stream     *perdure.StreamError
	)
	return errors.As(err, &operation) || errors.As(err, &collection) || errors.As(err, &stream)
}

// run has each begin at its time.
func (c *callers) run(ctx context.Context, w *world, calm <-chan struct{}) {
	for _, one := range c.list() {
		c.running.Go(func() {
			if !pause(ctx, one.begins()) {
				return
			}
			c.begun.Add(1)
			one.run(ctx, w, calm)
			c.ended.Add(1)
		})
	}
}
