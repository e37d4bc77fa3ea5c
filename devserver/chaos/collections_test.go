package chaos_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// collection is one that is read from its first page to its last, and what its reader got.
type collection struct {
	name  string
	after time.Duration // the beginning

	pages collectionScript
	err   error
}

func (s size) collectionsToRead() []*collection {
	var all []*collection
	for i := range s.collections {
		c := &collection{name: fmt.Sprintf("collection-%03d", i)}
		c.after = between(randomFor(s.seed, "start of "+c.name), 0, s.faults*8/10)
		all = append(all, c)
	}
	return all
}

func (c *collection) input() perdure.CollectionInput {
	return perdure.CollectionInput{
		Request:  &perdure.Request{Service: "lists", Method: "GET", URL: "/" + c.name},
		Protocol: &perdure.ProtocolChoice{Name: "nextlink"},
	}
}

// run reads every page, with pauses, and goes on from the first that it does not have
// when it could not be answered.
func (c *collection) run(ctx context.Context, w *world, _ <-chan struct{}) {
	r := randomFor(w.size.seed, "reader of "+c.name)
	for last := false; !last && pause(ctx, againAfter); {
		var err error
		last, err = c.read(ctx, w, r)
		var bad *perdure.CollectionError
		if c.err = err; errors.As(err, &bad) {
			return
		}
		if err != nil {
			w.inVain.add("StartCollection, Pages", err)
		}
	}
	c.err = errors.Join(c.err, context.Cause(ctx))
}

// read goes on until it has the last page, or cannot be answered.
func (c *collection) read(ctx context.Context, w *world, r *rand.Rand) (last bool, err error) {
	h, err := starter.StartCollection[json.RawMessage](ctx, w.client, c.input(), &starter.CollectionOptions{ID: c.name})
	if err != nil {
		return false, err
	}
	for page, err := range h.Pages(ctx, &starter.PagesOptions{From: len(c.pages)}) {
		if err != nil {
			return false, err
		}
		if page.Index != len(c.pages) {
			return false, &perdure.CollectionError{Message: fmt.Sprintf("page %d came after %d", page.Index, len(c.pages))}
		}
		c.pages = append(c.pages, page.Values)
		last = page.Last
		pause(ctx, between(r, 0, min(w.size.faults/20, 10*time.Second)))
	}
	return last, nil
}
