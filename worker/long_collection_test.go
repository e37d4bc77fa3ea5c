package worker_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// A collection of five months of which somebody reads a page a day, under everything that
// comes in such a time: runs of weeks, each on a worker of its own; a service that is down
// for a week, in which the keys are rotated; credentials that live for an hour. Every page
// is asked for once, and is read where it is kept.
func TestMonthsOfACollection(t *testing.T) {
	l := newLife(t)
	const pages, failsAt, recoversAt = 150, 8 * week, 9 * week
	l.inARun = 20 // of large pages
	l.service.pages = pages
	l.service.down = func(at time.Time) bool { return within(l.at(at), failsAt, recoversAt) }
	l.service.retryAfter = func(at time.Time) int {
		if l.at(at) < failsAt+6*time.Hour {
			return 0
		}
		return 3600
	}
	l.rotate(t, failsAt+3*day) // while a page is asked for
	l.retire(t, failsAt+3*day+31*day)
	reader := &dailyReader{t: t, life: l, next: l.began}
	l.beside = reader.read

	var result perdure.CollectionResult
	l.live(t, perdure.WorkflowCollection, perdure.CollectionInput{
		Request:            &perdure.Request{Service: "jobs", Method: http.MethodGet, URL: "/items"},
		Protocol:           &perdure.ProtocolChoice{Name: "token", Options: []byte(`{"token":"next","into":{"query":"page"}}`)},
		IdleTimeoutSeconds: (2 * day).Seconds(),
	}, &result)
	require.Equal(t, perdure.CollectionResult{State: perdure.StateSucceeded, Pages: pages, Items: pages}, result)
	require.Len(t, l.service.served, pages)
	for n := range pages {
		require.Equal(t, 1, l.service.served[n], "page %d", n)
		var p perdure.Page
		require.NoError(t, l.read(perdure.QueryPage, perdure.PageRequest{Index: n}, &p), "page %d", n)
		require.Equal(t, n, p.Index)
		require.JSONEq(t, "["+strconv.Itoa(n)+"]", string(p.Values))
		require.Equal(t, n == pages-1, p.Last)
	}
	require.Len(t, reader.pages, pages-1, "the last was fetched ahead, and ended the collection")
	reader.readsAPageADay(t, failsAt, recoversAt)
	reader.tokensAreFresh(t, recoversAt)
	l.requireRetired(t, reader.pages[0].NextPageToken, tokens.KindPage)
	require.Zero(t, l.service.expired, "no credential was sent that had expired")
	l.doesNotGrow(t, 2)
}

// readsAPageADay: but while the service is down; and within an hour after it is back.
func (d *dailyReader) readsAPageADay(t *testing.T, failsAt, recoversAt time.Duration) {
	t.Helper()
	before := d.pages[0].at
	require.Less(t, d.life.at(before), time.Minute)
	late := 0
	for i, p := range d.pages[1:] {
		gap := p.at.Sub(before)
		if within(d.life.at(before), failsAt-day, recoversAt) && gap > day {
			late++
			require.Less(t, d.life.at(p.at), recoversAt+66*time.Minute+time.Minute, "page %d", i+1)
		} else {
			require.Equal(t, day, gap, "page %d", i+1)
		}
		before = p.at
	}
	require.Equal(t, 1, late)
}

// tokensAreFresh: they were sealed when the page came, a day ahead, under the key of that
// time. One for which the service was down for a week is sealed anew.
func (d *dailyReader) tokensAreFresh(t *testing.T, recoversAt time.Duration) {
	t.Helper()
	for i, p := range d.pages {
		require.NotNil(t, p.next, "page %d", i)
		require.Less(t, p.at.Sub(p.next.IssuedAt), day+time.Hour, "page %d", i)
		require.Equal(t, p.sealing, p.next.KeyID, "page %d", i)
		require.Less(t, p.at.Sub(p.own.IssuedAt), 2*day+time.Hour, "page %d", i)
		if d.life.at(p.at) > recoversAt {
			require.Equal(t, p.sealing, p.own.KeyID, "page %d", i)
		}
	}
}
