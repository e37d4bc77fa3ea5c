package chaos_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// collection is one that is read from its first page to its last, and what its reader got.
type collection struct {
	name  string
	after time.Duration // the beginning

	pages collectionScript
	// byToken are pages that were fetched once more, by their tokens.
	byToken map[int][]json.RawMessage
	tokens  []tokens.Token
	err     error
}

func (s size) collectionsToRead() []*collection {
	var all []*collection
	for i := range s.collections {
		c := &collection{name: fmt.Sprintf("collection-%03d", i), byToken: map[int][]json.RawMessage{}}
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
// when it could not be answered; then some of them once more.
func (c *collection) run(ctx context.Context, w *world, _ <-chan struct{}) {
	r := randomFor(w.size.seed, "reader of "+c.name)
	c.err = w.insist(ctx, "Pages", func() (bool, error) { return c.read(ctx, w, r) })
	for i := r.IntN(5); i < len(c.tokens) && c.err == nil; i += 1 + r.IntN(5) {
		c.err = w.insist(ctx, "GetPage", func() (bool, error) { return true, c.readAgain(ctx, w, i) })
	}
}

// readAgain fetches a page by its token.
func (c *collection) readAgain(ctx context.Context, w *world, i int) error {
	in := perdure.CollectionInput{Token: c.tokens[i].Text()}
	page, err := starter.GetPage[json.RawMessage](ctx, w.client, in, &starter.PageOptions{ID: fmt.Sprintf("%s-page-%d", c.name, i)})
	if err == nil {
		c.byToken[i] = page.Values
	}
	return err
}

// read goes on until it has the last page, or cannot be answered.
func (c *collection) read(ctx context.Context, w *world, r *rand.Rand) (last bool, err error) {
	h, err := starter.StartCollection[json.RawMessage](ctx, w.client, c.input(), &starter.CollectionOptions{ID: c.name})
	if err != nil {
		return false, fmt.Errorf("StartCollection: %w", err)
	}
	for page, err := range h.Pages(ctx, &starter.PagesOptions{From: len(c.pages)}) {
		if err != nil {
			return false, err
		}
		if page.Index != len(c.pages) {
			return false, &perdure.CollectionError{Message: fmt.Sprintf("page %d came after %d", page.Index, len(c.pages))}
		}
		c.pages, c.tokens = append(c.pages, page.Values), append(c.tokens, page.PageToken)
		last = page.Last
		pause(ctx, between(r, 0, min(w.size.faults/30, 10*time.Second)))
	}
	return last, nil
}
