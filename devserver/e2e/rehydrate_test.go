package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// trusting is a service that holds no keyset.
func (w *world) trusting(t *testing.T) *starter.Client {
	t.Helper()
	c, err := starter.New(w.raw, starter.Options{TaskQueue: w.queue})
	require.NoError(t, err)
	return c
}

// ours is what the tokens of these tests are bound to.
var ours = &starter.RehydrateOptions{Type: "CreateVectorStore", Audience: "tenant a", Service: "jobs"}

func boundStore(d time.Duration) perdure.OperationInput {
	in := vectorStore(d)
	in.Type, in.Audience = ours.Type, ours.Audience
	return in
}

// begun starts an operation that takes so long, and gives its token.
func (w *world) begun(ctx context.Context, t *testing.T, d time.Duration) (*starter.Operation[store], tokens.Token) {
	t.Helper()
	op, err := starter.Start[store](ctx, w.client, boundStore(d), &starter.StartOptions{ID: w.queue + tokenTestID})
	require.NoError(t, err)
	token, err := op.Token(ctx)
	require.NoError(t, err)
	return op, token
}

// withAndWithout runs a test of a service that has the keyset, and of one that has none.
func withAndWithout(t *testing.T, test func(t *testing.T, w *world, c *starter.Client)) {
	t.Helper()
	for _, name := range []string{"with the keyset", "without"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, settings{})
			w.worker()
			c := w.client
			if name == "without" {
				c = w.trusting(t)
			}
			test(t, w, c)
		})
	}
}

func TestRehydratingAttachesToWhatIsThere(t *testing.T) {
	t.Parallel()
	withAndWithout(t, func(t *testing.T, w *world, c *starter.Client) {
		t.Helper()
		ctx := patient(t)
		op, token := w.begun(ctx, t, 2*time.Second)
		again, err := starter.Rehydrate[store](ctx, c, token, ours)
		require.NoError(t, err)
		require.Equal(t, op.RunID(), again.RunID())
		value, err := again.Wait(ctx, nil)
		require.NoError(t, err)
		require.Equal(t, "completed", value.Status)

		closed, err := starter.Rehydrate[store](ctx, c, token, ours)
		require.NoError(t, err)
		require.Equal(t, op.RunID(), closed.RunID())
		require.True(t, closed.HasCompleted())
		require.Len(t, w.service.Books().Starts(), 1)
	})
}

func TestRehydratingWhatIsGoneOrTerminated(t *testing.T) {
	t.Parallel()
	withAndWithout(t, func(t *testing.T, w *world, c *starter.Client) {
		t.Helper()
		ctx := patient(t)
		op, token := w.begun(ctx, t, 5*time.Second)
		require.NoError(t, w.raw.TerminateWorkflow(ctx, op.ID(), "", "a test"))
		second, err := starter.Rehydrate[store](ctx, c, token, ours)
		require.NoError(t, err)
		require.Equal(t, op.ID(), second.ID())
		require.NotEqual(t, op.RunID(), second.RunID())
		token, err = second.Token(ctx)
		require.NoError(t, err)

		w.deleteWorkflow(t)
		third, err := starter.Rehydrate[store](ctx, c, token, ours)
		require.NoError(t, err)
		require.Equal(t, op.ID(), third.ID())
		value, err := third.Wait(ctx, nil)
		require.NoError(t, err)
		require.Equal(t, "completed", value.Status)
		require.Len(t, w.service.Books().Starts(), 1, "the service's operation is the first one throughout")
	})
}

// However many take up a token at once, with the keyset and without, there is one run.
func TestRehydratingAtOnceIsOneWorkflow(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"gone", "terminated"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, settings{})
			w.worker()
			ctx := patient(t)
			op, token := w.begun(ctx, t, time.Hour)
			if end == "gone" {
				w.deleteWorkflow(t)
			} else {
				require.NoError(t, w.raw.TerminateWorkflow(ctx, op.ID(), "", "a test"))
			}
			clients := []*starter.Client{w.client, w.trusting(t)}
			runs := make([]string, 8)
			var group sync.WaitGroup
			for i := range runs {
				group.Go(func() {
					op, err := starter.Rehydrate[store](ctx, clients[i%2], token, ours)
					if err != nil {
						t.Error(err)
						return
					}
					runs[i] = op.RunID()
				})
			}
			group.Wait()
			for _, run := range runs {
				require.Equal(t, runs[0], run)
				require.NotEqual(t, op.RunID(), run)
			}
		})
	}
}

// What the holder of a token may not do with it, whether its service has the keyset or
// not: each refusal is an error of its own, and nothing is started.
func TestRehydratingIsRefused(t *testing.T) {
	t.Parallel()
	withAndWithout(t, func(t *testing.T, w *world, c *starter.Client) {
		t.Helper()
		ctx := patient(t)
		op, token := w.begun(ctx, t, time.Hour)
		w.deleteWorkflow(t)
		other, err := tokens.NewKeyset()
		require.NoError(t, err)
		foreign, err := other.Seal(tokens.Header{Kind: tokens.KindOperation, WorkflowID: op.ID(), Service: "jobs", Type: ours.Type, Audience: ours.Audience, IssuedAt: time.Now()}, nil)
		require.NoError(t, err)
		old, err := w.keyset.Seal(tokens.Header{Kind: tokens.KindOperation, WorkflowID: op.ID(), Service: "jobs", Type: ours.Type, Audience: ours.Audience, IssuedAt: time.Now().AddDate(0, 0, -2)}, []byte("{}"))
		require.NoError(t, err)
		page, err := w.keyset.Seal(tokens.Header{Kind: tokens.KindPage, WorkflowID: op.ID(), Service: "jobs", Type: ours.Type, Audience: ours.Audience, IssuedAt: time.Now()}, []byte("{}"))
		require.NoError(t, err)
		changed := oneBitChanged(t, token)
		for name, test := range map[string]struct {
			token tokens.Token
			o     starter.RehydrateOptions
			want  error
		}{
			"another type":        {token, starter.RehydrateOptions{Type: "DeleteVectorStore", Audience: ours.Audience}, tokens.ErrType},
			"no type":             {token, starter.RehydrateOptions{Audience: ours.Audience}, tokens.ErrType},
			"another audience":    {token, starter.RehydrateOptions{Type: ours.Type, Audience: "tenant b"}, tokens.ErrAudience},
			"no audience":         {token, starter.RehydrateOptions{Type: ours.Type}, tokens.ErrAudience},
			"another service":     {token, starter.RehydrateOptions{Type: ours.Type, Audience: ours.Audience, Service: "files"}, tokens.ErrService},
			"one bit":             {changed, *ours, tokens.ErrNotAuthentic},
			"another keyset":      {foreign, *ours, tokens.ErrKeyRetired},
			"a page's":            {page, *ours, tokens.ErrKind},
			"no token":            {tokens.Token{}, *ours, tokens.ErrMalformed},
			"older than a worker": {old, *ours, tokens.ErrExpired},
		} {
			if test.want == tokens.ErrExpired && c == w.client { //nolint:errorlint // the table's own
				continue // this client has no bound of its own
			}
			_, err := starter.Rehydrate[store](ctx, c, test.token, &test.o)
			require.ErrorIs(t, err, test.want, name)
			require.NotContains(t, err.Error(), token.Text()[20:40], name)
		}
		_, err = starter.RehydrateStream[string](ctx, c, token, ours)
		require.ErrorIs(t, err, tokens.ErrKind)
		_, err = starter.RehydrateCollection[item](ctx, c, token, ours)
		require.ErrorIs(t, err, tokens.ErrKind)
		_, err = w.raw.DescribeWorkflowExecution(ctx, op.ID(), "")
		require.Error(t, err, "nothing was started")
	})
}

// An id is free again once the namespace has forgotten what had it: the old token does not
// lead to another user's operation.
func TestAnOldTokenDoesNotReachAnothersOperation(t *testing.T) {
	t.Parallel()
	withAndWithout(t, func(t *testing.T, w *world, c *starter.Client) {
		t.Helper()
		ctx := patient(t)
		op, token := w.begun(ctx, t, time.Hour)
		w.deleteWorkflow(t)
		in := boundStore(time.Hour)
		in.Audience = "tenant b"
		_, err := starter.Start[store](ctx, w.client, in, &starter.StartOptions{ID: op.ID()})
		require.NoError(t, err)
		_, err = starter.Rehydrate[store](ctx, c, token, ours)
		requireType(t, err, perdure.ErrorIDConflict)
		require.NotContains(t, err.Error(), "tenant")
	})
}

func TestRehydratingPagesWithoutTheKeyset(t *testing.T) {
	t.Parallel()
	const pages, perPage, at = 6, 2, 3
	w := newWorld(t, settings{service: jobservice.Options{Items: jobservice.ItemOptions{Count: pages * perPage, PerPage: perPage}}})
	w.worker()
	ctx := patient(t)
	want := pageNumbers(0, pages, perPage)
	page := w.pageOf(ctx, t, items(func(in *perdure.CollectionInput) { in.Type, in.Audience = "ListItems", "tenant a" }), w.queue+tokenTestID, at)
	w.deleteWorkflow(t)
	o := &starter.RehydrateOptions{Type: "ListItems", Audience: "tenant a", Service: "jobs"}
	ids := map[string]bool{w.queue + tokenTestID: true}
	for range 2 { // each use is a fetch of its own
		c, err := starter.RehydrateCollection[item](ctx, w.trusting(t), page.PageToken, o)
		require.NoError(t, err)
		rest, err := rangesOver(ctx, c)
		require.NoError(t, err)
		require.Equal(t, want[at:], rest)
		ids[c.ID()] = true
	}
	require.Len(t, ids, 3)
	_, err := starter.RehydrateCollection[item](ctx, w.trusting(t), page.PageToken, &starter.RehydrateOptions{Type: "ListItems", Audience: "tenant b"})
	require.ErrorIs(t, err, tokens.ErrAudience)
}

// The command line, where it has no keyset, and what is seen of it in Temporal.
func TestRehydrateCommandWithoutTheKeyset(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.worker()
	ctx := patient(t)
	op, token := w.begun(ctx, t, 3*time.Second)
	w.deleteWorkflow(t)
	bare := filepath.Join(t.TempDir(), "perdure.yaml")
	require.NoError(t, os.WriteFile(bare, []byte("taskQueue: "+w.queue+"\n"), 0o600))

	stdout, stderr, exit := w.perdure(w.server, token.Text(), "rehydrate", "-", "--config", bare, "--type", ours.Type, "--audience", ours.Audience, "--output", "json")
	require.Zero(t, exit, "%s%s", stdout, stderr)
	var printed struct {
		WorkflowID string `json:"workflowId"`
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &printed))
	require.Equal(t, op.ID(), printed.WorkflowID)
	stdout, stderr, exit = w.perdure(w.server, token.Text(), "wait", "-", "--config", bare, "--type", ours.Type, "--audience", ours.Audience, "--output", "json")
	require.Zero(t, exit, "%s%s", stdout, stderr)
	require.Contains(t, stdout, `"completed"`)
	stdout, _, exit = w.perdure(w.server, token.Text(), "rehydrate", "-", "--config", bare, "--type", ours.Type, "--output", "json")
	require.Equal(t, 1, exit)
	require.Contains(t, stdout, `"type":"InvalidToken","message":"the token is refused: wrong audience: the token is for audience \"tenant a\", asked for no audience"`)
	require.NotContains(t, stdout, token.Text()[20:40])
}

// Keys are rotated under running workers, of which none is started again, while operations
// are started, asked about, taken up and run on: none fails, and nothing is refused.
func TestRotationUnderRunningWorkers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{watch: "{thresholdSeconds: 20, windowSeconds: 1}"})
	first, second := w.worker(), w.worker()
	ctx := patient(t)
	long, token := w.begun(ctx, t, time.Hour)
	oldKey := keyOf(t, token)

	stop := make(chan struct{})
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				value, op, err := starter.Run[store](ctx, w.client, vectorStore(300*time.Millisecond), nil)
				if err != nil || value.Status != "completed" {
					t.Errorf("%v: %v", value, err)
					return
				}
				token, err := op.Token(ctx)
				if err != nil {
					t.Error(err)
					return
				}
				for _, c := range []*starter.Client{w.client, w.trusting(t)} {
					if _, err := starter.Rehydrate[store](ctx, c, token, &starter.RehydrateOptions{Service: "jobs"}); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	keyset := filepath.Join(w.dir, "keyset.json")
	_, stderr, exit := w.perdure(w.server, "", "keys", "rotate", keyset, "--wait", "3s")
	require.Zero(t, exit, stderr)
	eventually(ctx, t, "the long one's token has the new key", func() bool {
		token, err := long.Token(ctx)
		require.NoError(t, err)
		return keyOf(t, token) != oldKey
	})
	_, err := starter.Rehydrate[store](ctx, w.trusting(t), token, ours)
	require.NoError(t, err, "the old key still opens")

	stdout, stderr, exit := w.perdure(w.server, "", "keys", "retire", keyset, strconv.FormatUint(uint64(oldKey), 10))
	require.Zero(t, exit, stdout+stderr)
	for _, p := range []*process{first, second} {
		eventually(ctx, t, "each worker has the key added, promoted, and the old one retired", func() bool {
			return strings.Count(p.log.String(), "the token keys have changed") == 3
		})
	}
	for _, c := range []*starter.Client{w.client, w.trusting(t)} {
		eventually(ctx, t, "who opens tokens, this process too, has read the keyset again", func() bool {
			_, err := starter.Rehydrate[store](ctx, c, token, ours)
			return errors.Is(err, tokens.ErrKeyRetired)
		})
	}
	close(stop)
	group.Wait()

	s, err := long.UpdateStatus(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, perdure.StateRunning, s.State)
	require.Nil(t, s.LastError)
	d, err := w.raw.DescribeWorkflowExecution(ctx, long.ID(), "")
	require.NoError(t, err)
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, d.GetWorkflowExecutionInfo().GetStatus())
	for _, pending := range d.GetPendingActivities() {
		require.LessOrEqual(t, pending.GetAttempt(), int32(1), "no activity had to be tried again")
	}
}

func keyOf(t *testing.T, token tokens.Token) uint32 {
	t.Helper()
	h, err := token.Header()
	require.NoError(t, err)
	return h.KeyID
}

// rehydrations make the histories of perdure.rehydrate.v1 that the replay test of package
// workflows keeps. Each gives the error that it ends with.
var rehydrations = []struct {
	name  string
	token func(t *testing.T, w *world) any
	want  string
}{
	{"attached", func(t *testing.T, w *world) any {
		t.Helper()
		_, token := w.begun(patient(t), t, time.Hour)
		return perdure.RehydrateInput{Token: token.Text(), Type: ours.Type, Audience: ours.Audience}
	}, ""},
	{"started", func(t *testing.T, w *world) any {
		t.Helper()
		op, token := w.begun(patient(t), t, time.Hour)
		require.NoError(t, w.raw.TerminateWorkflow(patient(t), op.ID(), "", "a test"))
		return perdure.RehydrateInput{Token: token.Text(), Kind: perdure.KindOperation, Type: ours.Type, Audience: ours.Audience, Service: "jobs"}
	}, ""},
	{"refused", func(t *testing.T, w *world) any {
		t.Helper()
		_, token := w.begun(patient(t), t, time.Hour)
		return perdure.RehydrateInput{Token: token.Text(), Type: ours.Type}
	}, perdure.ErrorInvalidToken},
	{"invalid-input", func(t *testing.T, _ *world) any {
		t.Helper()
		return map[string]string{"tokn": "perdure1_"}
	}, perdure.ErrorInvalidInput},
}

// As in TestScenarios, their histories are recorded where PERDURE_RECORD says.
func TestRehydrateScenarios(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.worker()
	for _, s := range rehydrations {
		ctx := patient(t)
		in := s.token(t, w)
		run, err := w.raw.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: w.queue}, perdure.WorkflowRehydrate, in)
		require.NoError(t, err)
		var found perdure.Rehydrated
		err = run.Get(ctx, &found)
		if s.want == "" {
			require.NoError(t, err)
			require.Equal(t, w.queue+tokenTestID, found.WorkflowID)
			require.Equal(t, s.name == "started", found.Started)
		} else {
			var app *temporal.ApplicationError
			require.ErrorAs(t, err, &app)
			require.Equal(t, s.want, app.Type())
		}
		w.record(t, s.name, run.GetID(), "")
	}
}
