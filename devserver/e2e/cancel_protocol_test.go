package e2e_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/starter"
)

// Each protocol has its own request to stop, and its own words for what came of it.
//
//rule:location 2a
func TestCancelInEachProtocol(t *testing.T) {
	t.Parallel()
	monitor := perduretest.GET("/jobs/7")
	const byDelete = `{"cancel":"delete"}`
	const waits = `{
		"status": "/jobs/{id}",
		"acceptors": [
			{"state": "success", "matcher": {"output": {"path": "state", "expected": "DONE", "comparator": "stringEquals"}}},
			{"state": "canceled", "matcher": {"output": {"path": "state", "expected": "STOPPED", "comparator": "stringEquals"}}}
		],
		"cancel": "/jobs/{id}/stop", "minDelaySeconds": 0.1, "maxDelaySeconds": 0.2}`
	for _, c := range []struct {
		name, protocol, options  string
		start, asked, stop, ends perduretest.Step
		history                  string // the name to record it by
	}{
		{
			name: "google", protocol: "google",
			start: perduretest.POST("/v1/jobs").JSON(200, `{"name":"operations/7"}`),
			asked: perduretest.GET("/v1/operations/7").JSON(200, `{"name":"operations/7"}`),
			stop:  perduretest.POST("/v1/operations/7:cancel").JSON(200, `{}`),
			ends:  perduretest.GET("/v1/operations/7").JSON(200, `{"name":"operations/7","done":true,"error":{"code":1,"message":"stopped"}}`),
		},
		{
			name: "azure", protocol: "azure", options: `{"cancelURL":"{operation}:cancel"}`,
			start: perduretest.POST("/v1/jobs").Reply(202).Header("Operation-Location", "/jobs/7"),
			asked: monitor.JSON(200, `{"status":"Running"}`),
			stop:  perduretest.POST("/jobs/7:cancel").Reply(202),
			ends:  monitor.JSON(200, `{"status":"Canceled"}`),
		},
		{
			name: "waiter", protocol: "waiter", options: waits,
			start: perduretest.POST("/v1/jobs").JSON(200, `{"id":7}`),
			asked: monitor.JSON(200, `{"state":"RUNNING"}`),
			stop:  perduretest.POST("/jobs/7/stop").Reply(202),
			ends:  monitor.JSON(200, `{"state":"STOPPED"}`),
		},
		{
			name: "location, and then 410", protocol: "location", options: byDelete,
			start: perduretest.POST("/v1/jobs").Reply(202).Header("Location", "/jobs/7"),
			asked: monitor.Reply(202),
			stop:  perduretest.DELETE("/jobs/7").Reply(204),
			ends:  monitor.Reply(410), history: "canceled-by-deletion",
		},
		{
			name: "location, and then 404", protocol: "location", options: byDelete,
			start: perduretest.POST("/v1/jobs").Reply(202).Header("Location", "/jobs/7"),
			asked: monitor.Reply(202),
			stop:  perduretest.DELETE("/jobs/7").Reply(204),
			ends:  monitor.Reply(404),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			told := make(chan struct{})
			script := slices.Concat([]perduretest.Step{c.start, c.asked.AnyTimes(), c.stop}, heldUntil(told, []perduretest.Step{c.ends}))
			service := perduretest.NewService(t, script...)
			w := newWorld(t, settings{url: service.URL()})
			w.worker().ready()
			ctx := patient(t)
			op, err := starter.Start[store](ctx, w.client, perdure.OperationInput{
				Request:  &perdure.Request{Service: "jobs", Method: "POST", URL: "/v1/jobs"},
				Protocol: &perdure.ProtocolChoice{Name: c.protocol, Options: json.RawMessage(c.options)},
				Polling:  &perdure.Polling{IntervalSeconds: 0.2, NotFoundGraceSeconds: new(0.0)},
			}, nil)
			require.NoError(t, err)
			require.NoError(t, service.WaitFor(ctx, 2), "it is asked for")
			require.NoError(t, bySignal(ctx, w, op))
			want := outcome{perdure.StateCanceled, closedCanceled, perdure.ErrorCanceled, 11, new(true), new(true), true}
			w.stopAnswered(ctx, t, op, want)
			close(told)
			w.endsAs(t, op, want)
			if c.history != "" {
				w.record(t, c.history, op.ID(), "")
			}
		})
	}
}
