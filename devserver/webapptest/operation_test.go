package webapptest_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/examples/jobservice"
)

// The page of an operation stays open while every instance is killed and another one is
// started: it says that it has lost its server, finds the new one, and ends with the
// value.
func TestTheProgressPageSurvivesARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, jobservice.Options{Steps: 6})
	held, err := w.service.Inject(jobservice.Fault{Action: jobservice.Poll, Skip: 3, HoldUntilReleased: true})
	require.NoError(t, err)
	one, two := w.instance(), w.instance()
	ada := w.signedIn("Ada")
	form := evaluate[string](ada, `document.querySelector("[name=form]").value`)
	require.Equal(t, 200, ada.follow("send the form", writeAndSend("#name", "handbook")...))
	require.Equal(t, "Building", ada.see("#title"))
	address := ada.address()
	w.booked("the fourth poll came", func(b jobservice.Books) bool { return b.Summary().Polls == 4 })

	one.kill()
	two.kill()
	require.Contains(t, ada.see("#lost"), "lost its server")
	w.instance()
	ada.do("see that it goes on", chromedp.WaitNotVisible(chromedp.CSS("#lost")))
	require.Equal(t, "Building", ada.text("#title"))
	require.True(t, w.service.Release(held))
	id := ada.see("#index")
	require.Equal(t, "Built", ada.text("#title"))
	require.Equal(t, w.service.Books().Operations(), []string{id})
	require.Contains(t, ada.text("#value"), "handbook")
	require.Contains(t, ada.text("#value"), "10 of 10")
	require.Equal(t, address, ada.address(), "it was the same page all the time")
	require.Equal(t, 200, ada.reload())
	require.Equal(t, id, ada.see("#index"))
	require.Equal(t, 200, ada.send(form, "handbook"), "sent twice, it is the same operation")
	require.Equal(t, 409, ada.send(form, "another"), "and not another")
	require.Len(t, w.service.Books().Starts(), 1, "started once")

	grace := w.signedIn("Grace")
	require.Equal(t, 403, grace.open(address))
	require.Equal(t, "This address is somebody else’s", grace.see("h1"))
}

// send sends the form of an index again, and gives the status of the page that it leads to.
func (b *tab) send(form, name string) int {
	b.t.Helper()
	return evaluate[int](b, fmt.Sprintf(
		`fetch("/indexes", {method: "POST", body: new URLSearchParams({form: %q, name: %q})}).then(answer => answer.status)`, form, name),
		chromedp.EvalAwaitPromise)
}
