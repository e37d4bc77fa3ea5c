package activities_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/tokens"
)

func tokenTask(token string, change ...func(*perdure.StartTask)) perdure.StartTask {
	task := perdure.StartTask{Input: perdure.OperationInput{Token: token, Type: "CreateStore", Audience: "tenant-a"}, RunID: runID}
	for _, c := range change {
		c(&task)
	}
	return task
}

// sealedDesk has an operation with a type, an audience and settings of its own.
func sealedDesk(t *testing.T, steps ...perduretest.Step) (*desk, string, perdure.StartTask) {
	t.Helper()
	d := newDesk(t, perduretest.NewService(t, append([]perduretest.Step{perduretest.POST("/vector_stores").JSON(200, inProgress)}, steps...)...))
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	task := createTask(func(task *perdure.StartTask) {
		in := &task.Input
		in.Type, in.Audience, in.Polling = "CreateStore", "tenant-a", every(7)
		in.Cancel = &perdure.CancelSettings{GraceSeconds: new(3.0), OnTimeout: true}
		in.Request.Headers = map[string][]string{"X-Tenant": {"a"}}
		task.StartedAt, task.Deadline = began, began.Add(time.Hour)
	})
	return d, d.start(task).Sealed, task
}

func TestATokenIsTakenUp(t *testing.T) {
	d, token, begun := sealedDesk(t, perduretest.GET("/vector_stores/vs_1").WantHeader("X-Tenant", "a").JSON(200, finished))
	d.options.SearchAttributes = func() []string { return []string{perdure.SearchAttributeState} }
	d.service.Polling = every(11)
	a := d.start(tokenTask(token))
	require.Equal(t, perdure.Answer{
		State: perdure.StateRunning, Service: "jobs", Protocol: "openai", RemoteID: "vs_1", Sealed: a.Sealed, Interval: 11,
		SearchAttributes: []string{perdure.SearchAttributeState},
		Resumed: &perdure.Resumed{
			Polling: every(7), Cancel: &perdure.CancelSettings{GraceSeconds: new(3.0), OnTimeout: true},
			Deadline: begun.Deadline, StartedAt: begun.StartedAt,
		},
	}, a)
	require.NotEqual(t, token, a.Sealed, "sealed anew, in this workflow's name")
	require.Equal(t, perdure.StateSucceeded, d.poll(perdure.PollTask{State: a.Sealed, Once: true}).State)
	require.Len(t, d.svc.Requests(), 2, "taking it up asks nobody")
}

// Whoever calls an activity cannot have it take one thing's state for another's.
func TestStatesAreOfOneKind(t *testing.T) {
	d, operation, _ := sealedDesk(t, perduretest.GET("/items").JSON(200, `{"value":[1],"nextLink":"/items?page=2"}`))
	page := d.fetch(perdure.PageTask{Input: &perdure.CollectionInput{
		Request: &perdure.Request{Service: "jobs", Method: "GET", URL: "/items"}, Protocol: choice("nextlink", ``),
	}})
	require.NotEmpty(t, page.Next)
	require.ErrorContains(t, d.run(perdure.ActivityFetchPage, perdure.PageTask{Sealed: operation}, &perdure.PageAnswer{}), `it is of kind "operation"`)
	require.ErrorContains(t, d.run(perdure.ActivityPoll, perdure.PollTask{State: page.Next}, &perdure.Answer{}), `it is of kind "page"`)
	require.ErrorContains(t, d.run(perdure.ActivityCancel, perdure.CancelTask{State: page.Next}, &perdure.CancelAnswer{}), `it is of kind "page"`)
	require.Len(t, d.svc.Requests(), 2)
}

func TestATokensSettingsCanBeReplaced(t *testing.T) {
	d, token, _ := sealedDesk(t)
	deadline := time.Now().Add(time.Minute).UTC()
	a := d.start(tokenTask(token, func(task *perdure.StartTask) {
		task.Input.Polling, task.Input.Cancel, task.Deadline = every(9), &perdure.CancelSettings{}, deadline
	}))
	require.Equal(t, every(9), a.Resumed.Polling)
	require.Equal(t, &perdure.CancelSettings{}, a.Resumed.Cancel)
	require.Equal(t, deadline, a.Resumed.Deadline)
	again := d.start(tokenTask(a.Sealed))
	require.Equal(t, every(9), again.Resumed.Polling, "they are in the new token")
	require.Equal(t, deadline, again.Resumed.Deadline)
}

// tampered is the token with another character near its end.
func tampered(token string) string {
	i := len(token) - 20
	other := "A"
	if token[i] == 'A' {
		other = "B"
	}
	return token[:i] + other + token[i+1:]
}

func TestATokenThatIsRefused(t *testing.T) {
	d, token, _ := sealedDesk(t)
	other := newDesk(t, perduretest.NewService(t))
	page, err := d.options.Keyset.Seal(tokens.Header{Kind: tokens.KindPage, Service: "jobs", Type: "CreateStore", Audience: "tenant-a", IssuedAt: time.Now()}, []byte(`{}`))
	require.NoError(t, err)
	old, err := d.options.Keyset.Seal(tokens.Header{Kind: tokens.KindOperation, Service: "jobs", Type: "CreateStore", Audience: "tenant-a", IssuedAt: time.Now().Add(-2 * time.Hour)}, []byte(`{}`))
	require.NoError(t, err)
	for _, test := range []struct {
		name  string
		desk  *desk
		token string
		in    func(*perdure.StartTask)
		want  string
	}{
		{"another type", d, token, func(task *perdure.StartTask) { task.Input.Type = "Other" }, "type"},
		{"no type where it has one", d, token, func(task *perdure.StartTask) { task.Input.Type = "" }, "type"},
		{"another audience", d, token, func(task *perdure.StartTask) { task.Input.Audience = "tenant-b" }, "audience"},
		{"no audience where it has one", d, token, func(task *perdure.StartTask) { task.Input.Audience = "" }, "audience"},
		{"another service", d, token, func(task *perdure.StartTask) { task.Input.Service = "other" }, "service"},
		{"another kind", d, page.Text(), nil, "kind"},
		{"one bit", d, tampered(token), nil, "authentic"},
		{"cut off", d, token[:len(token)-4], nil, "tokens: "},
		{"in another spelling", d, token + "=", nil, "malformed"},
		{"no token", d, "perdure1_", nil, "malformed"},
		{"too long", d, token + strings.Repeat("A", perdure.MaxTokenBytes), nil, "too large"},
		{"a key that is not in the keyset", other, token, nil, "key"},
		{"too old", d, old.Text(), nil, "expired"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.desk.options.TokenLifetime = time.Hour
			task := tokenTask(test.token)
			if test.in != nil {
				test.in(&task)
			}
			a := test.desk.start(task)
			require.Empty(t, a.State, "the service's operation may well run")
			require.Equal(t, perdure.ErrorInvalidToken, a.ErrorType)
			require.Contains(t, a.Error.Message, test.want)
			require.NotContains(t, a.Error.Message, test.token)
			require.NotContains(t, a.Error.Message, token[20:40])
			require.Empty(t, a.Sealed)
		})
	}
}

func TestATokenOfAServiceThatIsNotHere(t *testing.T) {
	d, token, _ := sealedDesk(t)
	var a perdure.Answer
	require.NoError(t, d.runAs("renamed", perdure.ActivityStart, tokenTask(token), &a))
	require.Equal(t, perdure.ErrorInvalidInput, a.ErrorType)
	require.Contains(t, a.Error.Message, `"jobs" is not in the worker's configuration`)
}
