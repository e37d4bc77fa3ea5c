package operation_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

// bad is how an operation ends badly in a word of the service's, or of ours.
func bad(state perdure.State, errorType, code, message string) answer {
	return answer{
		State: state, ErrorType: errorType, Polls: 1,
		Error: &perdure.ServiceError{Code: code, Message: message, HTTPStatus: 418, Details: json.RawMessage(`{"partial":[1.0]}`)},
	}
}

var badEnds = []struct {
	name   string
	answer answer
	state  perdure.State
}{
	{"the operation failed", bad(perdure.StateFailed, perdure.ErrorOperationFailed, "QuotaExceeded", "no more"), perdure.StateFailed},
	{"the question was refused", bad("", perdure.ErrorPollRejected, "404", "gone"), perdure.StateUnknown},
	{"the value was refused", bad(perdure.StateSucceeded, perdure.ErrorPollRejected, "404", "gone"), perdure.StateSucceeded},
	{"the value is too large", bad(perdure.StateSucceeded, perdure.ErrorResponseTooLarge, "ResponseTooLarge", "raise it"), perdure.StateSucceeded},
	{"the answer is too large", bad("", perdure.ErrorResponseTooLarge, "ResponseTooLarge", "raise it"), perdure.StateUnknown},
	{"the protocol was broken", bad("", perdure.ErrorProtocolViolation, "ProtocolViolation", "no status"), perdure.StateUnknown},
	{"egress denied", bad("", perdure.ErrorEgressDenied, "EgressDenied", "evil.test"), perdure.StateUnknown},
	{"no credential", bad("", perdure.ErrorCredentialFailed, "CredentialFailed", "JOBS_TOKEN is not set"), perdure.StateUnknown},
}

func TestBadEndsOfAQuestion(t *testing.T) {
	for _, test := range badEnds {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](accepted(2 * time.Second))}
			s.polls = []act[pollTask]{after[pollTask](2*time.Second, test.answer)}
			s.run(request())
			errorType, message, got := s.failed()
			require.Equal(t, test.answer.ErrorType, errorType)
			if words := test.answer.Error; words.Code != errorType { // else the type is beside the message
				require.Equal(t, words.Code+": "+words.Message, message)
			} else {
				require.Equal(t, words.Message, message)
			}
			require.Equal(t, test.state, got.State)
			require.Equal(t, errorType, got.ErrorType)
			require.Equal(t, test.answer.Error, got.Error)
			require.Equal(t, 1, got.Polls)
			require.Equal(t, epoch.Add(2*time.Second), got.EndedAt)
			require.Equal(t, "job_1", got.RemoteID)
			require.Equal(t, "r0", *s.response().Body.Text, "the last response stays readable")
			require.Equal(t, "perdure1_a", s.token())
		})
	}
}

func TestBadEndsOfTheStart(t *testing.T) {
	rejected := func(state perdure.State, errorType string) answer {
		a := bad(state, errorType, "400", "Bad Request")
		a.Polls, a.Tries, a.Service, a.Protocol, a.Response = 0, 1, "jobs", "openai", reply("no")
		return a
	}
	for _, test := range []struct {
		name   string
		answer answer
		state  perdure.State
	}{
		{"rejected", rejected(perdure.StateFailed, perdure.ErrorStartRejected), perdure.StateFailed},
		{"refused by the worker", rejected(perdure.StateFailed, perdure.ErrorInvalidInput), perdure.StateFailed},
		{"a token that is none", rejected(perdure.StateFailed, perdure.ErrorInvalidToken), perdure.StateFailed},
		{"not allowed", rejected(perdure.StateFailed, perdure.ErrorEgressDenied), perdure.StateFailed},
		{"answered in another protocol", rejected("", perdure.ErrorProtocolViolation), perdure.StateUnknown},
		{"answered with too much", rejected("", perdure.ErrorResponseTooLarge), perdure.StateUnknown},
		{"failed at once", rejected(perdure.StateFailed, perdure.ErrorOperationFailed), perdure.StateFailed},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{after[startTask](time.Second, test.answer)}
			u := s.updateAt(time.Millisecond, perdure.UpdateAwaitStarted, perdure.UpdateAwaitStarted)
			s.run(request())
			errorType, message, got := s.failed()
			require.Equal(t, test.answer.ErrorType, errorType)
			require.Equal(t, "400: Bad Request", message)
			require.Equal(t, test.state, got.State)
			require.Equal(t, test.answer.Error, got.Error)
			require.Equal(t, "no", *s.response().Body.Text)
			require.Empty(t, s.token())
			require.Equal(t, got, u.status)
			require.Equal(t, time.Second, u.at)
		})
	}
}

func TestASuccessCarriesItsValue(t *testing.T) {
	binary := perdure.BytesBody([]byte{0xff, 0})
	for _, test := range []struct {
		name   string
		change func(*answer)
		value  string
		body   *perdure.Body
	}{
		{"JSON", func(a *answer) { a.Value = json.RawMessage(`{"n":12345678901234567890,"f":1.0}`) }, `{"n":12345678901234567890,"f":1.0}`, nil},
		{"no JSON", func(a *answer) { a.Value, a.ValueBody = nil, binary }, "null", binary},
		{"none", func(a *answer) { a.Value = nil }, "null", nil},
		{"null", func(a *answer) { a.Value = json.RawMessage("null") }, "null", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](accepted(time.Second))}
			s.polls = []act[pollTask]{after[pollTask](time.Second, completed(test.change))}
			r := s.run(request()).succeeded()
			require.Equal(t, perdure.StateSucceeded, r.State)
			require.Equal(t, "completed", r.ServiceStatus)
			require.Equal(t, test.value, string(r.Value))
			require.Equal(t, test.body, r.ValueBody)
			require.Equal(t, "r9", *r.Response.Body.Text)
			got := s.status()
			require.True(t, got.Done)
			require.Equal(t, perdure.StateSucceeded, got.State)
			require.Equal(t, epoch.Add(time.Second), got.EndedAt)
			require.Zero(t, got.NextPollAt)
			require.Nil(t, got.LastError)
			require.Empty(t, got.ErrorType)
		})
	}
}

func TestTheServicesCancelClosesAsCanceled(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Second))}
	s.polls = []act[pollTask]{after[pollTask](time.Second, answer{
		State: perdure.StateCanceled, ServiceStatus: "cancelled", Polls: 1,
		Error: &perdure.ServiceError{Code: "cancelled", Details: json.RawMessage(`{"output_file_id":"f"}`)},
	})}
	got := s.run(request()).canceled()
	require.Equal(t, perdure.StateCanceled, got.State)
	require.Nil(t, got.Cancel, "nobody asked for it here")
	require.Equal(t, "cancelled", got.ServiceStatus)
	require.JSONEq(t, `{"output_file_id":"f"}`, string(got.Error.Details))
}

func TestALongMessageIsCutInTheFailure(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Second))}
	s.polls = []act[pollTask]{now[pollTask](bad(perdure.StateFailed, perdure.ErrorOperationFailed, "C", strings.Repeat("ä", 1000)))}
	_, message, got := s.run(request()).failed()
	require.Equal(t, "C: "+strings.Repeat("ä", 510), message, "at most 1024 bytes, at a rune's border")
	require.Len(t, got.Error.Message, 2000)
}

func TestAFailureWithoutWordsStillFails(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Second))}
	s.polls = []act[pollTask]{now[pollTask](answer{State: perdure.StateFailed, ErrorType: perdure.ErrorOperationFailed, Polls: 1})}
	errorType, message, _ := s.run(request()).failed()
	require.Equal(t, perdure.ErrorOperationFailed, errorType)
	require.Equal(t, perdure.ErrorOperationFailed, message)
}
