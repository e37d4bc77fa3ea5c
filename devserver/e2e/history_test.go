package e2e_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"google.golang.org/protobuf/proto"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/starter"
)

// History is bounded by what happened, not by how long it took.
func TestHistoryDoesNotGrowWithPollsWithoutNews(t *testing.T) {
	t.Parallel()
	few := runPolled(t, 3)
	many := runPolled(t, 60)
	t.Logf("at an interval of 1 s: %d polls: %d events, %d bytes; %d polls: %d events, %d bytes",
		few.polls, few.events, few.bytes, many.polls, many.events, many.bytes)
	require.Equal(t, few.events, many.events)
	require.InDelta(t, few.bytes, many.bytes, 512, "what is recorded does not depend on the number of polls")
}

type recorded struct{ polls, events, bytes int }

// runPolled runs a job that says nothing new for so many polls, and then ends.
func runPolled(t *testing.T, polls int) recorded {
	t.Helper()
	service := perduretest.NewService(t,
		perduretest.POST("/quiet").Reply(202).Header("Location", "/quiet/1"),
		perduretest.GET("/quiet/1").Reply(202).Times(polls),
		perduretest.GET("/quiet/1").JSON(200, `{"ok":true}`))
	w := newWorld(t, settings{url: service.URL()})
	w.worker()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	in := job(`{"name":"quiet"}`)
	in.Request.URL = "/quiet"
	in.Polling = &perdure.Polling{IntervalSeconds: 1}
	_, op, err := starter.Run[map[string]bool](ctx, w.client, in, nil)
	require.NoError(t, err)
	s, err := op.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, polls+1, s.Polls)
	return w.measure(ctx, op.ID(), s.Polls)
}

func (w *world) measure(ctx context.Context, id string, polls int) recorded {
	w.t.Helper()
	r := recorded{polls: polls}
	events := w.raw.GetWorkflowHistory(ctx, id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(w.t, err)
		r.events++
		r.bytes += proto.Size(e)
	}
	return r
}
