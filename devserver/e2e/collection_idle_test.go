package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/starter"
)

// A collection that nobody asks for a second closes itself, again and again, while two
// slow readers go through it: what goes on is one collection after the other, which they
// share.
func TestSlowReadersGoOnThroughCollectionsThatCloseThemselves(t *testing.T) {
	t.Parallel()
	const pages, perPage = 8, 2
	w := newWorld(t, settings{service: jobservice.Options{Items: jobservice.ItemOptions{Count: pages * perPage, PerPage: perPage}}})
	w.worker()
	ctx := patient(t)
	want := pageNumbers(0, pages, perPage)
	for _, r := range readAll(ctx, w, w.queue, items(closesWhenIdle(1)), map[string]reader{
		"first": w.slowly(), "second": w.slowly(),
	}) {
		r.readEverything(t, want)
	}
	w.eachPageOnce(t, "/v1/items", pages)

	ids, open, err := w.goneOn(ctx, w.queue)
	require.NoError(t, err)
	require.False(t, open)
	require.GreaterOrEqual(t, len(ids), 3, "%v", ids)
	t.Logf("%d pages through %v", pages, ids)
	c, err := starter.AttachCollection[item](ctx, w.client, w.queue)
	require.NoError(t, err)
	late, err := rangesOver(ctx, c)
	require.NoError(t, err)
	require.Equal(t, want, late, "who comes later goes the same way")
	page, err := c.Page(ctx, pages-1)
	require.NoError(t, err)
	require.Equal(t, want[pages-1], numbersOf(page))
	require.True(t, page.Last)
	_, err = c.Page(ctx, pages)
	require.ErrorIs(t, err, starter.ErrNoPage)
	w.eachPageOnce(t, "/v1/items", pages)
}

// slowly is a reader that takes a page only when all collections have closed that its
// first one has gone on in.
func (w *world) slowly() reader {
	return func(ctx context.Context, c *starter.Collection[item]) ([][]int, error) {
		var got [][]int
		for page, err := range c.Pages(ctx, nil) {
			if err != nil {
				return got, fmt.Errorf("after %d pages: %w", len(got), err)
			}
			got = append(got, numbersOf(page))
			if err := w.closed(ctx, c.ID()); err != nil {
				return got, err
			}
		}
		return got, nil
	}
}

func (w *world) closed(ctx context.Context, id string) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		_, open, err := w.goneOn(ctx, id)
		if err != nil || !open {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// goneOn gives the collections in which one has gone on, itself first, and whether the
// last of them is open.
func (w *world) goneOn(ctx context.Context, id string) (ids []string, open bool, err error) {
	for {
		d, err := w.raw.DescribeWorkflowExecution(ctx, id, "")
		if missing := (*serviceerror.NotFound)(nil); errors.As(err, &missing) {
			return ids, false, nil
		}
		if err != nil {
			return ids, false, err
		}
		ids = append(ids, id)
		if d.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
			return ids, true, nil
		}
		var result perdure.CollectionResult
		if err := w.raw.GetWorkflow(ctx, id, "").Get(ctx, &result); err != nil {
			return ids, false, err
		}
		id = fmt.Sprintf("%s+%d", id, result.Pages)
	}
}

// A reader that finds a closed collection and no worker waits for one: only a worker
// knows how the collection goes on.
func TestAReaderOfAClosedCollectionWaitsForAWorker(t *testing.T) {
	t.Parallel()
	const pages, perPage = 5, 2
	w := newWorld(t, settings{service: jobservice.Options{Items: jobservice.ItemOptions{Count: pages * perPage, PerPage: perPage}}})
	first := w.worker()
	ctx := patient(t)
	_, err := starter.StartCollection[item](ctx, w.client, items(closesWhenIdle(1)), &starter.CollectionOptions{ID: w.queue})
	require.NoError(t, err)
	require.NoError(t, w.closed(ctx, w.queue))
	first.kill()

	hurried, err := starter.New(w.raw, starter.Options{TaskQueue: w.queue, QueryTimeout: 100 * time.Millisecond})
	require.NoError(t, err)
	c, err := starter.AttachCollection[item](ctx, hurried, w.queue)
	require.NoError(t, err)
	s, err := c.Status(ctx)
	require.NoError(t, err)
	require.True(t, s.Stale)
	require.True(t, s.Done)
	brief, cancel := contextFor(t, 2*time.Second)
	defer cancel()
	_, err = rangesFrom(brief, c, s.Pages)
	require.ErrorIs(t, err, context.DeadlineExceeded, "and not the end")

	w.worker()
	all, err := rangesOver(ctx, c)
	require.NoError(t, err)
	require.Equal(t, pageNumbers(0, pages, perPage), all)
	w.eachPageOnce(t, "/v1/items", pages)
}
