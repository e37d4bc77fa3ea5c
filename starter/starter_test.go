package starter_test

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// The same input in another spelling is the same input; another value is not.
func TestSameInputWhateverItsSpelling(t *testing.T) {
	t.Parallel()
	one := `{"request":{"service":"jobs","method":"POST","url":"/jobs","body":{"json":{"a":1,"b":12345678901234567890}}}}`
	for _, c := range []struct {
		name, other string
		want        bool
	}{
		{"as it is", one, true},
		{"keys in another order", `{"request":{"body":{"json":{"b":12345678901234567890,"a":1}},"url":"/jobs","method":"POST","service":"jobs"}}`, true},
		{"a default written out", `{"timeoutSeconds":0,` + one[1:], true},
		{"another digit", `{"request":{"service":"jobs","method":"POST","url":"/jobs","body":{"json":{"a":1,"b":12345678901234567891}}}}`, false},
		{"another field", `{"audience":"x",` + one[1:], false},
		{"no input", `null`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, starter.SameJSON([]byte(one), []byte(c.other)))
		})
	}
}

// A resume token's text changes while its operation runs; what is adopted does not.
func TestAdoptedIDIsTheMonitors(t *testing.T) {
	t.Parallel()
	azcore := func(state string) perdure.OperationInput {
		return perdure.OperationInput{Service: "arm", Adopt: &perdure.Adoption{
			Azcore: `{"type":"T","token":{"asyncURL":"https://h/operations/7","state":"` + state + `"}}`,
		}}
	}
	require.Equal(t, starter.AdoptedID(azcore("InProgress")), starter.AdoptedID(azcore("Succeeded")))
	byURL := perdure.OperationInput{Service: "arm", Adopt: &perdure.Adoption{StatusURL: "https://h/operations/7"}}
	require.Equal(t, starter.AdoptedID(azcore("InProgress")), starter.AdoptedID(byURL))
	elsewhere := byURL
	elsewhere.Service = "other"
	require.NotEqual(t, starter.AdoptedID(byURL), starter.AdoptedID(elsewhere))
	byID := perdure.OperationInput{Service: "arm", Adopt: &perdure.Adoption{Operation: "7", Collection: "https://h/operations/?x=1"}}
	require.Equal(t, starter.AdoptedID(byURL), starter.AdoptedID(byID))
}

// However an operation is named when it is adopted, it is the same input; whatever else
// differs is not.
func TestAnAdoptionIsTheSameHoweverItIsNamed(t *testing.T) {
	t.Parallel()
	const first = `{"type":"T","token":{"asyncURL":"https://h/operations/7","state":"InProgress"}}`
	adopted := func(a perdure.Adoption) perdure.OperationInput {
		return perdure.OperationInput{Service: "arm", Adopt: &a}
	}
	audience := adopted(perdure.Adoption{Azcore: first})
	audience.Audience = "other"
	elsewhere := adopted(perdure.Adoption{Azcore: first})
	elsewhere.Service = "other"
	for _, c := range []struct {
		name string
		in   perdure.OperationInput
		want bool
	}{
		{"as it is", adopted(perdure.Adoption{Azcore: first}), true},
		{"the poller's token one poll later", adopted(perdure.Adoption{Azcore: `{"type":"T","token":{"asyncURL":"https://h/operations/7","state":"Succeeded"}}`}), true},
		{"a newline at its end", adopted(perdure.Adoption{Azcore: first + "\n"}), true},
		{"its status monitor", adopted(perdure.Adoption{StatusURL: "https://h/operations/7"}), true},
		{"its id", adopted(perdure.Adoption{Operation: "7", Collection: "https://h/operations"}), true},
		{"another operation", adopted(perdure.Adoption{StatusURL: "https://h/operations/8"}), false},
		{"another service", elsewhere, false},
		{"another audience", audience, false},
		{"a start", perdure.OperationInput{Request: &perdure.Request{Service: "arm", Method: "POST", URL: "/operations"}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			before, err := json.Marshal(adopted(perdure.Adoption{Azcore: first}))
			require.NoError(t, err)
			got, err := starter.SameOperation(before, c.in)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

// The server may notice a deadline before the context does.
func TestADeadlineThatTheServerNoticedFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		require.False(t, starter.Stopped(ctx, serviceerror.NewNotFound("x")), "another error")
		require.True(t, starter.Stopped(ctx, serviceerror.NewCanceled("stream terminated")))
		require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded, "it returns when the context is done")
		far, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		require.False(t, starter.Stopped(far, serviceerror.NewCanceled("stream terminated")), "the deadline is far")
	})
}

// Of a query that is answered along with a workflow task only the text comes.
func TestARefusedQueryHasItsType(t *testing.T) {
	t.Parallel()
	app := temporal.NewNonRetryableApplicationError("page 3 (of 2): not there\nyet", perdure.ErrorNotFetched, nil, "details")
	whole := temporal.GetDefaultFailureConverter().ErrorToFailure(app)
	for _, c := range []struct {
		name        string
		failed      serviceerror.QueryFailed
		want        string // its type; "": it is no refusal
		withDetails bool
	}{
		{"whole", serviceerror.QueryFailed{Message: app.Error(), Failure: whole}, perdure.ErrorNotFetched, true},
		{"its text alone", serviceerror.QueryFailed{Message: app.Error()}, perdure.ErrorNotFetched, false},
		{"no type", serviceerror.QueryFailed{Message: "unknown queryType"}, "", false},
		{"another failure", serviceerror.QueryFailed{Message: "x", Failure: temporal.GetDefaultFailureConverter().ErrorToFailure(temporal.NewCanceledError())}, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := starter.Refusal(&c.failed)
			if c.want == "" {
				require.Nil(t, got)
				return
			}
			require.Equal(t, c.want, got.Type())
			require.Equal(t, "page 3 (of 2): not there\nyet", got.Message())
			require.Equal(t, c.withDetails, got.HasDetails())
		})
	}
}

// How a start ended is told in the words of the workflow's failure: its type beside them
// once, and not in them again.
func TestEndedNamesItsTypeOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		s    perdure.Status
		want string
	}{
		{
			"ours",
			perdure.Status{State: perdure.StateFailed, Done: true, ErrorType: perdure.ErrorEgressDenied, Error: &perdure.ServiceError{Code: perdure.ErrorEgressDenied, Message: "h belongs to nobody"}},
			"perdure: EgressDenied: h belongs to nobody",
		},
		{
			"the service's",
			perdure.Status{State: perdure.StateFailed, Done: true, ErrorType: perdure.ErrorStartRejected, Error: &perdure.ServiceError{Code: "bad_name", Message: "x is taken"}},
			"perdure: StartRejected: bad_name: x is taken",
		},
		{
			"open",
			perdure.Status{State: perdure.StateAmbiguous, Error: &perdure.ServiceError{Code: perdure.ErrorStartAmbiguous, Message: "its answer was lost"}},
			"perdure: StartAmbiguous: its answer was lost",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.EqualError(t, starter.Ended(c.s), c.want)
		})
	}
}
