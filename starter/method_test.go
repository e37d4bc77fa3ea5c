package starter_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// serviceOf is what a typed client for a service named jobs would have.
func serviceOf(c *starter.Client) *starter.Service {
	return &starter.Service{
		Client: c, Name: "jobs", Protocol: &perdure.ProtocolChoice{Name: "openai"},
		Headers:     map[string][]string{"x-beta": {"1"}, "X-Team": {"a"}},
		DecodeError: func(said perdure.ServiceError) error { return &jobsError{said.Code} },
	}
}

// jobsError is the service's own error.
type jobsError struct{ code string }

func (e *jobsError) Error() string { return e.code }

func TestMethodSaysWhatIsSent(t *testing.T) {
	t.Parallel()
	_, c := newEngine(t)
	type params struct {
		Name string `json:"name"`
	}
	for _, tc := range []struct {
		name   string
		method starter.OperationMethod[string]
		call   starter.Call
		want   perdure.Request
	}{
		{
			"by default a POST",
			starter.OperationMethod[string]{Path: "/jobs"},
			starter.Call{Body: params{"a<b"}},
			perdure.Request{Method: "POST", URL: "/jobs", Body: perdure.JSONBody([]byte(`{"name":"a\u003cb"}`))},
		},
		{
			"no body",
			starter.OperationMethod[string]{Verb: "DELETE", Path: "/jobs/{id}"},
			starter.Call{PathArgs: []string{"7"}},
			perdure.Request{Method: "DELETE", URL: "/jobs/7"},
		},
		{
			"a body that is no JSON",
			starter.OperationMethod[string]{Path: "/jobs"},
			starter.Call{Body: perdure.TextBody("x")},
			perdure.Request{Method: "POST", URL: "/jobs", Body: perdure.TextBody("x")},
		},
		{
			"one segment",
			starter.OperationMethod[string]{Path: "/jobs/{id}:run"},
			starter.Call{PathArgs: []string{"a/b ?ü"}},
			perdure.Request{Method: "POST", URL: "/jobs/a%2Fb%20%3F%C3%BC:run"},
		},
		{
			"many segments",
			starter.OperationMethod[string]{Path: "/v1/{parent...}/jobs/{id}"},
			starter.Call{PathArgs: []string{"/projects/p 1/", "7"}},
			perdure.Request{Method: "POST", URL: "/v1/projects/p%201/jobs/7"},
		},
		{
			"query",
			starter.OperationMethod[string]{Path: "/jobs"},
			starter.Call{Query: url.Values{"a": {"1&2"}}},
			perdure.Request{Method: "POST", URL: "/jobs?a=1%262"},
		},
		{
			"query beside the path's",
			starter.OperationMethod[string]{Path: "/jobs?v=1"},
			starter.Call{Query: url.Values{"a": {"1"}}},
			perdure.Request{Method: "POST", URL: "/jobs?v=1&a=1"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.method.Service, tc.method.Type = serviceOf(c), "Run"
			in, err := tc.method.Input(tc.call, nil)
			require.NoError(t, err)
			tc.want.Service, tc.want.Headers = "jobs", http.Header{"X-Beta": {"1"}, "X-Team": {"a"}}
			require.Equal(t, perdure.OperationInput{Request: &tc.want, Type: "Run", Protocol: &perdure.ProtocolChoice{Name: "openai"}}, in)
		})
	}
}

func TestMethodPassesTheCallersOptionsOn(t *testing.T) {
	t.Parallel()
	_, c := newEngine(t)
	m := starter.OperationMethod[string]{Service: serviceOf(c), Type: "Run", Path: "/jobs", Protocol: &perdure.ProtocolChoice{Name: "azure"}}
	polling, cancel := &perdure.Polling{IntervalSeconds: 2}, &perdure.CancelSettings{OnTimeout: true}
	in, err := m.Input(starter.Call{Headers: http.Header{"X-Team": {"b"}, "If-Match": {"*"}}}, &starter.CallOptions{
		Audience: "tenant", Headers: map[string][]string{"if-match": {"7"}}, Polling: polling,
		Timeout: 90 * time.Second, IdempotencyKey: "k", Cancel: cancel,
	})
	require.NoError(t, err)
	require.Equal(t, perdure.OperationInput{
		Request: &perdure.Request{
			Service: "jobs", Method: "POST", URL: "/jobs",
			Headers: http.Header{"X-Beta": {"1"}, "X-Team": {"b"}, "If-Match": {"7"}},
		},
		Type: "Run", Audience: "tenant", Protocol: &perdure.ProtocolChoice{Name: "azure"},
		Polling: polling, TimeoutSeconds: 90, IdempotencyKey: "k", Cancel: cancel,
	}, in)
}

func TestMethodRefusesWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	_, c := newEngine(t)
	s := serviceOf(c)
	for _, tc := range []struct {
		name   string
		method starter.OperationMethod[string]
		call   starter.Call
		want   string
	}{
		{"no service", starter.OperationMethod[string]{}, starter.Call{}, "starter: the method has no Service"},
		{"no client", starter.OperationMethod[string]{Service: &starter.Service{}}, starter.Call{}, "starter: Service.Client is nil"},
		{"no name", starter.OperationMethod[string]{Service: &starter.Service{Client: c}}, starter.Call{}, "starter: Service.Name is empty, want the name in the workers' configuration"},
		{"an empty argument", starter.OperationMethod[string]{Service: s, Path: "/jobs/{job_id}"}, starter.Call{PathArgs: []string{""}}, "perdure: input: job_id: is empty"},
		{"slashes alone", starter.OperationMethod[string]{Service: s, Path: "/{parent...}"}, starter.Call{PathArgs: []string{"/"}}, "perdure: input: parent: is empty"},
		{"too few arguments", starter.OperationMethod[string]{Service: s, Path: "/jobs/{a}/{b}"}, starter.Call{PathArgs: []string{"x"}}, "starter: path /jobs/{a}/{b} has 2 placeholders, and the call 1 PathArgs"},
		{"too many arguments", starter.OperationMethod[string]{Service: s, Path: "/jobs"}, starter.Call{PathArgs: []string{"x"}}, "starter: path /jobs has 0 placeholders, and the call 1 PathArgs"},
		{"a brace without an end", starter.OperationMethod[string]{Service: s, Path: "/jobs/{a"}, starter.Call{PathArgs: []string{"x"}}, "starter: path /jobs/{a has 0 placeholders, and the call 1 PathArgs"},
		{"no JSON", starter.OperationMethod[string]{Service: s, Path: "/jobs"}, starter.Call{Body: math.NaN()}, "perdure: input: body: cannot be written as JSON: unsupported value: NaN"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := tc.method.Input(tc.call, nil)
			require.EqualError(t, err, tc.want)
			op, started := tc.method.Start(t.Context(), tc.call, nil)
			require.Nil(t, op)
			require.Equal(t, err, started)
		})
	}
	var bad *perdure.InputError
	_, err := starter.OperationMethod[string]{Service: s, Path: "/jobs/{id}"}.Input(starter.Call{PathArgs: []string{".."}}, nil)
	require.ErrorAs(t, err, &bad)
	_, err = starter.OperationMethod[string]{Service: s, Path: "/jobs"}.Input(starter.Call{Headers: http.Header{"Authorization": {"Bearer x"}}}, nil)
	require.ErrorAs(t, err, &bad)
	_, err = starter.StreamMethod[string]{Service: s, Path: "/chat"}.Input(starter.Call{}, nil)
	require.ErrorAs(t, err, &bad, "a stream's protocol is not the service's")
}

// The token of one method is of no use to another, and says so before anything is asked.
func TestMethodTakesItsOwnTokensOnly(t *testing.T) {
	t.Parallel()
	e, c := newEngine(t)
	s := serviceOf(c)
	seal := func(h tokens.Header) tokens.Token {
		h.IssuedAt = time.Now()
		token, err := e.keyset.Seal(h, []byte("{}"))
		require.NoError(t, err)
		return token
	}
	rehydrate := map[tokens.Kind]func(context.Context, tokens.Token) error{
		tokens.KindOperation: func(ctx context.Context, token tokens.Token) error {
			_, err := starter.OperationMethod[string]{Service: s, Type: "Run"}.Rehydrate(ctx, token, nil)
			return err
		},
		tokens.KindPage: func(ctx context.Context, token tokens.Token) error {
			m := starter.CollectionMethod[string]{Service: s, Type: "Run"}
			_, err := m.Rehydrate(ctx, token, nil)
			for _, ranged := range m.RehydratePages(ctx, token, nil) {
				require.Equal(t, err, ranged)
			}
			_, one := m.Page(ctx, token, nil)
			require.Equal(t, err, one)
			return err
		},
		tokens.KindStream: func(ctx context.Context, token tokens.Token) error {
			_, err := starter.StreamMethod[string]{Service: s, Type: "Run"}.Rehydrate(ctx, token, nil)
			return err
		},
	}
	for kind, take := range rehydrate {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			err := take(t.Context(), seal(tokens.Header{Kind: kind, WorkflowID: "w", Service: "jobs", Type: "Stop"}))
			require.ErrorIs(t, err, tokens.ErrType)
			require.ErrorContains(t, err, `the token is for type "Stop", asked for type "Run"`)
			require.ErrorIs(t, take(t.Context(), seal(tokens.Header{Kind: kind, WorkflowID: "w", Service: "other", Type: "Run"})), tokens.ErrService)
			require.ErrorIs(t, take(t.Context(), seal(tokens.Header{Kind: kind, WorkflowID: "w", Service: "jobs", Type: "Run", Audience: "a"})), tokens.ErrAudience)
			require.ErrorIs(t, take(t.Context(), tokens.Token{}), tokens.ErrMalformed)
		})
	}
}

func TestErrorsWrapTheServicesOwn(t *testing.T) {
	t.Parallel()
	decode := func(said perdure.ServiceError) error { return &jobsError{said.Code} }
	said := &perdure.ServiceError{Code: "busy"}
	for _, tc := range []struct {
		name   string
		err    error
		decode starter.ErrorDecoder
		want   string // the code; "": it wraps none
	}{
		{"an operation that failed", &perdure.OperationError{Type: perdure.ErrorOperationFailed, Status: perdure.Status{Error: said}}, decode, "busy"},
		{"a start", &perdure.OperationError{Type: perdure.ErrorStartRejected, Status: perdure.Status{Error: said}}, decode, "busy"},
		{"a page", &perdure.CollectionError{Type: perdure.ErrorPageRejected, Status: perdure.CollectionStatus{Error: said}}, decode, "busy"},
		{"a stream", &perdure.StreamError{Type: perdure.ErrorStartRejected, Status: perdure.StreamStatus{Error: said}}, decode, "busy"},
		{"our words", &perdure.OperationError{Type: perdure.ErrorEgressDenied, Status: perdure.Status{Error: said}}, decode, ""},
		{"canceled", &perdure.OperationError{Type: perdure.ErrorCanceled, Status: perdure.Status{Error: said}}, decode, ""},
		{"no words", &perdure.OperationError{Type: perdure.ErrorOperationFailed}, decode, ""},
		{"no decoder", &perdure.OperationError{Type: perdure.ErrorOperationFailed, Status: perdure.Status{Error: said}}, nil, ""},
		{"a decoder with nothing to say", &perdure.OperationError{Type: perdure.ErrorOperationFailed, Status: perdure.Status{Error: said}}, func(perdure.ServiceError) error { return nil }, ""},
		{"another error", errors.New("x"), decode, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			text := tc.err.Error()
			err := starter.DecodeError(tc.err, tc.decode)
			require.EqualError(t, err, text)
			var own *jobsError
			require.Equal(t, tc.want != "", errors.As(err, &own))
			if own != nil {
				require.Equal(t, tc.want, own.code)
			}
		})
	}
	require.NoError(t, starter.DecodeError(nil, decode))
}

// A list that is refused is told in the service's own type, wherever that comes out.
func TestCollectionMethodReads(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		e.make = func(string, perdure.CollectionInput) *list {
			l := e.list(3, true)
			l.failing[2] = perdure.ErrorPageRejected
			return l
		}
		m := starter.CollectionMethod[string]{Service: serviceOf(c), Type: "ListJobs", Path: "/jobs"}
		_, values, err := readAll(t, m.Pages(t.Context(), starter.Call{}, &starter.ReadOptions{ID: "jobs"}))
		require.Equal(t, []string{"0a", "0b", "1a", "1b"}, values)
		require.ErrorIs(t, err, &perdure.CollectionError{Type: perdure.ErrorPageRejected})
		in := e.lists["jobs"].input
		require.Equal(t, "GET", in.Request.Method)
		require.Equal(t, "ListJobs", in.Type)

		var first string
		for v, err := range m.All(t.Context(), starter.Call{}, &starter.ReadOptions{ID: "jobs"}) {
			require.NoError(t, err)
			first = v
			break
		}
		require.Equal(t, "0a", first)
	})
}

func TestWaitTakesOneOfIntervalAndPolling(t *testing.T) {
	t.Parallel()
	op := &starter.Operation[string]{}
	_, err := op.Wait(t.Context(), &starter.WaitOptions{Interval: time.Second, Polling: &perdure.Polling{}})
	require.EqualError(t, err, "perdure: input: interval: is set beside polling; want one of them")
}

func TestProgress(t *testing.T) {
	t.Parallel()
	type counts struct {
		Done int `json:"done"`
	}
	for _, tc := range []struct {
		name  string
		state perduretest.OperationState
		want  counts
		fail  string
	}{
		{"some", perduretest.Pending("x").Progress(counts{3}), counts{3}, ""},
		{"none yet", perduretest.Pending("x"), counts{}, ""},
		{"of another kind", perduretest.Pending("x").Progress([]int{3}), counts{}, "starter: read the progress as starter_test.counts"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			fake := perduretest.NewClient(t)
			fake.On("POST", "/jobs").Operation(tc.state)
			m := starter.OperationMethod[string]{Service: serviceOf(fake.Starter()), Type: "Run", Path: "/jobs"}
			op, err := m.Start(t.Context(), starter.Call{}, nil)
			require.NoError(t, err)
			got, err := starter.Progress[counts](t.Context(), op)
			require.Equal(t, tc.want, got)
			if tc.fail == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tc.fail)
			}
		})
	}
}

// What was started is found by its id for the method that started it.
func TestAttachIsForTheMethodThatStarted(t *testing.T) {
	t.Parallel()
	fake := perduretest.NewClient(t)
	fake.On("POST", "/jobs").Operation(perduretest.Pending("x"))
	fake.On("POST", "/jobs").Stream(perduretest.NewEvent("a"))
	fake.On("GET", "/jobs").Pages(perduretest.NewPage("a"))
	s := serviceOf(fake.Starter())
	run := starter.OperationMethod[string]{Service: s, Type: "Run", Path: "/jobs"}
	_, err := run.Start(t.Context(), starter.Call{}, &starter.CallOptions{ID: "op"})
	require.NoError(t, err)
	_, err = run.Attach(t.Context(), "op")
	require.NoError(t, err)
	_, err = starter.OperationMethod[string]{Service: s, Type: "Stop"}.Attach(t.Context(), "op")
	require.ErrorIs(t, err, starter.ErrNotFound)
	require.ErrorContains(t, err, `"op" is of type "Run", asked for "Stop"`)
	_, err = run.Attach(t.Context(), "another")
	require.ErrorIs(t, err, starter.ErrNotFound)

	watch := starter.StreamMethod[string]{Service: s, Type: "Watch", Path: "/jobs", Protocol: &perdure.ProtocolChoice{Name: "sse"}}
	_, err = watch.Start(t.Context(), starter.Call{}, &starter.ReadOptions{ID: "stream"})
	require.NoError(t, err)
	_, err = watch.Attach(t.Context(), "stream")
	require.NoError(t, err)
	_, err = starter.StreamMethod[string]{Service: s, Type: "Read"}.Attach(t.Context(), "stream")
	require.ErrorIs(t, err, starter.ErrNotFound)
	_, err = watch.Attach(t.Context(), "op")
	require.ErrorIs(t, err, starter.ErrNotFound)

	list := starter.CollectionMethod[string]{Service: s, Type: "List", Path: "/jobs"}
	_, err = list.Start(t.Context(), starter.Call{}, &starter.ReadOptions{ID: "list"})
	require.NoError(t, err)
	h, err := list.Attach(t.Context(), "list")
	require.NoError(t, err)
	page, err := h.Page(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, page.Values)
	_, err = starter.CollectionMethod[string]{Service: s, Type: "Find"}.Attach(t.Context(), "list")
	require.ErrorIs(t, err, starter.ErrNotFound)
	_, err = list.Attach(t.Context(), "stream")
	require.ErrorIs(t, err, starter.ErrNotFound)
}
