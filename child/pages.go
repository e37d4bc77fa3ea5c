package child

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"

	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// PageOptions of GetPage and Pages. Zero fields take the default.
type PageOptions struct {
	// TaskQueue of Perdure's workers. Default perdure.DefaultTaskQueue.
	TaskQueue string
	// Summary is shown in Temporal's web UI. Default: the input's own.
	Summary string
}

// Page is one page of a collection.
type Page[T any] struct {
	Values []T
	// Index counts from 0, within one Pages.
	Index int
	// Last: there is no page after this one.
	Last bool
	// PageToken gives this page again, NextPageToken the one after, in any process.
	// NextPageToken is empty on the last page; both are where the state would make a
	// token above 16 KiB.
	PageToken, NextPageToken string
	// Response is what the service answered, as captured.
	Response *perdure.Response

	input perdure.CollectionInput
}

// Rest is the input of the pages after this one: what to continue as new with, or to
// start again with after a failure. Not to be asked of the last page.
func (p *Page[T]) Rest() perdure.CollectionInput {
	in := p.input
	in.Request, in.Protocol, in.Token = nil, nil, p.NextPageToken
	return in
}

// GetPage fetches one page: the first that a request asks for, or the one that a token
// names. What is transient is tried again for as long as the input's idleTimeoutSeconds.
//
// Errors: *perdure.CollectionError where the page cannot be had.
func GetPage[T any](ctx workflow.Context, in perdure.CollectionInput, o *PageOptions) (*Page[T], error) {
	raw, err := getPage(ctx, in, o)
	if err != nil {
		return nil, err
	}
	p := &Page[T]{
		Index: raw.Index, Last: raw.Last, PageToken: raw.PageToken, NextPageToken: raw.NextPageToken,
		Response: raw.Response, input: in,
	}
	if err := json.Unmarshal(raw.Values, &p.Values); err != nil {
		return nil, fmt.Errorf("child: read the values of the page: %w", err)
	}
	return p, nil
}

// Pages goes through the pages of a collection, each fetched by a child of its own when
// the one before is done with. Nothing runs until it is ranged over. An error comes once,
// last, with a nil page: [Page.Rest] of the page before it, or the input where there is
// none, goes on with the page that failed.
//
// Each page is in the parent's history, up to 2 MB of it, and once more where it is handed
// to an activity. Go on in a new run where the server suggests it, which it does at 4 MB:
// a workflow that ends with its input set to Rest by workflow.NewContinueAsNewError reads
// lists of any length.
//
// maxPages is refused: leave the loop.
func Pages[T any](ctx workflow.Context, in perdure.CollectionInput, o *PageOptions) iter.Seq2[*Page[T], error] {
	return func(yield func(*Page[T], error) bool) {
		if in.MaxPages != 0 {
			yield(nil, &perdure.InputError{Field: "maxPages", Message: "is for collections, want 0 here: leave the loop"})
			return
		}
		for index := 0; ; index++ {
			page, err := GetPage[T](ctx, in, o)
			if err != nil {
				yield(nil, err)
				return
			}
			page.Index = index
			if !yield(page, nil) || page.Last {
				return
			}
			if page.NextPageToken == "" {
				yield(nil, &perdure.CollectionError{Type: perdure.ErrorTokenTooLarge, Message: "the next page has no token"})
				return
			}
			in = page.Rest()
		}
	}
}

func getPage(ctx workflow.Context, in perdure.CollectionInput, o *PageOptions) (*perdure.Page, error) {
	if o == nil {
		o = &PageOptions{}
	}
	bound := settings{
		taskQueue: o.TaskQueue, summary: cmp.Or(o.Summary, in.Summary()),
	}.bind(ctx)
	var page perdure.Page
	err := workflow.ExecuteChildWorkflow(bound, perdure.WorkflowPage, in).Get(ctx, &page)
	if err == nil {
		return &page, nil
	}
	end := read[perdure.CollectionStatus](err)
	if end == nil {
		return nil, temporals("page", err)
	}
	bad := &perdure.CollectionError{Type: end.errorType, Message: end.message, Status: end.status}
	if end.errorType == canceled && ctx.Err() != nil {
		return nil, ours(ctx, bad)
	}
	return nil, bad
}
