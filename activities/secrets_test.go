package activities_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/perduretest"
)

// No answer and no heartbeat holds a credential, a cookie or a secret header, whoever
// names it: both end up in histories.
func TestSecretsStayInTheWorker(t *testing.T) {
	t.Setenv("CANARY", "canary-credential")
	secret := auth.Secret{Env: "CANARY"}
	leaks := func(step perduretest.Step) perduretest.Step {
		return step.Header("Set-Cookie", "session=canary-cookie").Header("X-Session", "canary-session").
			Header("Www-Authenticate", `Bearer realm="canary-realm"`).
			Header("Link", `<https://jobs.test/next?sig=canary-link>; rel="next"`).
			Header("Location", "/jobs/7?sig=canary-location")
	}
	for _, test := range []struct {
		name       string
		credential auth.Credential
		sent       func(r perduretest.Request) string
	}{
		{"bearer", auth.Bearer("jobs", secret), func(r perduretest.Request) string { return r.Header.Get("Authorization") }},
		{"key in a header", auth.APIKey("jobs", secret, "X-Api-Key", ""), func(r perduretest.Request) string { return r.Header.Get("X-Api-Key") }},
		{"key in the query", auth.APIKey("jobs", secret, "", "api_key"), func(r perduretest.Request) string { return r.URL.Query().Get("api_key") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			svc := perduretest.NewService(t,
				leaks(perduretest.POST("/vector_stores").Reply(202)).Header("X-Api-Key", "canary-echo"),
				leaks(perduretest.GET("/jobs/7").JSON(503, `{}`)).Header("Retry-After-Ms", "10"),
				perduretest.GET("/jobs/7").Drop(),
				leaks(perduretest.GET("/jobs/7").JSON(202, `{"status":"half","self":"https://jobs.test/jobs/7?api_key=canary-progress"}`)),
				leaks(perduretest.GET("/jobs/7").JSON(401, `{}`)),
				perduretest.POST("/vector_stores").JSON(400, `{"error":{"code":"no"}}`))
			d := newDesk(t, svc)
			d.config.Credential = test.credential
			d.config.SecretHeaders = []string{"x-session", "X-Api-Key"}
			d.config.Headers = http.Header{"X-Static": {"canary-static"}}
			d.config.StickyCookies = true
			var said []any
			a := d.start(createTask(func(task *perdure.StartTask) { task.Input.Polling = every(0.01) }))
			require.Equal(t, perdure.StateRunning, a.State)
			said = append(said, a)
			task := perdure.PollTask{State: a.Sealed, Polling: every(0.01), Once: true}
			for range 4 {
				a := d.poll(task)
				said = append(said, a)
			}
			rejected := d.start(createTask())
			require.Equal(t, perdure.ErrorStartRejected, rejected.ErrorType)
			said = append(said, rejected)
			for _, r := range svc.Requests() {
				require.Contains(t, test.sent(r), "canary-credential", "it was sent")
			}
			require.Contains(t, svc.Requests()[1].Header.Get("Cookie"), "session=canary-cookie", "it was sent")
			for _, hb := range d.recorded {
				said = append(said, hb)
			}
			require.NotEmpty(t, d.recorded)
			for _, what := range said {
				raw, err := json.Marshal(what)
				require.NoError(t, err)
				require.NotContains(t, string(raw), "canary", "%T", what)
			}
		})
	}
	t.Run("a key that the service repeats", func(t *testing.T) {
		const self = `"self":"https://jobs.test/jobs/7?AppID=canary-credential"`
		d := newDesk(t, perduretest.NewService(t,
			perduretest.POST("/vector_stores").Reply(202).Header("Location", "/jobs/7"),
			perduretest.GET("/jobs/7").JSON(202, `{"status":"half",`+self+`}`),
			perduretest.GET("/jobs/7").JSON(400, `{"error":{"code":"no","message":"see /x?appid=canary-credential"},`+self+`}`)))
		d.config.Credential = auth.APIKey("jobs", secret, "", "appid")
		started := d.start(createTask(func(task *perdure.StartTask) { task.Input.Polling = every(0.01) }))
		for _, want := range []string{"", perdure.ErrorPollRejected} {
			a := d.poll(perdure.PollTask{State: started.Sealed, Polling: every(0.01), Once: true})
			require.Equal(t, want, a.ErrorType)
			raw, err := json.Marshal(a)
			require.NoError(t, err)
			require.Contains(t, string(raw), "https://jobs.test/jobs/7?REDACTED")
			require.NotContains(t, string(raw), "canary")
		}
	})
	t.Run("that are not there", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t))
		d.config.Credential = auth.Bearer("jobs", auth.Secret{Env: "NOT_SET"})
		a := d.start(createTask())
		require.Equal(t, perdure.ErrorCredentialFailed, a.ErrorType)
		require.Equal(t, perdure.StateFailed, a.State, "nothing was sent")
		require.Contains(t, a.Error.Message, "NOT_SET")
		require.Equal(t, []string{perdure.PhaseSending, perdure.PhaseUnsent}, d.phases())
	})
}
