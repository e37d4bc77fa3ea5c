package activities_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/tokens"
)

func TestNewWantsWhatItNeeds(t *testing.T) {
	keyset, err := tokens.NewKeyset()
	require.NoError(t, err)
	registry, err := protocol.NewRegistry(openAIProtocol())
	require.NoError(t, err)
	_, err = activities.New(activities.Options{Protocols: registry})
	require.ErrorContains(t, err, "Keyset is missing")
	_, err = activities.New(activities.Options{Keyset: keyset})
	require.ErrorContains(t, err, "Protocols is missing")
	given := activities.Options{Keyset: keyset, Protocols: registry}
	a, err := activities.New(given)
	require.NoError(t, err)
	require.Equal(t, activities.DefaultWatchThreshold, a.Watch.Threshold)
	require.Equal(t, activities.DefaultWatchWindow, a.Watch.Window)
	require.Nil(t, a.SearchAttributes())
	require.Zero(t, given.Watch, "the caller's options are not written to")
	a, err = activities.New(activities.Options{Keyset: keyset, Protocols: registry, Watch: activities.Watch{Threshold: time.Second, Window: time.Minute}})
	require.NoError(t, err)
	require.Equal(t, activities.Watch{Threshold: time.Second, Window: time.Minute}, a.Watch)
}

// refusing is a protocol for which a 409 and a 404 are the operation's own end, and
// that has an opinion on what is asked again.
type refusing struct{ protocol.Protocol }

func (refusing) Name() string { return "refusing" }

func (p refusing) Bind(options json.RawMessage) (protocol.Bound, error) {
	b, err := p.Protocol.Bind(options)
	return refusingBound{b}, err
}

type refusingBound struct{ protocol.Bound }

func (refusingBound) Refused(state json.RawMessage, answer protocol.Exchange) (protocol.Step, bool) {
	switch answer.Status {
	case http.StatusConflict, http.StatusNotFound:
		return protocol.Step{Outcome: protocol.Failed, State: state, ServiceStatus: "refused", Error: protocol.ErrorOf(answer)}, true
	}
	return protocol.Step{}, false
}

func (refusingBound) Retry(answer protocol.Exchange) (retry, known bool) {
	switch answer.Status {
	case http.StatusTeapot:
		return true, true
	case http.StatusInternalServerError:
		return false, true
	}
	return false, false
}

// Any other error that the protocol takes for the operation's own word: as that says,
// a 404 within its grace included. `azure` does so on a Location, and `waiter`.
//
//rule:later 4 -
func TestAProtocolsOwnReadingOfErrors(t *testing.T) {
	for _, test := range []struct {
		name  string
		steps []perduretest.Step
		state perdure.State
		err   string
		code  string
		polls int
	}{
		{"the operation's end", []perduretest.Step{get(409, `{"code":"Lost"}`)}, perdure.StateFailed, perdure.ErrorOperationFailed, "Lost", 1},
		{"before the grace", []perduretest.Step{get(404, `{"code":"Gone"}`)}, perdure.StateFailed, perdure.ErrorOperationFailed, "Gone", 1},
		{"the question's", []perduretest.Step{get(400, `{"code":"Bad"}`)}, "", perdure.ErrorPollRejected, "Bad", 1},
		{"asked again", []perduretest.Step{get(418, ``).Times(2), get(200, finished)}, perdure.StateSucceeded, "", "", 3},
		{"not asked again", []perduretest.Step{get(500, `{"code":"Dead"}`)}, "", perdure.ErrorPollRejected, "Dead", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, test.steps, func(d *desk) {
				t := d.t
				registry, err := protocol.NewRegistry(refusing{openAIProtocol()})
				require.NoError(t, err)
				d.options.Protocols = registry
				a := d.poll(d.watched(every(1), protocolOf("refusing", ``)))
				require.Equal(t, test.state, a.State)
				require.Equal(t, test.err, a.ErrorType)
				require.Equal(t, test.polls, a.Polls)
				if test.err != "" {
					require.Equal(t, test.code, a.Error.Code)
				}
			})
		})
	}
}

// An error of the operation says what was produced so far, as far as it is small.
func TestWhatAnEndTellsIsBounded(t *testing.T) {
	for _, test := range []struct {
		name, body string
		details    bool
	}{
		{"small", `{"id":"vs_1","object":"vector_store","status":"expired","x":1.0}`, true},
		{"large", `{"id":"vs_1","object":"vector_store","status":"expired","x":"` + strings.Repeat("x", 70<<10) + `"}`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, []perduretest.Step{get(200, test.body)}, func(d *desk) {
				t := d.t
				a := d.poll(d.watched(every(1)))
				require.Equal(t, perdure.ErrorOperationFailed, a.ErrorType)
				require.Equal(t, "expired", a.Error.Code)
				require.Equal(t, !test.details, a.Response.Truncated)
				if test.details {
					require.JSONEq(t, test.body, string(a.Error.Details))
				} else {
					require.Empty(t, a.Error.Details)
				}
			})
		})
	}
	canceled := `{"id":"vs_1","object":"batch","status":"cancelled","output_file_id":"f","output":"https://h/f?sig=s3cret"}`
	inBubble(t, []perduretest.Step{get(200, canceled)}, func(d *desk) {
		t := d.t
		a := d.poll(d.watched(every(1)))
		require.Equal(t, perdure.StateCanceled, a.State)
		require.Empty(t, a.ErrorType)
		require.JSONEq(t, strings.ReplaceAll(canceled, "sig=s3cret", "REDACTED"), string(a.Error.Details), "partial results")
	})
}
