package starter

import (
	"context"
	"fmt"
	"iter"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// Collection is a handle on a paged collection whose values are Ts. It is safe for
// concurrent use, by any number of readers, and needs no closing. The zero value is not
// usable: [StartCollection], [AttachCollection] and [RehydrateCollection] give one.
type Collection[T any] struct{ *collection }

// CollectionOptions of StartCollection, Pages and All.
type CollectionOptions struct {
	// ID is the workflow id: the same id is the same collection, whose pages are
	// fetched once for all who read it, as long as the namespace keeps it. Default: a
	// new one.
	ID string
	// Summary is a line for people, shown in Temporal's web UI. Default: that of the input.
	Summary string
}

// PagesOptions of Collection's Pages and All.
type PagesOptions struct {
	// From is the index of the first page, counted from 0.
	From int
}

// Page is one page of a collection.
type Page[T any] struct {
	Values []T
	// Index counts from 0, within the collection that was asked.
	Index int
	// Last: there is no page after this one.
	Last bool
	// PageToken gives this page again, NextPageToken the one after, in any process, also
	// when the collection's workflow is gone: store them, and GetPage or
	// RehydrateCollection goes on there. NextPageToken is none on the last page; both are
	// none where the state would make a token above 16 KiB.
	PageToken, NextPageToken tokens.Token
	// Response is what the service answered, as captured.
	Response *perdure.Response
}

// StartCollection starts a collection and returns when its first page is there, or
// cannot be had: then the handle comes with a *perdure.CollectionError. When ctx ends
// first, the collection goes on, and the handle comes with ctx's error.
//
// With an id that is taken it attaches to that collection, running or closed; with
// another input it fails with a *perdure.CollectionError of type perdure.ErrorIDConflict.
func StartCollection[T any](ctx context.Context, c *Client, in perdure.CollectionInput, o *CollectionOptions) (*Collection[T], error) {
	h, err := c.startCollection(ctx, in, o)
	if h == nil {
		return nil, err
	}
	return &Collection[T]{h}, err
}

// AttachCollection gives a handle on a collection by its workflow id, running or closed.
// ErrNotFound where there is none.
func AttachCollection[T any](ctx context.Context, c *Client, id string) (*Collection[T], error) {
	h := c.collection(id)
	if err := h.is(ctx, perdure.WorkflowCollection); err != nil {
		return nil, err
	}
	return &Collection[T]{h}, nil
}

// RehydrateCollection starts a collection that goes on from the page which a token
// names: that page has the index 0. The token is verified first, here where there is
// Options.Keyset, and else by a worker; an error of package tokens says why it is refused.
func RehydrateCollection[T any](ctx context.Context, c *Client, token tokens.Token, o *RehydrateOptions) (*Collection[T], error) {
	h, err := c.rehydrateCollection(ctx, token, orDefault(o))
	if h == nil {
		return nil, err
	}
	return &Collection[T]{h}, err
}

// Pages starts a collection and goes through its pages. Nothing runs until it is ranged
// over. An error comes once, last, with a nil page; the pages before it were delivered,
// and the last one's NextPageToken goes on from there.
func Pages[T any](ctx context.Context, c *Client, in perdure.CollectionInput, o *CollectionOptions) iter.Seq2[*Page[T], error] {
	return pagesOf(ctx, func() (*Collection[T], error) { return StartCollection[T](ctx, c, in, o) })
}

// All starts a collection and goes through its values, page after page. An error comes
// once, last, with a zero value.
func All[T any](ctx context.Context, c *Client, in perdure.CollectionInput, o *CollectionOptions) iter.Seq2[T, error] {
	return values(Pages[T](ctx, c, in, o))
}

// Pages goes through the pages, from the first or from the one that the options name.
// The next page is fetched while the caller works on this one. A reader that stops, by
// break or by an error, leaves the collection as it is; going on is Pages from the next
// index. An error comes once, last, with a nil page: *perdure.CollectionError where a
// page cannot be had (ranging again from its index tries it again), ctx's own, or
// anything else: it could not be asked.
func (c *Collection[T]) Pages(ctx context.Context, o *PagesOptions) iter.Seq2[*Page[T], error] {
	from := orDefault(o).From
	return func(yield func(*Page[T], error) bool) {
		for raw, err := range newReader(c.collection).pages(ctx, from) {
			if err != nil {
				yield(nil, c.inServiceType(err))
				return
			}
			page, err := typed[T](raw)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(page, nil) {
				return
			}
		}
	}
}

// All goes through the values, page after page, as Pages does.
func (c *Collection[T]) All(ctx context.Context, o *PagesOptions) iter.Seq2[T, error] {
	return values(c.Pages(ctx, o))
}

// Page gives one page by its index, and waits for it if need be. ErrNoPage: the
// collection ends before.
func (c *Collection[T]) Page(ctx context.Context, index int) (*Page[T], error) {
	r := newReader(c.collection)
	r.max = 1
	raw, err := r.page(ctx, index)
	if err != nil {
		return nil, c.inServiceType(err)
	}
	return typed[T](raw)
}

func values[T any](pages iter.Seq2[*Page[T], error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for page, err := range pages {
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, v := range page.Values {
				if !yield(v, nil) {
					return
				}
			}
		}
	}
}

// typed reads the values and the tokens of a page.
func typed[T any](raw *perdure.Page) (*Page[T], error) {
	p := &Page[T]{Index: raw.Index, Last: raw.Last, Response: raw.Response}
	for _, t := range []struct {
		into *tokens.Token
		text string
	}{{&p.PageToken, raw.PageToken}, {&p.NextPageToken, raw.NextPageToken}} {
		if err := t.into.UnmarshalText([]byte(t.text)); err != nil {
			return nil, fmt.Errorf("starter: page %d: %w", raw.Index, err)
		}
	}
	if err := decodeValues(raw.Values, &p.Values); err != nil {
		return nil, fmt.Errorf("starter: read the values of page %d: %w", raw.Index, err)
	}
	return p, nil
}
