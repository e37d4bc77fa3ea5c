package e2e_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/starter"
)

// putting is the input that puts, or deletes, a resource.
func putting(method string) perdure.OperationInput {
	in := job(`{"name":"r"}`)
	in.Request.Method, in.Request.URL = method, "/resources/r"
	return in
}

// A PUT or a DELETE whose answer was lost is sent again. What the service answers to
// the repeat is its word on the repeat: that the resource is there, or is not, may be
// the work of the first, or of somebody else. The script counts: two requests, and not
// one more.
func TestARepeatThatIsRefusedIsAmbiguous(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		for _, status := range []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed} {
			t.Run(method+" "+http.StatusText(status), func(t *testing.T) {
				t.Parallel()
				request := perduretest.On(method, "/resources/r")
				service := perduretest.NewService(t, request.Drop(), request.JSON(status, `{"code":"Said","message":"so"}`))
				w := newWorld(t, settings{url: service.URL()})
				w.worker()
				ctx := patient(t)
				op, err := starter.Start[store](ctx, w.client, putting(method), nil)
				bad := &perdure.OperationError{}
				require.ErrorAs(t, err, &bad)
				require.Equal(t, perdure.ErrorStartAmbiguous, bad.Type)
				require.Equal(t, perdure.StateAmbiguous, bad.Status.State)
				require.False(t, bad.Status.Done, "it stays open")
				require.Equal(t, "Said", bad.Status.LastError.Error.Code)
				raw, err := op.RawResponse(ctx)
				require.NoError(t, err)
				require.Equal(t, status, raw.Status, "for whoever finds out")
				_, err = op.Resolve(ctx, perdure.Resolve{Fail: "nobody knows"})
				require.NoError(t, err)
				_, err = op.Wait(ctx, nil)
				requireType(t, err, perdure.ErrorStartAmbiguous)
			})
		}
	}
}

func TestARepeatThatIsTakenIsTheOperation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		method string
		first  func(perduretest.Step) perduretest.Step
	}{
		{"PUT, lost", http.MethodPut, perduretest.Step.Drop},
		{"DELETE, lost", http.MethodDelete, perduretest.Step.Drop},
		{"PUT, 500", http.MethodPut, func(s perduretest.Step) perduretest.Step { return s.Reply(http.StatusInternalServerError) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			request := perduretest.On(c.method, "/resources/r")
			service := perduretest.NewService(t, c.first(request),
				request.Reply(http.StatusAccepted).Header("Location", "/operations/1"),
				perduretest.GET("/operations/1").JSON(http.StatusOK, `{"id":"r","status":"completed"}`))
			w := newWorld(t, settings{url: service.URL()})
			w.worker()
			value, _, err := starter.Run[store](patient(t), w.client, putting(c.method), nil)
			require.NoError(t, err)
			require.Equal(t, store{ID: "r", Status: "completed"}, value)
		})
	}
}
