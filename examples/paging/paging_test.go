package paging_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/paging"
	"github.com/perdure-dev/perdure/tokens"
)

var (
	ada  = paging.Assistant{ID: "asst_1", Name: "Ada"}
	bert = paging.Assistant{ID: "asst_2", Name: "Bert"}
	cleo = paging.Assistant{ID: "asst_3", Name: "Cleo"}
	dora = paging.Assistant{ID: "asst_4", Name: "Dora"}

	begin tokens.Token // none
)

var _, _ paging.Assistants = paging.Service{}, &paging.Mock[paging.Assistant]{}

// newMock has four pages, the second of which is empty.
func newMock(t *testing.T) *paging.Mock[paging.Assistant] {
	t.Helper()
	mock, err := paging.NewMock([]paging.Assistant{ada, bert}, nil, []paging.Assistant{cleo}, []paging.Assistant{dora})
	require.NoError(t, err)
	return mock
}

func ExamplePrint() {
	all, err := paging.NewMock([]paging.Assistant{ada, bert}, []paging.Assistant{cleo})
	if err != nil {
		panic(err)
	}
	next, err := paging.Print(context.Background(), os.Stdout, all, tokens.Token{})
	fmt.Println("more:", !next.IsZero(), "error:", err)
	// Output:
	// asst_1 Ada
	// asst_2 Bert
	// asst_3 Cleo
	// more: false error: <nil>
}

func TestAllPagesArePrinted(t *testing.T) {
	t.Parallel()
	mock := newMock(t)
	var out strings.Builder
	next, err := paging.Print(t.Context(), &out, mock, begin)
	require.NoError(t, err)
	require.True(t, next.IsZero())
	require.Equal(t, "asst_1 Ada\nasst_2 Bert\nasst_3 Cleo\nasst_4 Dora\n", out.String())
	require.Equal(t, []int{0, 1, 2, 3}, mock.Asked)
}

func TestPrintingGoesOnAfterAnError(t *testing.T) {
	t.Parallel()
	mock := newMock(t)
	rejected := &perdure.CollectionError{Type: perdure.ErrorPageRejected}
	mock.Fail = map[int]error{2: rejected}

	var out strings.Builder
	next, err := paging.Print(t.Context(), &out, mock, begin)
	require.ErrorIs(t, err, rejected)
	require.Equal(t, "asst_1 Ada\nasst_2 Bert\n", out.String(), "the pages before the error")

	stored := next.Text() // as a file or another process would have it
	mock.Fail = nil
	out.Reset()
	from, err := tokens.Parse(stored)
	require.NoError(t, err)
	next, err = paging.Print(t.Context(), &out, mock, from)
	require.NoError(t, err)
	require.True(t, next.IsZero())
	require.Equal(t, "asst_3 Cleo\nasst_4 Dora\n", out.String(), "nothing twice, nothing left out")
	require.Equal(t, []int{0, 1, 2, 2, 3}, mock.Asked)
}

func TestWhatIsFoundEndsTheReading(t *testing.T) {
	t.Parallel()
	mock := newMock(t)
	found, token, err := paging.Find(t.Context(), mock, "Cleo")
	require.NoError(t, err)
	require.Equal(t, cleo, found)
	require.Equal(t, []int{0, 1, 2}, mock.Asked)

	page, err := mock.Page(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, []paging.Assistant{cleo}, page.Values)

	_, _, err = paging.Find(t.Context(), mock, "Emil")
	require.ErrorIs(t, err, paging.ErrNotFound)
}

func TestPagesCountFromWhereTheReaderBegins(t *testing.T) {
	t.Parallel()
	mock := newMock(t)
	first, err := mock.Page(t.Context(), begin)
	require.NoError(t, err)
	var indexes []int
	for page, err := range mock.Pages(t.Context(), first.NextPageToken) {
		require.NoError(t, err)
		require.Equal(t, len(indexes) == 2, page.Last)
		indexes = append(indexes, page.Index)
	}
	require.Equal(t, []int{0, 1, 2}, indexes)
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	mock, stranger := newMock(t), newMock(t)
	page, err := stranger.Page(t.Context(), begin)
	require.NoError(t, err)
	_, err = paging.Print(t.Context(), new(strings.Builder), mock, page.PageToken)
	require.ErrorIs(t, err, tokens.ErrKeyRetired, "the token of another keyset")
	_, err = mock.Page(t.Context(), page.PageToken)
	require.ErrorIs(t, err, tokens.ErrKeyRetired)

	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err = paging.Print(ctx, new(strings.Builder), mock, begin)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, mock.Asked)
}

func TestACollectionOfNothingHasOnePage(t *testing.T) {
	t.Parallel()
	mock, err := paging.NewMock[paging.Assistant]()
	require.NoError(t, err)
	page, err := mock.Page(t.Context(), begin)
	require.NoError(t, err)
	require.Empty(t, page.Values)
	require.True(t, page.Last)
}
