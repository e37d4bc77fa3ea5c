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

// A stream of four weeks with an event an hour, under everything that comes in such a
// time: connections that break; a service that is away for a day; ten days without an
// event, in which the keys are rotated and the first is retired; credentials that live for
// an hour; workers that are stopped and killed; a log that continues as new. Every event
// is in it once, in order, and can be read from any offset.
func TestWeeksOfAStream(t *testing.T) {
	const ends = 4 * week
	const failsAt, recoversAt = 7 * day, 8 * day
	const quietFrom, quietUntil = 10 * day, 20 * day
	feed := &lifeFeed{}
	l := newStreamLife(t, feed)
	for at := time.Hour / 2; at < ends; at += time.Hour {
		if !within(at, quietFrom, quietUntil) {
			feed.due = append(feed.due, l.began.Add(at))
		}
	}
	feed.down = func(at time.Time) bool { return within(l.at(at), failsAt, recoversAt) }
	feed.breaks = func(opened, now time.Time) bool {
		return feed.down(now) || !within(l.at(now), quietFrom, quietUntil) && now.Sub(opened) >= 6*time.Hour
	}
	l.lifetime, l.inARun = 4*day, 900
	l.rotate(t, quietFrom+2*day)
	l.retire(t, quietFrom+2*day+l.lifetime+time.Hour)
	l.stopWorker(5 * day)
	l.killWorker(failsAt + 12*time.Hour)
	l.stopWorker(quietUntil - day) // who comes next has what was sealed in the silence
	l.killWorker(quietUntil + 3*day)
	l.on(failsAt+12*time.Hour, func(r *lifeRun) {
		s := l.status(r)
		require.Equal(t, perdure.StateRunning, s.State)
		require.Equal(t, http.StatusServiceUnavailable, s.LastError.Error.HTTPStatus)
	})
	var early string
	l.on(day, func(r *lifeRun) { early = r.token() })
	for at := 2 * day; at < ends; at += day {
		l.on(at, func(r *lifeRun) {
			header := l.open(t, r.token(), tokens.Expect{Kind: tokens.KindStream, Lifetime: l.lifetime, Now: r.env.Now()})
			require.Less(t, r.env.Now().Sub(header.IssuedAt), l.lifetime/4+time.Hour, "it is sealed anew in time, at %v", at)
			if at != quietFrom+2*day { // it has just been rotated
				require.Equal(t, l.keyring(t).PrimaryKeyID(), header.KeyID, "at %v", at)
			}
			require.NoError(t, l.catchUp())
		})
	}

	var result perdure.StreamResult
	l.live(t, perdure.StreamInput{
		Request:  &perdure.Request{Service: "jobs", Method: http.MethodGet, URL: "/events"},
		Protocol: &perdure.ProtocolChoice{Name: "sse"},
	}, &result)
	require.Equal(t, perdure.StateSucceeded, result.State)
	require.Equal(t, len(feed.due), result.Events)
	require.Equal(t, feed.opened-1, result.Reconnects)
	require.Equal(t, 5, l.attempts)
	l.hasEveryEventOnce(t, recoversAt)

	l.requireRetired(t, early, tokens.KindStream)
	require.Zero(t, feed.expired, "no credential was sent that had expired")
	require.LessOrEqual(t, feed.refused, int(day/(30*time.Second))+10, "as seldom as the longest wait")
	l.doesNotGrow(t, 3)
	t.Logf("%d events over %d connections", result.Events, feed.opened)
}

// hasEveryEventOnce: for who has read all along, and for who begins anywhere.
func (l *streamLife) hasEveryEventOnce(t *testing.T, recoversAt time.Duration) {
	t.Helper()
	require.NoError(t, l.catchUp())
	require.Len(t, l.events, len(l.feed.due))
	for n, e := range l.events {
		require.Equal(t, n, e.Offset)
		require.Equal(t, strconv.Itoa(n), e.ID)
		require.JSONEq(t, strconv.Quote(strconv.Itoa(n)), string(e.Data))
		due := l.feed.due[n]
		if l.feed.down(due) {
			due = l.began.Add(recoversAt)
		}
		require.False(t, e.At.Before(due), "event %d", n)
		require.Less(t, e.At.Sub(due), time.Minute, "event %d", n)
		var got perdure.Events
		require.NoError(t, l.read(perdure.QueryRead, perdure.ReadRequest{Offset: n, Max: 1}, &got))
		require.Equal(t, []perdure.Event{e}, got.Events)
	}
}

func (l *streamLife) status(r *lifeRun) (s perdure.StreamStatus) {
	r.query(perdure.QueryStatus, &s)
	return s
}
