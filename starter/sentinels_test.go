package starter_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// Every error that a caller is told to look for is found, by errors.Is, in what comes.
func TestDocumentedErrorsAreFound(t *testing.T) {
	t.Parallel()
	type test struct {
		want error
		from func(*stage) error
	}
	for _, c := range []test{
		{starter.ErrNotDone, func(s *stage) error {
			_, err := s.operation("/runs").Value(s.t.Context())
			return err
		}},
		{starter.ErrNoToken, func(s *stage) error {
			_, err := s.list().Token(s.t.Context()) // of one page
			return err
		}},
		{starter.ErrNoPage, func(s *stage) error {
			_, err := s.list().Page(s.t.Context(), 7)
			return err
		}},
		{starter.ErrNotFound, func(s *stage) error {
			_, err := starter.Attach[string](s.t.Context(), s.client, "nobody's")
			return err
		}},
		{starter.ErrNotFound, func(s *stage) error {
			_, err := starter.AttachStream[string](s.t.Context(), s.client, s.operation("/runs").ID())
			return err
		}},
		{starter.ErrTerminated, func(s *stage) error {
			op := s.operation("/runs")
			require.NoError(s.t, s.fake.Temporal().TerminateWorkflow(s.t.Context(), op.ID(), "", ""))
			_, err := op.Wait(s.t.Context(), nil)
			return err
		}},
		{starter.ErrTerminated, func(s *stage) error {
			o := &starter.StartOptions{ID: "mine"}
			_, err := starter.Start[string](s.t.Context(), s.client, post("/runs"), o)
			require.NoError(s.t, err)
			require.NoError(s.t, s.fake.Temporal().TerminateWorkflow(s.t.Context(), o.ID, "", ""))
			_, err = starter.Start[string](s.t.Context(), s.client, post("/runs"), o)
			return err
		}},
		{starter.ErrDone, func(s *stage) error {
			_, err := s.operation("/ends").SetPolling(s.t.Context(), perdure.Polling{IntervalSeconds: 1})
			return err
		}},
		{starter.ErrDone, func(s *stage) error {
			_, err := s.operation("/ends").Resolve(s.t.Context(), perdure.Resolve{Retry: true})
			return err
		}},
		{starter.ErrNoKeyset, func(s *stage) error {
			_, err := s.keyless().Inspect(s.token("/runs"), nil)
			return err
		}},
		{starter.ErrNoSearchAttributes, func(s *stage) error {
			for _, err := range s.unlisted().List(s.t.Context(), &starter.ListOptions{Service: "jobs"}) {
				return err
			}
			return nil
		}},
		{perdure.ErrCanceled, func(s *stage) error {
			op := s.operation("/runs")
			require.NoError(s.t, op.Cancel(s.t.Context(), ""))
			_, err := op.Wait(s.t.Context(), nil)
			return err
		}},
		{perdure.ErrAmbiguous, func(s *stage) error {
			_, err := starter.Start[string](s.t.Context(), s.client, post("/lost"), nil)
			return err
		}},
		{tokens.ErrMalformed, func(s *stage) error {
			_, err := starter.Rehydrate[string](s.t.Context(), s.client, tokens.Token{}, nil)
			return err
		}},
		{tokens.ErrType, func(s *stage) error {
			_, err := starter.Rehydrate[string](s.t.Context(), s.client, s.token("/runs"), &starter.RehydrateOptions{Type: "Others"})
			return err
		}},
		{tokens.ErrKind, func(s *stage) error {
			_, err := starter.RehydrateStream[string](s.t.Context(), s.client, s.token("/runs"), nil)
			return err
		}},
		{tokens.ErrKind, func(s *stage) error {
			_, err := starter.GetPage[string](s.t.Context(), s.client, perdure.CollectionInput{Token: s.token("/runs").Text()}, nil)
			return err
		}},
		{tokens.ErrKind, func(s *stage) error { // a worker refuses it
			_, err := starter.GetPage[string](s.t.Context(), s.keyless(), perdure.CollectionInput{Token: s.token("/runs").Text()}, nil)
			return err
		}},
		{tokens.ErrKind, func(s *stage) error {
			_, err := starter.StartCollection[string](s.t.Context(), s.keyless(), perdure.CollectionInput{Token: s.token("/runs").Text()}, nil)
			return err
		}},
		{tokens.ErrKind, func(s *stage) error {
			h, err := starter.StartStream[string](s.t.Context(), s.keyless(), perdure.StreamInput{Token: s.token("/runs").Text()}, nil)
			require.NoError(s.t, err)
			for _, err = range h.Events(s.t.Context(), 0) {
				break
			}
			return err
		}},
		{tokens.ErrType, func(s *stage) error {
			_, err := starter.Start[string](s.t.Context(), s.keyless(), perdure.OperationInput{Token: s.token("/runs").Text(), Type: "Others"}, nil)
			return err
		}},
		{context.DeadlineExceeded, func(s *stage) error {
			op := s.operation("/held")
			ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Millisecond)
			defer cancel()
			_, err := op.Wait(ctx, nil)
			return err
		}},
	} {
		t.Run(c.want.Error(), func(t *testing.T) {
			t.Parallel()
			err := c.from(newStage(t))
			require.ErrorIs(t, fmt.Errorf("chapter 7: %w", err), c.want)
		})
	}
}

// stage is a client and the services behind it.
type stage struct {
	t      *testing.T
	fake   *perduretest.Client
	client *starter.Client
}

func newStage(t *testing.T) *stage {
	t.Helper()
	fake := perduretest.NewClient(t)
	never := make(chan struct{})
	fake.On("POST", "/runs").Operation(perduretest.Running(40))
	fake.On("POST", "/ends").Operation(perduretest.Succeeded("a"))
	fake.On("POST", "/lost").Operation(perduretest.Ambiguous())
	fake.On("POST", "/held").Operation(perduretest.Running(40), perduretest.Succeeded("a").Hold(never))
	fake.On("GET", "/list").Pages(perduretest.NewPage("a"))
	return &stage{t: t, fake: fake, client: fake.Starter()}
}

func post(url string) perdure.OperationInput {
	return perdure.OperationInput{Request: &perdure.Request{Service: "jobs", Method: "POST", URL: url}}
}

func (s *stage) operation(url string) *starter.Operation[string] {
	s.t.Helper()
	op, err := starter.Start[string](s.t.Context(), s.client, post(url), nil)
	require.NoError(s.t, err)
	return op
}

func (s *stage) token(url string) tokens.Token {
	s.t.Helper()
	token, err := s.operation(url).Token(s.t.Context())
	require.NoError(s.t, err)
	return token
}

func (s *stage) list() *starter.Collection[string] {
	s.t.Helper()
	list, err := starter.StartCollection[string](s.t.Context(), s.client, perdure.CollectionInput{
		Request: &perdure.Request{Service: "jobs", Method: "GET", URL: "/list"},
	}, nil)
	require.NoError(s.t, err)
	return list
}

func (s *stage) keyless() *starter.Client { return s.over(s.fake.Temporal()) }

func (s *stage) unlisted() *starter.Client { return s.over(unlisted{s.fake.Temporal()}) }

func (s *stage) over(temporal client.Client) *starter.Client {
	s.t.Helper()
	c, err := starter.New(temporal, starter.Options{})
	require.NoError(s.t, err)
	return c
}

// unlisted is a namespace without the search attributes.
type unlisted struct{ client.Client }

func (unlisted) ListWorkflow(context.Context, *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	return nil, serviceerror.NewInvalidArgument("invalid query: no such column PerdureService")
}
