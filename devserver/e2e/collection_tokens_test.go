package e2e_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// A page's token is all that is needed: it gives the page, and goes on from there, when
// nothing is left of the collection that it came from.
func TestAPageByItsTokenAloneAfterTheCollectionWasDeleted(t *testing.T) {
	t.Parallel()
	const pages, perPage, at = 45, 3, 40
	w := newWorld(t, settings{service: jobservice.Options{Items: jobservice.ItemOptions{Count: pages * perPage, PerPage: perPage}}})
	w.worker()
	ctx := patient(t)
	want := pageNumbers(0, pages, perPage)
	ours := func(in *perdure.CollectionInput) { in.Type, in.Audience = "ListItems", "tenant a" }
	page := w.pageOf(ctx, t, items(ours), w.queue+tokenTestID, at)
	require.Equal(t, want[at], numbersOf(page))
	w.deleteWorkflow(t)

	stdout, stderr, exit := w.perdure(w.server, page.PageToken.Text(), "page", "-", "--type", "ListItems", "--audience", "tenant a", "--output", "json")
	require.Zero(t, exit, "%s", stderr)
	var printed perdure.Page
	require.NoError(t, json.Unmarshal([]byte(stdout), &printed))
	require.Equal(t, want[at:at+1], [][]int{itemNumbers(t, printed)})
	require.False(t, printed.Last)

	_, elsewhere := w.dial(w.server)
	next, err := starter.GetPage[item](ctx, elsewhere, perdure.CollectionInput{
		Token: printed.NextPageToken, Type: "ListItems", Audience: "tenant a",
	}, nil)
	require.NoError(t, err)
	require.Equal(t, want[at+1], numbersOf(next))

	for range 2 { // by as many as like, each for himself
		c, err := starter.RehydrateCollection[item](ctx, elsewhere, page.PageToken, &starter.RehydrateOptions{Type: "ListItems", Audience: "tenant a", Service: "jobs"})
		require.NoError(t, err)
		rest, err := rangesOver(ctx, c)
		require.NoError(t, err)
		require.Equal(t, want[at:], rest)
	}
	require.Equal(t, 4, w.service.Books().PageCounts()[at])
	require.Equal(t, 1, w.service.Books().PageCounts()[at-1])
}

// pageOf reads a collection up to a page.
func (w *world) pageOf(ctx context.Context, t *testing.T, in perdure.CollectionInput, id string, index int) *starter.Page[item] {
	t.Helper()
	c, err := starter.StartCollection[item](ctx, w.client, in, &starter.CollectionOptions{ID: id})
	require.NoError(t, err)
	for page, err := range c.Pages(ctx, nil) {
		require.NoError(t, err)
		if page.Index == index {
			return page
		}
	}
	require.Fail(t, "the collection has no such page")
	return nil
}

func itemNumbers(t *testing.T, page perdure.Page) []int {
	t.Helper()
	return itemsOn(t, []perdure.Page{page})
}

// A token is good for what it was given for, and nothing else: where there is a keyset
// it is refused before anything starts, and else by the worker.
func TestAPageTokenIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{extra: `  other:
    baseURL: http://127.0.0.1:1
    allowPrivateNetwork: true
`})
	w.worker()
	ctx := patient(t)
	ours := func(in *perdure.CollectionInput) { in.Type, in.Audience = "ListItems", "tenant a" }
	token := w.pageOf(ctx, t, items(ours), w.queue, 1).PageToken
	op, err := starter.Start[store](ctx, w.client, vectorStore(time.Hour), nil)
	require.NoError(t, err)
	operation, err := op.Token(ctx)
	require.NoError(t, err)
	before := len(w.service.Books().Pages(""))
	t.Cleanup(func() { require.Len(t, w.service.Books().Pages(""), before, "the service was not asked") })
	trusting, err := starter.New(w.raw, starter.Options{TaskQueue: w.queue})
	require.NoError(t, err)

	for _, c := range []struct {
		name string
		in   perdure.CollectionInput
		want error
	}{
		{"no type", perdure.CollectionInput{Token: token.Text(), Audience: "tenant a"}, tokens.ErrType},
		{"another type", perdure.CollectionInput{Token: token.Text(), Type: "ListJobs", Audience: "tenant a"}, tokens.ErrType},
		{"no audience", perdure.CollectionInput{Token: token.Text(), Type: "ListItems"}, tokens.ErrAudience},
		{"another audience", perdure.CollectionInput{Token: token.Text(), Type: "ListItems", Audience: "tenant b"}, tokens.ErrAudience},
		{"another service", perdure.CollectionInput{Token: token.Text(), Type: "ListItems", Audience: "tenant a", Service: "other"}, tokens.ErrService},
		{"an operation's", perdure.CollectionInput{Token: operation.Text()}, tokens.ErrKind},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx := patient(t)
			parsed, err := tokens.Parse(c.in.Token)
			require.NoError(t, err)
			_, err = starter.RehydrateCollection[item](ctx, w.client, parsed, &starter.RehydrateOptions{Type: c.in.Type, Audience: c.in.Audience, Service: c.in.Service})
			require.ErrorIs(t, err, c.want)
			_, err = starter.GetPage[item](ctx, w.client, c.in, nil)
			require.ErrorIs(t, err, c.want)

			_, err = starter.StartCollection[item](ctx, trusting, c.in, nil)
			requireCollectionError(t, err, perdure.ErrorInvalidToken)
			require.ErrorIs(t, err, c.want)
			_, err = starter.GetPage[item](ctx, trusting, c.in, nil)
			requireCollectionError(t, err, perdure.ErrorInvalidToken)
			require.ErrorIs(t, err, c.want)

			given, err := json.Marshal(c.in)
			require.NoError(t, err)
			for _, verb := range []string{"page", "pages"} {
				require.Equal(t, perdure.ErrorInvalidToken, w.fails(t, 1, string(given), verb, "--file", "-").Type)
			}
		})
	}
	t.Run("a page's, as an operation's", func(t *testing.T) {
		t.Parallel()
		ctx := patient(t)
		_, err := starter.Rehydrate[store](ctx, w.client, token, &starter.RehydrateOptions{Type: "ListItems", Audience: "tenant a"})
		require.ErrorIs(t, err, tokens.ErrKind)
		run, err := w.raw.ExecuteWorkflow(ctx, w.startOptions(), perdure.WorkflowOperation,
			perdure.OperationInput{Token: token.Text(), Type: "ListItems", Audience: "tenant a"})
		require.NoError(t, err)
		require.ErrorContains(t, run.Get(ctx, nil), perdure.ErrorInvalidToken)
		printed := w.fails(t, 1, token.Text(), "wait", "--type", "ListItems", "--audience", "tenant a", "-")
		require.Equal(t, perdure.ErrorInvalidToken, printed.Type)
	})
}

func requireCollectionError(t *testing.T, err error, want string) {
	t.Helper()
	_ = collectionError(t, err, want)
}

// collectionError is the one in err, of the type that is wanted.
func collectionError(t *testing.T, err error, want string) *perdure.CollectionError {
	t.Helper()
	bad := &perdure.CollectionError{}
	require.ErrorAs(t, err, &bad)
	require.Equal(t, want, bad.Type, "%v", err)
	return bad
}
