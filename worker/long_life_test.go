package worker_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

const (
	day   = 24 * time.Hour
	week  = 7 * day
	month = 365 * day / 12
	year  = 365 * day
)

// An operation of a year that is asked for every hour, under everything that comes in a
// year: runs of about two weeks, each on a worker of its own; keys that are rotated and
// retired; credentials that live for an hour; a service that is down for a week; workers
// whose clocks are wrong by hours. It is asked at its pace from the first day to the last,
// and what it carries does not grow.
func TestAYearOfAnOperation(t *testing.T) {
	l := newLife(t)
	const failsAt, recoversAt = 20 * week, 21 * week
	l.service.down = func(at time.Time) bool { return within(l.at(at), failsAt, recoversAt) }
	l.service.retryAfter = func(at time.Time) int { // on its last six days it says how long it takes
		if l.at(at) < failsAt+day {
			return 0
		}
		return 600
	}
	l.service.over = func(at time.Time) bool { return l.at(at) >= year }
	l.skew = func(at time.Time) time.Duration {
		switch {
		case within(l.at(at), 2*month, 3*month):
			return 5 * time.Hour
		case within(l.at(at), 7*month, 8*month):
			return -3 * time.Hour
		}
		return 0
	}
	var early, late string
	l.on(day, func(r *lifeRun) { early = r.token() })
	l.rotate(t, 3*month)
	l.retire(t, 5*month)
	l.on(failsAt+3*day, func(r *lifeRun) {
		s := r.status()
		require.Equal(t, perdure.StateRunning, s.State)
		require.Equal(t, http.StatusServiceUnavailable, s.LastError.Error.HTTPStatus)
	})
	l.on(recoversAt+day, func(r *lifeRun) { require.Nil(t, r.status().LastError) })
	for _, m := range []time.Duration{1, 2, 4, 6, 7, 9, 10, 11, 12} { // but while a clock is wrong
		l.on(m*month-day, func(r *lifeRun) {
			late = r.token()
			header := l.open(t, late, tokens.Expect{Kind: tokens.KindOperation, Lifetime: 30 * day, Now: r.env.Now()})
			require.Less(t, r.env.Now().Sub(header.IssuedAt), 30*day/4+2*time.Hour, "it is sealed anew in time")
		})
	}

	var result perdure.OperationResult
	l.live(t, perdure.WorkflowOperation, perdure.OperationInput{
		Request: &perdure.Request{Service: "jobs", Method: http.MethodPost, URL: "/jobs"},
		Polling: &perdure.Polling{IntervalSeconds: 3600},
	}, &result)
	require.Equal(t, perdure.StateSucceeded, result.State)
	require.Equal(t, 1, l.service.starts)
	require.Equal(t, len(l.service.polls), l.last().status().Polls, "no question is forgotten, in any run")

	l.requireRetired(t, early, tokens.KindOperation)
	require.NotEqual(t, early, late)
	require.Zero(t, l.service.expired, "no credential was sent that had expired")
	require.LessOrEqual(t, l.service.issued, int(year/time.Hour)+len(l.runs))
	l.asksAtItsPace(t, failsAt, recoversAt)
	l.doesNotGrow(t, 2)
}

// Days of watching in process leave no more in a run than its activities do: one each nine
// minutes here, however often they ask.
func TestDaysOfWatching(t *testing.T) {
	l := newLife(t)
	const days, interval = 2 * day, 15 * time.Second
	l.service.over = func(at time.Time) bool { return l.at(at) >= days }
	var result perdure.OperationResult
	l.live(t, perdure.WorkflowOperation, perdure.OperationInput{
		Request: &perdure.Request{Service: "jobs", Method: http.MethodPost, URL: "/jobs"},
		Polling: &perdure.Polling{IntervalSeconds: interval.Seconds()},
	}, &result)
	require.Equal(t, perdure.StateSucceeded, result.State)
	require.Equal(t, len(l.service.polls), l.last().status().Polls)
	require.Zero(t, l.service.expired)
	require.LessOrEqual(t, l.service.issued, int(days/(45*time.Minute))+2, "a token is renewed when three quarters of its hour are over")
	before := l.began
	for _, at := range l.service.polls {
		gap := at.Sub(before)
		require.GreaterOrEqual(t, gap, interval, "at %v", l.at(at))
		require.LessOrEqual(t, gap, interval+interval/10, "at %v", l.at(at))
		before = at
	}
	require.Len(t, l.runs, 1)
	require.InDelta(t, int(days/(9*time.Minute)), l.runs[0].activities, 10)
	t.Logf("%d questions by %d activities, with %d tokens", len(l.service.polls), l.runs[0].activities, l.service.issued)
}

func within(d, from, to time.Duration) bool { return d >= from && d < to }

// asksAtItsPace: an hour and its jitter apart, whatever clocks and runs do; while the
// service is down, as failures are; and at most an hour after it is back.
func (l *life) asksAtItsPace(t *testing.T, failsAt, recoversAt time.Duration) {
	t.Helper()
	const jitter = 1.1
	asked, plain := 0, 0
	before := l.began
	for _, at := range l.service.polls {
		gap, since := at.Sub(before), l.at(before)
		switch {
		case since >= failsAt && since < failsAt+day:
			plain++
			require.LessOrEqual(t, gap.Seconds(), 30*jitter, "at %v", since)
		case since >= failsAt && since < recoversAt:
			require.GreaterOrEqual(t, gap.Seconds(), 600.0, "at %v", since)
			require.LessOrEqual(t, gap.Seconds(), 3600*jitter, "at %v", since)
		default:
			asked++
			require.GreaterOrEqual(t, gap.Seconds(), 3600.0, "at %v", since)
			require.LessOrEqual(t, gap.Seconds(), 3600*jitter, "at %v", since)
		}
		before = at
	}
	t.Logf("%d questions: %d at their interval, %d on the first day of the outage", len(l.service.polls), asked, plain)
	require.LessOrEqual(t, plain, int(day/(30*time.Second))+10, "as seldom as the longest wait")
	hours := float64((year - week) / time.Hour)
	require.InDelta(t, hours/(1+(jitter-1)/2), asked, hours/100, "nothing drifts: the jitter is even")
}
