package webapptest_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/examples/jobservice"
)

// perPage is how many items the application asks for.
const perPage = 12

// itemsOf are the rows of a page, counted from 1, as the service has them.
func itemsOf(page int) [][]string {
	var rows [][]string
	for n := (page - 1) * perPage; n < page*perPage; n++ {
		rows = append(rows, []string{strconv.Itoa(n), fmt.Sprintf("Item %d", n), fmt.Sprintf("item_%06d", n)})
	}
	return rows
}

// requirePage is that the list is there, at that page, to the letter.
func (b *tab) requirePage(number int) {
	b.t.Helper()
	require.Equal(b.t, strconv.Itoa(number), b.see("#number"))
	require.Equal(b.t, itemsOf(number), b.cells())
}

// Two instances share two files of keys and Temporal, and nothing else. Whichever is
// asked, and whichever dies, the next page, the one before and the same again are the
// same values, from the address alone.
func TestTheListGoesOnWhenAnInstanceIsKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, jobservice.Options{})
	one, two := w.instance(), w.instance()
	ada := w.signedIn("Ada")

	ada.open(w.proxy.url() + "/items")
	ada.requirePage(1)
	for page := 2; page <= 4; page++ {
		require.Equal(t, 200, ada.click("#next"))
		ada.requirePage(page)
	}
	fourth := ada.address()
	require.Less(t, len(fourth), 8<<10, "servers take it")
	t.Logf("the address of page 4 has %d bytes", len(fourth))
	require.NotZero(t, w.proxy.pagesOf(one))
	require.NotZero(t, w.proxy.pagesOf(two))

	one.kill()
	require.Equal(t, 200, ada.reload())
	ada.requirePage(4)
	require.Equal(t, 200, ada.click("#next"))
	ada.requirePage(5)
	for page := 4; page >= 2; page-- {
		require.Equal(t, 200, ada.click("#previous"))
		ada.requirePage(page)
	}

	// Nobody is left who has seen her: one that has just been started goes on.
	two.kill()
	three := w.instance()
	require.Equal(t, 200, ada.reload())
	ada.requirePage(2)
	require.Equal(t, 200, ada.click("#previous"))
	ada.requirePage(1)
	require.Equal(t, 200, ada.open(fourth))
	ada.requirePage(4)
	require.Equal(t, 200, ada.click("#previous"))
	ada.requirePage(3)
	require.NotZero(t, w.proxy.pagesOf(three))

	asked := len(w.service.Books())
	grace := w.signedIn("Grace")
	require.Equal(t, 403, grace.open(fourth))
	require.Equal(t, "This address is somebody else’s", grace.see("h1"))
	require.Empty(t, grace.cells())
	require.Len(t, w.service.Books(), asked, "the service was not asked for it")
	require.Equal(t, 200, grace.open(w.proxy.url()+"/items"))
	grace.requirePage(1)
	require.Equal(t, 400, grace.open(fourth[:200]))
	require.Equal(t, "This address is damaged", grace.see("h1"))
}

// While the service is down the application says so, and what it heard last; to try again
// leads on from the same place.
func TestTheServiceIsDownAndComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, jobservice.Options{})
	w.instance()
	ada := w.signedIn("Ada")
	ada.open(w.proxy.url() + "/items")
	_, err := w.service.Inject(jobservice.Fault{Action: jobservice.List, Status: 503, Times: -1})
	require.NoError(t, err)
	require.Equal(t, 503, ada.click("#next"))
	require.Equal(t, "The service is not answering", ada.see("h1"))
	require.Contains(t, ada.text(".notice"), "answered by a fault", "the service's own word")

	w.service.ClearFaults()
	require.Equal(t, 200, ada.click("#retry"))
	ada.requirePage(2)
}
