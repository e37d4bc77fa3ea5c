package cli_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/internal/cli"
	"github.com/perdure-dev/perdure/starter"
)

// By the id of a stream: status, token, response and cancel answer, the others say that
// it is none of theirs.
func TestLookingAtAStream(t *testing.T) {
	t.Parallel()
	s := streamOf(nil, `"a"`, `"b"`)
	s.token = streamToken(t, newKeyset(t, filepath.Join(t.TempDir(), "keyset.json")), "", "")
	s.response = &perdure.Response{
		Status: 200, Request: perdure.RequestLine{Method: "POST", URL: "https://ai.example.com/chat"}, ReceivedAt: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
		Headers: map[string][]string{"Content-Type": {"text/event-stream"}},
	}
	e := streaming(s)
	e.attachErr = starter.ErrNotFound

	require.Equal(t, ran{stdout: "stream      chat-7\nstate       running\nevents      2\nbytes       9\nreconnects  0\n"}, command(t, e, "status", "chat-7"))
	require.Equal(t, ran{stdout: `{"state":"running","done":false,"events":2,"bytes":9,"reconnects":0}` + "\n"}, command(t, e, "status", "chat-7", "-o", "json"))
	require.Equal(t, ran{stdout: s.token.Text() + "\n"}, command(t, e, "token", "chat-7"))
	require.Equal(t, ran{stdout: `{"token":"` + s.token.Text() + `"}` + "\n"}, command(t, e, "token", "chat-7", "-o", "json"))
	require.Equal(t, ran{stdout: "POST https://ai.example.com/chat\nHTTP 200, received 2026-03-04T05:06:07Z\nContent-Type: text/event-stream\n"}, command(t, e, "response", "chat-7"))
	require.Equal(t, ran{stdout: "chat-7: cancel asked for; the events that came stay readable\n"}, command(t, e, "cancel", "chat-7", "--reason", "enough"))
	require.Equal(t, "enough", *s.reason)

	for _, verb := range []string{"wait", "poll", "resolve"} {
		require.Equal(t, ran{status: 1, stderr: `perdure: "chat-7" is a stream, and "` + verb + `" is for operations; its events: perdure stream --id chat-7` + "\n"},
			command(t, e, verb, "chat-7"))
	}
}

func TestLookingAtAStreamThatIsOver(t *testing.T) {
	t.Parallel()
	s := streamOf(nil)
	s.tokenErr = starter.ErrNoToken
	s.status = func() perdure.StreamStatus {
		return perdure.StreamStatus{State: perdure.StateSucceeded, Done: true, Events: 1}
	}
	e := streaming(s)
	e.attachErr = starter.ErrNotFound
	require.Equal(t, ran{status: 1, stderr: "perdure: chat-7: there is no token before the service has answered the start\n"}, command(t, e, "token", "chat-7"))
	require.Equal(t, ran{stderr: "chat-7: the service has not answered yet\n"}, command(t, e, "response", "chat-7"))
	require.Equal(t, ran{stdout: "null\n"}, command(t, e, "response", "chat-7", "-o", "json"))
	require.Equal(t, ran{stdout: "chat-7: over already: succeeded, 1 event\n"}, command(t, e, "cancel", "chat-7"))
	require.Equal(t, ran{stdout: `{"workflowId":"chat-7","requested":false}` + "\n"}, command(t, e, "cancel", "chat-7", "-o", "json"))
	require.Nil(t, s.reason)
}

func TestStreamText(t *testing.T) {
	t.Parallel()
	now := time.Date(2031, 5, 17, 4, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		status perdure.StreamStatus
		want   string
	}{
		{
			name: "broken off, and not taken up yet",
			status: perdure.StreamStatus{
				State: perdure.StateRunning, Events: 30, Bytes: 4096, Reconnects: 2, LastEventID: "e\n30", Service: "ai", Protocol: "openai", Type: "Chat",
				Stale: true, StartedAt: now.Add(-time.Minute), Segments: []perdure.StreamSegment{{FirstOffset: 7}},
				LastError: &perdure.TimedError{At: now.Add(-3 * time.Second), Error: perdure.ServiceError{Message: "later", HTTPStatus: 503}},
			},
			want: `stream      chat-7
state       running
events      30
bytes       4096
reconnects  2
last id     e 30
type        Chat
service     ai
protocol    openai
started     2031-05-17T03:59:00Z, 1 min 0 s ago
last error  3 s ago: HTTP 503 later
note        no worker answered: this is what was recorded last
note        it was taken up from a token, and its record begins with event 7
`,
		},
		{
			name: "ambiguous",
			status: perdure.StreamStatus{
				State: perdure.StateFailed, Done: true, EndedAt: now.Add(-time.Minute),
				ErrorType: perdure.ErrorStartAmbiguous, Error: &perdure.ServiceError{Message: "the\nworker died"},
			},
			want: `stream      chat-7
state       failed
events      0
bytes       0
reconnects  0
ended       2031-05-17T03:59:00Z, 1 min 0 s ago
error       StartAmbiguous: the worker died
note        it cannot be known whether the service took the request; it was not sent again
`,
		},
		{
			name:   "ended in Temporal",
			status: perdure.StreamStatus{State: perdure.StateUnknown, Done: true},
			want: `stream      chat-7
state       unknown
events      0
bytes       0
reconnects  0
note        the workflow was ended in Temporal; the stream's token still goes on
`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, cli.StreamText("chat-7", c.status, now))
		})
	}
}
