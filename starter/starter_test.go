package starter_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"

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
