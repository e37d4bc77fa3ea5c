package chaos_test

import (
	"context"
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
	for _, into := range []*[]string{&v.live, &v.again} {
		v.err = w.insist(ctx, "Events", func() (bool, error) { return true, v.read(ctx, w, into) })
		if v.err != nil {
			return
		}
	}
}

// read goes on from the first event that it does not have, to the end.
func (v *stream) read(ctx context.Context, w *world, into *[]string) error {
	h, err := starter.StartStream[string](ctx, w.client, v.input(w.size), &starter.StreamOptions{ID: v.name})
	if err != nil {
		return fmt.Errorf("StartStream: %w", err)
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
