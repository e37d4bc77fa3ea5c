package webapptest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

const wholeAnswer = "This is the whole answer."

// missed bounds how long it takes until a worker that was killed is missed, which is by
// its heartbeats, and another one has taken over.
const missed = time.Minute

// ask asks a question, and ends on the page of its answer.
func (b *tab) ask(w *world) {
	b.t.Helper()
	require.Equal(b.t, 200, b.open(w.proxy.url()+"/chat"))
	require.Equal(b.t, 200, b.follow("ask", writeAndSend("#question", "What is a stream?")...))
	require.Contains(b.t, b.address(), "/chat?answer=")
}

// shows waits until the element has the text, to the letter.
func (b *tab) shows(selector, text string) {
	b.t.Helper()
	b.showsWithin(patience, selector, text)
}

func (b *tab) showsWithin(patience time.Duration, selector, text string) {
	b.t.Helper()
	b.doWithin(patience, fmt.Sprintf("see %q in %s", text, selector), chromedp.Poll[chromedp.Void](
		fmt.Sprintf(`document.querySelector(%q)?.textContent === %q`, selector, text), chromedp.WithPollingTimeout(patience)))
}

// A server that somebody else wrote streams. What is on the screen is whole, also after a
// reload in the middle, and at another instance.
func TestAChatStreamsIntoTheBrowser(t *testing.T) {
	t.Parallel()
	url, answer := startAimock(t)
	w := newWorldOf(t, url)
	one := w.instance()
	w.instance()
	ada := w.signedIn("Ada")
	ada.ask(w)
	ada.do("see its begin", chromedp.Poll[chromedp.Void](`document.querySelector("#answer").textContent !== ""`))
	require.Equal(t, 200, ada.reload())
	ada.shows("#words", wholeAnswer)
	ada.shows("#answer", answer)
	one.kill()
	require.Equal(t, 200, ada.reload())
	ada.shows("#words", wholeAnswer)
	ada.shows("#answer", answer)

	address := ada.address()
	grace := w.signedIn("Grace")
	require.Equal(t, 404, grace.open(address))
	require.Equal(t, "There is nothing at this address", grace.see("h1"))
}

// The page stays open while the instance is killed that sends it the answer, and then all
// of them; the browser goes on where it was.
func TestAnAnswerSurvivesTheWebServer(t *testing.T) {
	t.Parallel()
	m := newModel(t, true)
	w := newWorldOf(t, m.URL)
	instances := map[string]*instance{}
	for range 2 {
		i := w.instance()
		instances[i.url.Host] = i
	}
	ada := w.signedIn("Ada")
	ada.ask(w)
	m.say(5)
	ada.shows("#answer", said(5))
	address := ada.address()

	first := w.proxy.lastHeard()
	require.Empty(t, first.lastEventID)
	instances[first.host].kill()
	delete(instances, first.host)
	m.say(10)
	ada.shows("#answer", said(10))
	require.Equal(t, hearing{lastHost(instances), "4"}, w.proxy.lastHeard(), "the browser's own word")

	instances[lastHost(instances)].kill()
	require.Contains(t, ada.see("#lost"), "lost its server")
	m.say(15)
	w.instance()
	ada.shows("#answer", said(15))
	ada.do("see that it goes on", chromedp.WaitNotVisible(chromedp.CSS("#lost")))
	m.say(20)
	m.end()
	ada.shows("#words", wholeAnswer)
	ada.shows("#answer", said(20))
	require.Equal(t, address, ada.address(), "it was the same page all the time")
	require.Equal(t, 200, ada.reload())
	ada.shows("#answer", said(20))
	require.Equal(t, []string{""}, m.asked(), "the model noticed nothing")
}

func lastHost(instances map[string]*instance) string {
	for host := range instances {
		return host
	}
	return ""
}

// The worker is killed in the middle, twice, the second time with a reload while there is
// none: the next one goes on where the record ends.
func TestAnAnswerSurvivesTheWorker(t *testing.T) {
	t.Parallel()
	m := newModel(t, true)
	w := newWorldOf(t, m.URL)
	w.instance()
	ada := w.signedIn("Ada")
	ada.ask(w)
	m.say(5)
	ada.shows("#answer", said(5))

	w.sealed(4)
	w.worker.kill()
	m.say(10)
	w.work()
	ada.showsWithin(missed, "#answer", said(10))

	w.sealed(9)
	w.worker.kill()
	m.say(15)
	require.Equal(t, 200, ada.reload())
	require.Contains(t, ada.see("[data-trouble]"), "Nobody is listening")
	w.work()
	ada.showsWithin(missed, "#answer", said(15))
	ada.do("see that it goes on", chromedp.WaitNotPresent(chromedp.CSS("[data-trouble]")))
	m.end()
	ada.shows("#words", wholeAnswer)
	ada.shows("#answer", said(15))
	require.Equal(t, 200, ada.reload())
	ada.shows("#answer", said(15))
	require.Equal(t, []string{"", "4", "9"}, m.asked())
}

// sealed waits until the place after an event has been sealed, which is done once a second.
func (w *world) sealed(event int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	dialed, err := client.Dial(client.Options{HostPort: temporal.HostPort(), ConnectionOptions: unhurried})
	require.NoError(w.t, err)
	defer dialed.Close()
	c, err := starter.New(dialed, starter.Options{TaskQueue: w.queue})
	require.NoError(w.t, err)
	keyset, err := tokens.LoadKeyset(w.keyset)
	require.NoError(w.t, err)
	query := fmt.Sprintf("TaskQueue = '%s' AND WorkflowType = '%s'", w.queue, perdure.WorkflowStream)
	require.Eventually(w.t, func() bool {
		found, err := dialed.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query})
		if err != nil || len(found.GetExecutions()) != 1 {
			return false
		}
		s, err := starter.AttachStream[json.RawMessage](ctx, c, found.GetExecutions()[0].GetExecution().GetWorkflowId())
		if err != nil {
			return false
		}
		token, err := s.Token(ctx)
		if err != nil {
			return false
		}
		header, err := token.Header()
		if err != nil {
			return false
		}
		opened, err := keyset.Open(token, tokens.Expect{
			Kind: tokens.KindStream, Type: header.Type, Audience: header.Audience, Lifetime: time.Hour, Now: time.Now(),
		})
		return err == nil && strings.Contains(string(opened.State), fmt.Sprintf(`"lastEventId":"%d"`, event))
	}, patience, 50*time.Millisecond, "event %d is sealed", event)
}

// What cannot be taken up ends, and says so; what came before stays.
func TestAnAnswerThatCannotGoOnSaysSo(t *testing.T) {
	t.Parallel()
	m := newModel(t, false)
	w := newWorldOf(t, m.URL)
	w.instance()
	ada := w.signedIn("Ada")
	ada.ask(w)
	m.say(5)
	ada.shows("#answer", said(5))
	w.worker.kill()
	w.work()
	const words = "The model was cut off, and cannot go on from there. To ask again would be another answer."
	ada.showsWithin(missed, "#words", words)
	require.Equal(t, 200, ada.reload())
	ada.shows("#words", words)
	ada.shows("#answer", said(5))
	require.Equal(t, []string{""}, m.asked())
}
