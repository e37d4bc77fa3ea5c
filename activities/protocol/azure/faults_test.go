package azure_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/perduretest"
)

// broken is the answer of a service that is out of order for a moment.
func broken(s perduretest.Step) perduretest.Step {
	return s.JSON(500, `{"error":{"code":"InternalServerError"}}`).Header("Retry-After-Ms", "1")
}

// with are steps whose requests have this Cookie header.
func with(cookie string, steps ...perduretest.Step) (out []perduretest.Step) {
	for _, s := range steps {
		out = append(out, s.WantHeader("Cookie", cookie))
	}
	return out
}

// A service that answers 500 at the start, in the middle and to the final GET, and that
// sets a cookie with its very first answer: nothing but a start that cannot be repeated
// ends the operation, and the cookie goes all the way where it is sticky.
func TestServerErrorsAllTheWay(t *testing.T) {
	poll, value := perduretest.GET("/ops/7"), perduretest.GET("/jobs/7").JSON(200, `{"id":"/jobs/7"}`)
	status := func(word string) perduretest.Step {
		return poll.JSON(200, `{"status":"`+word+`"}`).Header("Retry-After-Ms", "1")
	}
	for _, tt := range []struct {
		name        string
		method, url string
		how         activities.Idempotency
		monitor     string // names it in the answer to the repeat; "": there is none
	}{
		{"POST under Repeatability", "POST", "/jobs", activities.Idempotency{Form: activities.FormRepeatability}, "Operation-Location"},
		{"POST under Operation-Id", "POST", "/jobs", activities.Idempotency{Form: activities.FormOperationID}, "Azure-AsyncOperation"},
		{"PUT", "PUT", "/jobs/7", activities.Idempotency{}, "Azure-AsyncOperation"},
		{"POST without a key", "POST", "/jobs", activities.Idempotency{}, ""},
	} {
		for cookie, sticky := range map[string]bool{"aff=1": true, "": false} {
			t.Run(fmt.Sprintf("%s, sticky %v", tt.name, sticky), func(t *testing.T) {
				start := perduretest.On(tt.method, tt.url)
				steps := with("", broken(start).Header("Set-Cookie", "aff=1; Path=/"))
				if tt.monitor != "" {
					steps = append(steps, with(cookie,
						broken(start), start.Reply(202).Header(tt.monitor, "/ops/7").Header("Location", "/jobs/7").Header("Retry-After-Ms", "1"),
						broken(poll).Times(2), status("Running"), broken(poll).Reply(502), broken(poll).Reply(504), status("Succeeded"),
						broken(value).Times(3), value)...)
				}
				svc := perduretest.NewService(t, steps...)
				env := execute(t, transport.Config{BaseURL: svc.URL(), StickyCookies: sticky}, tt.how, perdure.OperationInput{
					Request: &perdure.Request{Service: "jobs", Method: tt.method, URL: tt.url},
				})
				if tt.monitor == "" {
					require.ErrorContains(t, env.GetWorkflowError(), perdure.ErrorStartAmbiguous)
					return
				}
				require.NoError(t, env.GetWorkflowError())
				var result perdure.OperationResult
				require.NoError(t, env.GetWorkflowResult(&result))
				require.Equal(t, perdure.StateSucceeded, result.State)
				require.JSONEq(t, `{"id":"/jobs/7"}`, string(result.Value))
			})
		}
	}
}
