package cli_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

func succeeded(value string) perdure.OperationResult {
	return perdure.OperationResult{State: perdure.StateSucceeded, ServiceStatus: "completed", Value: json.RawMessage(value)}
}

func TestRunPrintsTheValue(t *testing.T) {
	t.Parallel()
	text, raw := "plain <text>", "AAEC"
	for _, c := range []struct {
		name       string
		result     perdure.OperationResult
		text, json string
		stderr     string
	}{
		{
			name: "JSON, every digit", result: succeeded(`{"n":12345678901234567890.10,"t":"<a>"}`),
			text: "{\n  \"n\": 12345678901234567890.10,\n  \"t\": \"<a>\"\n}\n",
			json: `{"state":"succeeded","serviceStatus":"completed","value":{"n":12345678901234567890.10,"t":"<a>"}}`,
		},
		{
			name: "none", result: succeeded(""),
			json: `{"state":"succeeded","serviceStatus":"completed","value":null}`, stderr: "perdure-1: succeeded (completed); it has no value\n",
		},
		{
			name: "text", result: perdure.OperationResult{State: perdure.StateSucceeded, ValueBody: &perdure.Body{Text: &text}},
			text: text, json: `{"state":"succeeded","value":null,"valueBody":{"text":"plain <text>"}}`,
		},
		{
			name: "bytes", result: perdure.OperationResult{State: perdure.StateSucceeded, ValueBody: &perdure.Body{Base64: &raw}},
			text: "\x00\x01\x02", json: `{"state":"succeeded","value":null,"valueBody":{"base64":"AAEC"}}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := &fakeEngine{op: running().ends(c.result, nil)}
			got := command(t, e, "run", "post", "/jobs", "--service", "jobs")
			require.Equal(t, ran{stdout: c.text, stderr: "perdure-1: started\n" + c.stderr}, got)
			require.Equal(t, "POST", e.started.Request.Method)
			require.True(t, strings.HasPrefix(e.startedID, "perdure-"))
			require.Equal(t, ran{stdout: c.json + "\n"}, command(t, e, "wait", "perdure-1", "--quiet", "--output", "json"))
		})
	}
}

func TestStartPrintsTheContractsKeys(t *testing.T) {
	t.Parallel()
	op := running()
	op.token = sealed(t, newKeyset(t, filepath.Join(t.TempDir(), "keyset.json")))
	got := command(t, &fakeEngine{op: op}, "start", "POST", "/jobs", "--service", "jobs", "--output", "json")
	require.Equal(t, ran{stdout: `{"workflowId":"perdure-1","runId":"run-1","token":"` + op.token.Text() +
		`","status":{"state":"running","done":false,"serviceStatus":"busy","polls":0}}` + "\n"}, got)

	op.token, op.tokenErr = tokens.Token{}, &perdure.OperationError{Type: perdure.ErrorTokenTooLarge, Message: "17000 bytes"}
	got = command(t, &fakeEngine{op: op}, "start", "POST", "/jobs", "--service", "jobs", "--output", "json")
	require.Zero(t, got.status, "it was started all the same")
	require.Contains(t, got.stdout, `"token":""`)
	require.Contains(t, got.stderr, "TokenTooLarge")
}

func TestTokenPrintsTheTokenOnly(t *testing.T) {
	t.Parallel()
	op := running()
	op.token = sealed(t, newKeyset(t, filepath.Join(t.TempDir(), "keyset.json")))
	require.Equal(t, ran{stdout: op.token.Text() + "\n"}, command(t, &fakeEngine{op: op}, "token", "perdure-1"))
	require.Equal(t, ran{stdout: `{"token":"` + op.token.Text() + "\"}\n"}, command(t, &fakeEngine{op: op}, "token", "perdure-1", "-o", "json"))

	op.tokenErr = starter.ErrNoToken
	require.Equal(t, ran{status: 1, stderr: "perdure: perdure-1: there is no token before the service has answered the start\n"},
		command(t, &fakeEngine{op: op}, "token", "perdure-1"))
}

// By token: wait and rehydrate take up again, the others only look.
func TestTokensLookOrTakeUp(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keyset.json")
	token := sealed(t, newKeyset(t, file))
	for _, verb := range []string{"status", "poll", "response", "token", "cancel"} {
		e := &fakeEngine{op: running()}
		require.Zero(t, command(t, e, verb, token.Text(), "--keyset", file).status, verb)
		require.Equal(t, "perdure-1", e.attached, verb)
		require.True(t, e.rehydrated.IsZero(), verb)

		r := command(t, &fakeEngine{attachErr: starter.ErrNotFound}, verb, token.Text(), "--keyset", file)
		require.Equal(t, ran{
			status: 1, stderr: "perdure: the token's workflow \"perdure-1\" is not there any more; \"perdure rehydrate\" takes the operation up again\n",
		}, r, verb)
	}
	for _, args := range [][]string{{"wait", token.Text()}, {"rehydrate", token.Text()}, {"rehydrate", "--wait", token.Text()}} {
		e := &fakeEngine{op: running().ends(succeeded("1"), nil)}
		require.Zero(t, command(t, e, append(args, "--keyset", file)...).status, args)
		require.Equal(t, token, e.rehydrated, args)
		require.Empty(t, e.attached, args)
	}
}

// An operation that ended badly was taken up, and is answered with; a token that the
// worker refuses was not.
func TestRehydrateWithoutWaiting(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keyset.json")
	token := sealed(t, newKeyset(t, file))
	for kind, want := range map[string][2]int{
		perdure.ErrorOperationFailed: {0, 10}, perdure.ErrorInvalidToken: {1, 1},
	} {
		e := &fakeEngine{op: running(), startErr: &perdure.OperationError{Type: kind, Message: "why"}}
		require.Equal(t, want[0], command(t, e, "rehydrate", token.Text(), "--keyset", file).status, kind)
		require.Equal(t, want[1], command(t, e, "rehydrate", token.Text(), "--keyset", file, "--wait").status, kind)
	}
}

func TestPollSendsItsHeaders(t *testing.T) {
	t.Parallel()
	op := running()
	require.Zero(t, command(t, &fakeEngine{op: op}, "poll", "perdure-1", "-H", "x-trace: 7", "-H", "X-Trace:8").status)
	require.Equal(t, map[string][]string{"X-Trace": {"7", "8"}}, op.polled.Headers)
	require.Equal(t, 2, command(t, &fakeEngine{op: op}, "poll", "perdure-1", "-H", "Cookie: a=b").status)
}

func TestCancelGivesTheReason(t *testing.T) {
	t.Parallel()
	op := running()
	require.Equal(t, ran{stdout: "perdure-1: cancel asked for; this waits for the end: perdure wait perdure-1\n"},
		command(t, &fakeEngine{op: op}, "cancel", "perdure-1", "--reason", "too dear"))
	require.Equal(t, "too dear", *op.reason)

	over := running()
	over.status = func() perdure.Status { return perdure.Status{State: perdure.StateSucceeded, Done: true} }
	require.Equal(t, ran{stdout: `{"workflowId":"perdure-1","requested":false}` + "\n"},
		command(t, &fakeEngine{op: over}, "cancel", "perdure-1", "--output", "json"))
	require.Nil(t, over.reason)
}

func TestResponse(t *testing.T) {
	t.Parallel()
	op := running()
	require.Equal(t, ran{stderr: "perdure-1: the service has not answered yet\n"}, command(t, &fakeEngine{op: op}, "response", "perdure-1"))
	require.Equal(t, ran{stdout: "null\n"}, command(t, &fakeEngine{op: op}, "response", "perdure-1", "-o", "json"))
	op.response = &perdure.Response{
		Status: 202, Headers: map[string][]string{"Location": {"/operations/7"}, "Content-Type": {"application/json"}},
		Body: perdure.JSONBody(json.RawMessage(`{"id":7}`)), Truncated: true,
		Request:    perdure.RequestLine{Method: "POST", URL: "https://jobs.example.com/jobs"},
		ReceivedAt: time.Date(2031, 5, 17, 4, 0, 0, 0, time.UTC),
	}
	require.Equal(t, ran{
		stdout: "POST https://jobs.example.com/jobs\nHTTP 202, received 2031-05-17T04:00:00Z\nContent-Type: application/json\n" +
			"Location: /operations/7\n\n{\n  \"id\": 7\n}\n",
		stderr: "the body was cut at the service's captureBytes\n",
	}, command(t, &fakeEngine{op: op}, "response", "perdure-1"))
}

func TestList(t *testing.T) {
	t.Parallel()
	forty := 40.0
	e := &fakeEngine{summaries: []starter.Summary{
		{
			WorkflowID: "a", RunID: "r", State: perdure.StateRunning, Service: "jobs", Type: "Make", ServiceStatus: "busy\x1b[2J",
			PercentComplete: &forty, StartedAt: time.Now().Add(-90 * time.Minute),
		},
		{WorkflowID: "b", RunID: "r", State: perdure.StateAmbiguous, StartedAt: time.Now()},
	}}
	got := command(t, e, "list", "--state", "running", "--service", "jobs")
	require.Equal(t, starter.ListOptions{State: perdure.StateRunning, Service: "jobs"}, e.listed)
	require.Equal(t, "ID  STATE      SERVICE  TYPE  SERVICE STATUS  PERCENT  STARTED\n"+
		"a   running    jobs     Make  busy[2J         40 %     1 h 30 min ago\n"+
		"b   ambiguous  -        -     -               -        just now\n", strings.Replace(got.stdout, "1 h 31 min", "1 h 30 min", 1))

	got = command(t, e, "list", "--limit", "1", "--output", "json")
	require.Equal(t, "there are more than 1; --limit 0 lists all\n", got.stderr)
	require.Equal(t, 1, strings.Count(got.stdout, "\n"))
	var keys map[string]any
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &keys))
	for _, key := range []string{"workflowId", "runId", "state", "service", "type", "serviceStatus", "percentComplete", "startedAt"} {
		require.Contains(t, keys, key)
	}
	require.Len(t, keys, 8)

	require.Equal(t, ran{stderr: "no operations\n"}, command(t, &fakeEngine{}, "list"))
	require.Equal(t, ran{}, command(t, &fakeEngine{}, "list", "--output", "json"))
}

func newKeyset(t *testing.T, file string) *tokens.Keyset {
	t.Helper()
	keys, err := tokens.Create(file)
	require.NoError(t, err)
	return keys
}

func sealed(t *testing.T, keys *tokens.Keyset) tokens.Token {
	t.Helper()
	token, err := keys.Seal(tokens.Header{Kind: tokens.KindOperation, WorkflowID: "perdure-1", IssuedAt: time.Now()}, nil)
	require.NoError(t, err)
	return token
}
