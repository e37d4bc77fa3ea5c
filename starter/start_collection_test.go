package starter_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

func notFetched() error {
	return temporal.NewNonRetryableApplicationError("not yet", perdure.ErrorNotFetched, nil)
}

func TestAWrongInputStartsNothing(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		for _, in := range []perdure.CollectionInput{{}, items(func(in *perdure.CollectionInput) { in.MaxPages = -1 })} {
			h, err := starter.StartCollection[string](t.Context(), c, in, nil)
			require.Nil(t, h)
			var bad *perdure.InputError
			require.ErrorAs(t, err, &bad)
			_, _, err = readAll(t, starter.Pages[string](t.Context(), c, in, nil))
			require.ErrorAs(t, err, &bad)
			_, err = starter.GetPage[string](t.Context(), c, in, nil)
			require.ErrorAs(t, err, &bad)
		}
		require.Empty(t, e.questions())
	})
}

// A token is verified before anything is asked.
func TestATokenThatIsRefusedStartsNothing(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		seal := func(h tokens.Header) tokens.Token {
			h.Service, h.IssuedAt = "jobs", time.Now()
			token, err := e.keyset.Seal(h, []byte("{}"))
			require.NoError(t, err)
			return token
		}
		page := tokens.Header{Kind: tokens.KindPage, Type: "ListItems", Audience: "a"}
		token := seal(page)
		right := starter.RehydrateOptions{Type: "ListItems", Audience: "a"}
		other, err := tokens.NewKeyset()
		require.NoError(t, err)
		foreign, err := other.Seal(tokens.Header{Kind: tokens.KindPage, IssuedAt: time.Now()}, nil)
		require.NoError(t, err)
		for _, test := range []struct {
			name  string
			token tokens.Token
			o     *starter.RehydrateOptions
			want  error
		}{
			{"for no type", token, nil, tokens.ErrType},
			{"for another type", token, &starter.RehydrateOptions{Type: "Other", Audience: "a"}, tokens.ErrType},
			{"for another audience", token, &starter.RehydrateOptions{Type: "ListItems", Audience: "b"}, tokens.ErrAudience},
			{"of another service", token, &starter.RehydrateOptions{Type: "ListItems", Audience: "a", Service: "files"}, tokens.ErrService},
			{"of an operation", seal(tokens.Header{Kind: tokens.KindOperation, Type: "ListItems", Audience: "a"}), &right, tokens.ErrKind},
			{"of another keyset", foreign, nil, tokens.ErrKeyRetired},
			{"that is none", tokens.Token{}, &right, tokens.ErrMalformed},
		} {
			h, err := starter.RehydrateCollection[string](t.Context(), c, test.token, test.o)
			require.Nil(t, h, test.name)
			require.ErrorIs(t, err, test.want, test.name)
		}
		require.Empty(t, e.questions())

		h, err := starter.RehydrateCollection[string](t.Context(), c, token, &right)
		require.NoError(t, err)
		require.Equal(t, perdure.CollectionInput{Token: token.Text(), Type: "ListItems", Audience: "a"}, e.lists[h.ID()].input)
	})
	t.Run("too old", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(e *engine, _ *starter.Client) {
			t := e.t
			c, err := starter.New(e, starter.Options{Keyset: e.keyset, TokenLifetime: time.Hour})
			require.NoError(t, err)
			_, err = starter.GetPage[string](t.Context(), c, perdure.CollectionInput{Token: e.token(1)}, nil)
			require.ErrorIs(t, err, tokens.ErrExpired)
		})
	})
	t.Run("without a keyset", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(e *engine, _ *starter.Client) {
			t := e.t
			c, err := starter.New(e, starter.Options{})
			require.NoError(t, err)
			token, err := tokens.Parse(e.token(1))
			require.NoError(t, err)
			_, err = c.Inspect(token, nil)
			require.ErrorIs(t, err, starter.ErrNoKeyset)
			h, err := starter.StartCollection[string](t.Context(), c, perdure.CollectionInput{Token: token.Text()}, nil)
			require.NoError(t, err, "the worker verifies it")
			require.NotNil(t, h)
		})
	})
}

func TestTheSameIDIsTheSameCollection(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		o := &starter.CollectionOptions{ID: "list"}
		for range 2 { // running, and closed
			for range 2 {
				h, err := starter.StartCollection[string](t.Context(), c, items(), o)
				require.NoError(t, err)
				require.Equal(t, "list", h.ID())
			}
			h, err := starter.StartCollection[string](t.Context(), c, items(func(in *perdure.CollectionInput) { in.Audience = "b" }), o)
			require.NotNil(t, h)
			var bad *perdure.CollectionError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, perdure.ErrorIDConflict, bad.Type)
			_, _, err = readAll(t, h.Pages(t.Context(), nil))
			require.NoError(t, err)
		}
		require.Len(t, e.lists, 1)
		e.lists["other"] = &list{kind: perdure.WorkflowOperation, closed: enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED}
		_, err := starter.StartCollection[string](t.Context(), c, items(), &starter.CollectionOptions{ID: "other"})
		require.ErrorContains(t, err, "belongs to another workflow")
		_, err = starter.AttachCollection[string](t.Context(), c, "other")
		require.ErrorIs(t, err, starter.ErrNotFound)
	})
}

// Whoever joins a collection that came to nothing is told so, as who started it was.
func TestACollectionWithoutAFirstPage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		status perdure.CollectionStatus
		closed enumspb.WorkflowExecutionStatus
		want   string
	}{
		{
			"failed", perdure.CollectionStatus{
				State: perdure.StateFailed, Done: true, ErrorType: perdure.ErrorEgressDenied,
				Error: &perdure.ServiceError{Code: perdure.ErrorEgressDenied, Message: "not there"},
			}, enumspb.WORKFLOW_EXECUTION_STATUS_FAILED, perdure.ErrorEgressDenied,
		},
		{"canceled", perdure.CollectionStatus{State: perdure.StateCanceled, Done: true}, enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED, perdure.ErrorCanceled},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(e *engine, c *starter.Client) {
				t := e.t
				e.lists["list"] = &list{kind: perdure.WorkflowCollection, input: items(), status: test.status, closed: test.closed}
				h, err := starter.StartCollection[string](t.Context(), c, items(), &starter.CollectionOptions{ID: "list"})
				require.NotNil(t, h)
				var bad *perdure.CollectionError
				require.ErrorAs(t, err, &bad)
				require.Equal(t, test.want, bad.Type)
				require.Equal(t, test.status, bad.Status)
				_, _, err = readAll(t, h.Pages(t.Context(), nil))
				require.ErrorAs(t, err, &bad)
				require.Equal(t, test.want, bad.Type)
			})
		})
	}
	t.Run("it fails now", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(e *engine, c *starter.Client) {
			t := e.t
			e.make = func(string, perdure.CollectionInput) *list {
				l := e.list(2, true)
				l.failing[0] = perdure.ErrorPageRejected
				return l
			}
			h, err := starter.StartCollection[string](t.Context(), c, items(), nil)
			var bad *perdure.CollectionError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, perdure.ErrorPageRejected, bad.Type)
			indexes, _, err := readAll(t, h.Pages(t.Context(), nil))
			require.NoError(t, err, "asking again tries it again")
			require.Equal(t, []int{0, 1}, indexes)
		})
	})
}

func TestStartingACollectionThatTakesLong(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		ctx, cancel := context.WithTimeout(t.Context(), fetchTime/2)
		defer cancel()
		h, err := starter.StartCollection[string](ctx, c, items(), &starter.CollectionOptions{ID: "list"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotNil(t, h, "it goes on")
		indexes, _, err := readAll(t, h.Pages(t.Context(), nil))
		require.NoError(t, err)
		require.Equal(t, []int{0, 1, 2}, indexes)
	})
}

func TestTheTokenOfTheNextPage(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		h, err := starter.StartCollection[string](t.Context(), c, items(), nil)
		require.NoError(t, err)
		token, err := h.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, e.lists[h.ID()].status.NextPageToken, token.Text())
		_, _, err = readAll(t, h.Pages(t.Context(), nil))
		require.NoError(t, err)
		_, err = h.Token(t.Context())
		require.ErrorIs(t, err, starter.ErrNoToken)
	})
}

// ended is the error with which a client finds a workflow closed.
func ended(t *testing.T, err error) error {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // of a busy machine
	env.RegisterWorkflowWithOptions(func(workflow.Context) error { return err }, workflow.RegisterOptions{Name: perdure.WorkflowPage})
	env.ExecuteWorkflow(perdure.WorkflowPage)
	return env.GetWorkflowError()
}

// quiet drops the environment's log.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

func TestOnePage(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		e.page = func(_ context.Context, in perdure.CollectionInput) (*perdure.Page, error) {
			require.Equal(t, items(), in)
			return &e.list(2, false).pages[0], nil
		}
		p, err := starter.GetPage[string](t.Context(), c, items(), nil)
		require.NoError(t, err)
		require.Equal(t, []string{"0a", "0b"}, p.Values)
		require.False(t, p.NextPageToken.IsZero())
		_, err = starter.GetPage[int](t.Context(), c, items(), nil)
		require.ErrorContains(t, err, "starter: read the values of page 0")
	})
}

func TestOnePageThatCannotBeHad(t *testing.T) {
	t.Parallel()
	status := perdure.CollectionStatus{State: perdure.StateFailed, Done: true, ErrorType: perdure.ErrorPageRejected}
	rejected := ended(t, temporal.NewNonRetryableApplicationError("no: not for you", perdure.ErrorPageRejected, nil, status))
	canceled := ended(t, temporal.NewCanceledError(perdure.CollectionStatus{State: perdure.StateCanceled, Done: true}))
	for _, test := range []struct {
		name string
		err  error
		want perdure.CollectionError
	}{
		{"rejected", rejected, perdure.CollectionError{Type: perdure.ErrorPageRejected, Message: "no: not for you", Status: status}},
		{"canceled", canceled, perdure.CollectionError{Type: perdure.ErrorCanceled, Status: perdure.CollectionStatus{State: perdure.StateCanceled, Done: true}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(e *engine, c *starter.Client) {
				t := e.t
				e.page = func(context.Context, perdure.CollectionInput) (*perdure.Page, error) { return nil, test.err }
				p, err := starter.GetPage[string](t.Context(), c, items(), nil)
				require.Nil(t, p)
				var bad *perdure.CollectionError
				require.ErrorAs(t, err, &bad)
				require.Equal(t, test.want, *bad)
				require.Empty(t, e.canceled)
			})
		})
	}
}

// The same id is the same fetch, and no other.
func TestOnePageUnderAnIDThatIsTaken(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		e.page = func(context.Context, perdure.CollectionInput) (*perdure.Page, error) {
			return &e.list(1, true).pages[0], nil
		}
		o := &starter.PageOptions{ID: "page"}
		for range 2 {
			_, err := starter.GetPage[string](t.Context(), c, items(), o)
			require.NoError(t, err)
		}
		other := items()
		other.Type = "Other"
		_, err := starter.GetPage[string](t.Context(), c, other, o)
		require.ErrorIs(t, err, &perdure.CollectionError{Type: perdure.ErrorIDConflict})
	})
}

// A fetch that nobody waits for is given up. One that has a name may be others', too.
func TestOnePageThatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		o    *starter.PageOptions
		want int
	}{
		{"without an id", nil, 1},
		{"with an id", &starter.PageOptions{ID: "page"}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(e *engine, c *starter.Client) {
				t := e.t
				e.page = func(ctx context.Context, _ perdure.CollectionInput) (*perdure.Page, error) {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				why := errors.New("enough")
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(why) })
				_, err := starter.GetPage[string](ctx, c, items(), test.o)
				require.ErrorIs(t, err, why)
				require.Len(t, e.canceled, test.want)
			})
		})
	}
}
