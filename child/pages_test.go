package child_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/child"
)

var list = perdure.CollectionInput{
	Request:  &perdure.Request{Service: "jobs", Method: "GET", URL: "/items"},
	Protocol: &perdure.ProtocolChoice{Name: "nextlink"}, Type: "ListItems", Audience: "tenant-a",
}

// pagesOf plays a list of so many pages, whose tokens are their numbers.
func pagesOf(t *testing.T, n int, asked *[]int) func(workflow.Context, perdure.CollectionInput) (*perdure.Page, error) {
	t.Helper()
	return func(_ workflow.Context, in perdure.CollectionInput) (*perdure.Page, error) {
		require.NoError(t, in.Check())
		require.Equal(t, "ListItems", in.Type)
		require.Equal(t, "tenant-a", in.Audience)
		at := 0
		if in.Token != "" {
			at, _ = strconv.Atoi(in.Token)
		}
		*asked = append(*asked, at)
		p := &perdure.Page{Values: json.RawMessage(fmt.Sprintf("[%d]", at)), PageToken: strconv.Itoa(at), Last: at == n-1}
		if !p.Last {
			p.NextPageToken = strconv.Itoa(at + 1)
		}
		return p, nil
	}
}

func TestPagesToTheLast(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var asked, got []int
	s.plays(perdure.WorkflowPage, pagesOf(t, 3, &asked))
	require.NoError(t, s.run(func(ctx workflow.Context) error {
		for page, err := range child.Pages[int](ctx, list, nil) {
			require.NoError(t, err)
			require.Equal(t, len(got), page.Index)
			got = append(got, page.Values...)
		}
		return nil
	}))
	require.Equal(t, []int{0, 1, 2}, got)
	require.Equal(t, got, asked)
}

// What is left after a page is an input, which goes through JSON, as continue-as-new has
// it, and a page that was not asked for is not fetched.
func TestRestGoesOn(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var asked []int
	s.plays(perdure.WorkflowPage, pagesOf(t, 4, &asked))
	require.NoError(t, s.run(func(ctx workflow.Context) error {
		in := list
		for range 2 {
			for page, err := range child.Pages[int](ctx, in, nil) {
				require.NoError(t, err)
				if page.Index == 1 {
					raw, err := json.Marshal(page.Rest())
					require.NoError(t, err)
					in = perdure.CollectionInput{}
					require.NoError(t, perdure.Decode(raw, &in))
					break
				}
			}
		}
		return nil
	}))
	require.Equal(t, []int{0, 1, 2, 3}, asked)
}

func TestPageThatCannotBeHad(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.plays(perdure.WorkflowPage, func(workflow.Context, perdure.CollectionInput) (*perdure.Page, error) {
		return nil, temporal.NewNonRetryableApplicationError("HTTP 403", perdure.ErrorPageRejected, nil, perdure.CollectionStatus{State: perdure.StateFailed, Done: true})
	})
	require.NoError(t, s.run(func(ctx workflow.Context) error {
		n := 0
		for page, err := range child.Pages[int](ctx, list, nil) {
			n++
			require.Nil(t, page)
			var bad *perdure.CollectionError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, perdure.ErrorPageRejected, bad.Type)
			require.Equal(t, perdure.StateFailed, bad.Status.State)
		}
		require.Equal(t, 1, n)
		return nil
	}))
}

func TestPagesRefuseABound(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	require.NoError(t, s.run(func(ctx workflow.Context) error {
		bounded := list
		bounded.MaxPages = 2
		for _, err := range child.Pages[int](ctx, bounded, nil) {
			var wrong *perdure.InputError
			require.ErrorAs(t, err, &wrong)
		}
		return nil
	}))
}

func TestPageOfACanceledParent(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.plays(perdure.WorkflowPage, func(ctx workflow.Context, _ perdure.CollectionInput) (*perdure.Page, error) {
		_ = workflow.Sleep(ctx, time.Hour)
		return nil, temporal.NewCanceledError(perdure.CollectionStatus{State: perdure.StateCanceled, Done: true})
	})
	s.env.RegisterDelayedCallback(s.env.CancelWorkflow, time.Second)
	_ = s.run(func(ctx workflow.Context) error {
		_, err := child.GetPage[int](ctx, list, nil)
		require.ErrorIs(t, err, &perdure.CollectionError{Type: perdure.ErrorCanceled})
		require.True(t, temporal.IsCanceledError(err))
		return nil
	})
}
