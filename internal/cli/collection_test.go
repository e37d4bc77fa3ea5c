package cli_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/internal/cli"
	"github.com/perdure-dev/perdure/starter"
)

// By the id of a collection: status, token and cancel answer, the others say that it is
// none of theirs.
func TestLookingAtACollection(t *testing.T) {
	t.Parallel()
	b := newBook(t, "", "")
	c := b.collection(nil)
	c.token = b.tokens[2]
	e := &fakeEngine{attachErr: starter.ErrNotFound, collection: c}

	require.Equal(t, ran{stdout: "collection  perdure-2\nstate       running\npages       2\nitems       2\n"}, command(t, e, "status", "perdure-2"))
	require.Equal(t, ran{stdout: `{"state":"running","done":false,"pages":2,"items":2}` + "\n"}, command(t, e, "status", "perdure-2", "-o", "json"))
	require.Equal(t, ran{stdout: b.tokens[2].Text() + "\n"}, command(t, e, "token", "perdure-2"))
	require.Equal(t, ran{stdout: "perdure-2: cancel asked for; the pages that were fetched stay readable\n"}, command(t, e, "cancel", "perdure-2", "--reason", "enough"))
	require.Equal(t, "enough", *c.reason)

	for _, verb := range []string{"wait", "poll", "resolve", "response"} {
		require.Equal(t, ran{status: 1, stderr: `perdure: "perdure-2" is a collection, and "` + verb + `" is for operations; its pages: perdure pages --id perdure-2` + "\n"},
			command(t, e, verb, "perdure-2"))
	}
	require.Equal(t, 1, command(t, e, "status", "perdure-3").status, "neither")
}

func TestLookingAtACollectionThatIsOver(t *testing.T) {
	t.Parallel()
	c := newBook(t, "", "").collection(nil)
	c.tokenErr = starter.ErrNoToken
	c.status = func() perdure.CollectionStatus {
		return perdure.CollectionStatus{State: perdure.StateSucceeded, Done: true, Pages: 1, Items: 1}
	}
	e := &fakeEngine{attachErr: starter.ErrNotFound, collection: c}
	require.Equal(t, ran{status: 1, stderr: "perdure: perdure-2: there is no next page, or the first has not come yet\n"}, command(t, e, "token", "perdure-2"))
	require.Equal(t, ran{stdout: "perdure-2: over already: succeeded, 1 page, 1 item\n"}, command(t, e, "cancel", "perdure-2"))
	require.Equal(t, ran{stdout: `{"workflowId":"perdure-2","requested":false}` + "\n"}, command(t, e, "cancel", "perdure-2", "-o", "json"))
	require.Nil(t, c.reason)
}

func TestCollectionText(t *testing.T) {
	t.Parallel()
	now := time.Date(2031, 5, 17, 4, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		status perdure.CollectionStatus
		want   string
	}{
		{
			name: "a page that could not be had",
			status: perdure.CollectionStatus{
				State: perdure.StateRunning, Pages: 3, Items: 30, Service: "jobs", Protocol: "nextlink", Type: "List", Stale: true,
				StartedAt: now.Add(-time.Minute), ErrorType: perdure.ErrorPageRejected,
				Error:     &perdure.ServiceError{Message: "no\nmore", HTTPStatus: 400},
				LastError: &perdure.TimedError{At: now.Add(-3 * time.Second), Error: perdure.ServiceError{Message: "later", HTTPStatus: 503}},
			},
			want: `collection  perdure-2
state       running
pages       3
items       30
type        List
service     jobs
protocol    nextlink
started     2031-05-17T03:59:00Z, 1 min 0 s ago
last error  3 s ago: HTTP 503 later
error       PageRejected: HTTP 400 no more
note        no worker answered: this is what was recorded last
note        page 3 could not be had; it is tried again when it is asked for again
`,
		},
		{
			name:   "stopped early",
			status: perdure.CollectionStatus{State: perdure.StateSucceeded, Done: true, Pages: 1, NextPageToken: "perdure1_x", EndedAt: now.Add(-time.Minute)},
			want: `collection  perdure-2
state       succeeded
pages       1
items       0
ended       2031-05-17T03:59:00Z, 1 min 0 s ago
note        it closed before the last page; its token goes on
`,
		},
		{
			name:   "ended in Temporal",
			status: perdure.CollectionStatus{State: perdure.StateUnknown, Done: true},
			want: `collection  perdure-2
state       unknown
pages       0
items       0
note        the workflow was ended in Temporal; the tokens of its pages still go on
`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, cli.CollectionText("perdure-2", c.status, now))
		})
	}
}

func TestShellWord(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"perdure-1": "perdure-1", "stores/7": "stores/7", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$(x)": "'$(x)'", "ä": "'ä'",
	} {
		require.Equal(t, want, cli.ShellWord(text))
	}
}
