package webapp_test

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/webapp"
	"github.com/perdure-dev/perdure/starter"
)

// listening is a browser that is sent events.
type listening struct {
	t      *testing.T
	header http.Header
	lines  *bufio.Scanner
	leave  func()
}

// listen has the rest of an answer sent.
func (b *browser) listen(address, lastEventID string) *listening {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.at+address, nil)
	require.NoError(b.t, err)
	if lastEventID != "" {
		r.Header.Set("Last-Event-ID", lastEventID)
	}
	response, err := b.client.Do(r)
	require.NoError(b.t, err)
	leave := func() { cancel(); _ = response.Body.Close() }
	b.t.Cleanup(leave)
	require.Equal(b.t, http.StatusOK, response.StatusCode)
	return &listening{b.t, response.Header, bufio.NewScanner(response.Body), leave}
}

// next is the next event, its lines joined; "": there are no more.
func (l *listening) next() string {
	var lines []string
	for l.lines.Scan() {
		if l.lines.Text() == "" {
			break
		}
		lines = append(lines, l.lines.Text())
	}
	return strings.Join(lines, "|")
}

func events(p page) string { return attribute(p.node("answer"), "data-events") }

func TestTheRestOfAnAnswerIsSentAsItComes(t *testing.T) {
	answers := newFakeAnswers("Be", "cau")
	b := talks(t, answers)
	l := b.listen(events(ask(b))+"&from=1", "")
	require.Equal(t, "text/event-stream", l.header.Get("Content-Type"))
	require.Equal(t, "no-store", l.header.Get("Cache-Control"))
	require.Equal(t, "retry: 500", l.next())
	require.Equal(t, `id: 1|data: "cau"`, l.next(), "flushed while there is more to come")
	answers.change(func() { answers.deltas = append(answers.deltas, "se\n", "") })
	require.Equal(t, `id: 2|data: "se\n"`, l.next())
	require.Equal(t, `id: 3|data: ""`, l.next())
	answers.change(func() { answers.status = perdure.StreamStatus{State: perdure.StateSucceeded, Done: true} })
	require.Equal(t, `event: end|data: "This is the whole answer."`, l.next())
	require.Empty(t, l.next())
}

// A browser that comes again says where it was, in the address that it had at first.
func TestTheBrowsersOwnWordGoesBeforeTheAddress(t *testing.T) {
	answers := newFakeAnswers("a", "b", "c", "d")
	b := talks(t, answers)
	l := b.listen(events(ask(b))+"&from=1", "2")
	require.Equal(t, "retry: 500", l.next())
	require.Equal(t, `id: 3|data: "d"`, l.next())
}

// Neither the application's patience nor the server's time-out is one for all events.
func TestASendingGoesOnForAsLongAsItTakes(t *testing.T) {
	const short = 50 * time.Millisecond
	f, answers, keys := newFake(t), newFakeAnswers("a"), newSessionKeys(t)
	b := signedIn(t, instance(t, webapp.Options{Items: f, Indexes: f, Answers: answers, Sessions: keys}), "ada")
	address := events(ask(b)) + "&from=0"
	handler, err := webapp.New(webapp.Options{Items: f, Indexes: f, Answers: answers, Sessions: keys, Patience: short})
	require.NoError(t, err)
	hasty := httptest.NewUnstartedServer(handler)
	hasty.Config.WriteTimeout = short
	hasty.Start()
	t.Cleanup(hasty.Close)
	b.at = hasty.URL
	l := b.listen(address, "")
	require.Equal(t, "retry: 500", l.next())
	require.Equal(t, `id: 0|data: "a"`, l.next())
	time.Sleep(2 * short) // both are over
	answers.change(func() { answers.deltas = append(answers.deltas, "b") })
	require.Equal(t, `id: 1|data: "b"`, l.next())
	l.leave()
}

func TestWhoLeavesIsSentNothingMore(t *testing.T) {
	answers := newFakeAnswers("a")
	b := talks(t, answers)
	l := b.listen(events(ask(b))+"&from=0", "")
	require.Equal(t, "retry: 500", l.next())
	l.leave()
	require.Eventually(t, func() bool {
		answers.mu.Lock()
		defer answers.mu.Unlock()
		return answers.readers == 0
	}, time.Minute, time.Millisecond)
}

func TestHowASendingEnds(t *testing.T) {
	tests := []struct {
		name string
		err  error
		last string
	}{
		{"broken", &perdure.StreamError{Type: perdure.ErrorStreamBroken, Status: perdure.StreamStatus{State: perdure.StateFailed, Done: true, ErrorType: perdure.ErrorStreamBroken}}, "cannot go on from there"},
		{"canceled", &perdure.StreamError{Type: perdure.ErrorCanceled, Status: perdure.StreamStatus{State: perdure.StateCanceled, Done: true}}, "was stopped"},
		{"terminated", starter.ErrTerminated, "may not be all"},
		{"not its end", &perdure.StreamError{Type: perdure.ErrorNotFetched}, ""},
		{"not to be read on", errors.New("no route to Temporal"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answers := newFakeAnswers("a")
			answers.breaks = tt.err
			b := talks(t, answers)
			l := b.listen(events(ask(b))+"&from=0", "")
			require.Equal(t, "retry: 500", l.next())
			require.Equal(t, `id: 0|data: "a"`, l.next())
			last := l.next()
			require.Contains(t, last, tt.last)
			require.Equal(t, tt.last != "", strings.HasPrefix(last, "event: end"), "without an end the browser comes again")
		})
	}
}

func TestASendingThatCannotBegin(t *testing.T) {
	answers := newFakeAnswers()
	b := talks(t, answers)
	address := events(ask(b))
	for _, from := range []string{"", "&from=", "&from=-1", "&from=x", "&from=99999999999"} {
		require.Equal(t, http.StatusNotFound, b.get(address+from).status, from)
	}
	answers.err = errors.New("no route to Temporal")
	require.Equal(t, http.StatusServiceUnavailable, b.get(address+"&from=0").status)
	b.post("/sign-out", nil)
	require.Contains(t, b.get(address+"&from=0").address, "/sign-in?then=")
}
