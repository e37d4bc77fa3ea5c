package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// stream is one that is read as it comes, and once more when it is over.
type stream struct {
	name  string
	after time.Duration // the beginning

	live, again []string
	err         error
}

func (s size) streamsToRead() []*stream {
	var all []*stream
	for i := range s.streams {
		v := &stream{name: fmt.Sprintf("stream-%03d", i)}
		v.after = between(randomFor(s.seed, "start of "+v.name), 0, s.faults*8/10)
		all = append(all, v)
	}
	return all
}

func (v *stream) input(s size) perdure.StreamInput {
	protocol := "sse"
	if s.stream(v.name).mark {
		protocol = "openai"
	}
	return perdure.StreamInput{
		Request:               &perdure.Request{Service: "streams", Method: "GET", URL: "/" + v.name},
		Protocol:              &perdure.ProtocolChoice{Name: protocol},
		SilenceTimeoutSeconds: 3,
	}
}

// run reads every event as it comes, and then all of them once more.
func (v *stream) run(ctx context.Context, w *world, _ <-chan struct{}) {
	if v.err = v.read(ctx, w, &v.live); v.err == nil {
		v.err = v.read(ctx, w, &v.again)
	}
}

// read reads to the end, and goes on from the first event that it does not have when it
// could not be answered.
func (v *stream) read(ctx context.Context, w *world, into *[]string) error {
	for pause(ctx, againAfter) {
		err := v.readOn(ctx, w, into)
		var bad *perdure.StreamError
		if err == nil || errors.As(err, &bad) {
			return err
		}
		w.inVain.add("StartStream, Events", err)
	}
	return context.Cause(ctx)
}

func (v *stream) readOn(ctx context.Context, w *world, into *[]string) error {
	h, err := starter.StartStream[string](ctx, w.client, v.input(w.size), &starter.StreamOptions{ID: v.name})
	if err != nil {
		return err
	}
	for event, err := range h.Events(ctx, len(*into)) {
		if err != nil {
			return err
		}
		if event.Offset != len(*into) {
			return &perdure.StreamError{Message: fmt.Sprintf("event %d came after %d", event.Offset, len(*into))}
		}
		*into = append(*into, event.Data)
	}
	return nil
}
