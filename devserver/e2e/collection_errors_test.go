package e2e_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/starter"
)

// A list of pages with one value each, whose next links carry the index.
func gives(page, body string) perduretest.Step {
	return perduretest.GET("/list"+page).JSON(http.StatusOK, body).AnyTimes()
}

func list(protocol string) perdure.CollectionInput {
	in := perdure.CollectionInput{Request: &perdure.Request{Service: "jobs", Method: http.MethodGet, URL: "/list"}}
	if protocol != "" {
		in.Protocol = &perdure.ProtocolChoice{Name: protocol}
	}
	return in
}

// pageFailure is a list of which a page cannot be had.
type pageFailure struct {
	name      string
	errorType string
	input     perdure.CollectionInput // default: the list
	extra     string                  // below the service
	steps     []perduretest.Step
	delivered int                  // pages
	why       perdure.ServiceError // its message: a part of it
	exit      int
	// hopeless: the collection is over. Else the page is tried again when it is asked
	// for again.
	hopeless bool
	// knows: only the collection can tell, and not the page alone.
	knows bool
}

var pageFailures = []pageFailure{
	{
		name: "refused", errorType: perdure.ErrorPageRejected, exit: 10, delivered: 3,
		steps: []perduretest.Step{
			gives("", `{"value":[0],"nextLink":"/list?p=1"}`), gives("?p=1", `{"value":[1],"nextLink":"/list?p=2"}`),
			gives("?p=2", `{"value":[2],"nextLink":"/list?p=3"}`),
			perduretest.GET("/list?p=3").JSON(http.StatusNotFound, `{"error":{"code":"gone","message":"no such page"}}`).AnyTimes(),
		},
		why: perdure.ServiceError{Code: "gone", Message: "no longer takes this page's token, or never did: no such page", HTTPStatus: 404},
	},
	{
		name: "the first one refused", errorType: perdure.ErrorPageRejected, exit: 10,
		steps: []perduretest.Step{perduretest.GET("/list").JSON(http.StatusForbidden, `{"error":{"code":"forbidden","message":"not yours"}}`).AnyTimes()},
		why:   perdure.ServiceError{Code: "forbidden", Message: "not yours", HTTPStatus: 403},
	},
	{
		name: "it leads back", errorType: perdure.ErrorProtocolViolation, exit: 1, delivered: 1, knows: true,
		steps: []perduretest.Step{gives("", `{"value":[0],"nextLink":"/list?p=1"}`), gives("?p=1", `{"value":[1],"nextLink":"/list"}`)},
		why:   perdure.ServiceError{Code: perdure.ErrorProtocolViolation, Message: "names one that came before it"},
	},
	{
		name: "its values are no array", errorType: perdure.ErrorProtocolViolation, exit: 1, delivered: 1,
		steps: []perduretest.Step{gives("", `{"value":[0],"nextLink":"/list?p=1"}`), gives("?p=1", `{"value":{"n":1},"nextLink":"/list?p=2"}`)},
		why:   perdure.ServiceError{Code: perdure.ErrorProtocolViolation, Message: "array"},
	},
	{
		name: "too large", errorType: perdure.ErrorResponseTooLarge, exit: 1, delivered: 1,
		steps: []perduretest.Step{
			gives("", `{"value":[0],"nextLink":"/list?p=1"}`),
			gives("?p=1", `{"value":["`+strings.Repeat("x", 5_000_000)+`"]}`),
		},
		why: perdure.ServiceError{Code: perdure.ErrorResponseTooLarge, Message: "ask the service for smaller pages"},
	},
	{
		name: "elsewhere", errorType: perdure.ErrorEgressDenied, exit: 1, delivered: 2,
		steps: []perduretest.Step{
			gives("", `{"value":[0],"nextLink":"/list?p=1"}`),
			gives("?p=1", `{"value":[1],"nextLink":"https://elsewhere.example/list?p=2"}`),
		},
		why: perdure.ServiceError{Code: perdure.ErrorEgressDenied, Message: "elsewhere.example"},
	},
	{
		name: "no such protocol", errorType: perdure.ErrorInvalidInput, exit: 1, hopeless: true, input: list("smoke"),
		why: perdure.ServiceError{Code: perdure.ErrorInvalidInput, Message: "protocol.name"},
	},
	{
		name: "not allowed", errorType: perdure.ErrorEgressDenied, exit: 1, hopeless: true, extra: "    allow: [\"GET /others\"]\n",
		why: perdure.ServiceError{Code: perdure.ErrorEgressDenied, Message: "GET /list"},
	},
	{
		name: "no credential", errorType: perdure.ErrorCredentialFailed, exit: 1, extra: "    auth: {type: bearer, env: NOWHERE_TO_BE_FOUND}\n",
		why: perdure.ServiceError{Code: perdure.ErrorCredentialFailed, Message: "NOWHERE_TO_BE_FOUND"},
	},
}

// Why a page cannot be had is told alike in Go and on the command line, after the pages
// before it.
func TestEachReasonWhyAPageCannotBeHadInEachOfItsShapes(t *testing.T) {
	t.Parallel()
	for _, c := range pageFailures {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			service := perduretest.NewService(t, c.steps...).AnyOrder()
			w := newWorld(t, settings{url: service.URL(), extra: c.extra})
			w.worker()
			if c.input.Request == nil {
				c.input = list("")
			}
			last := c.inGo(t, w)
			c.onCommandLine(t, w)
			c.alone(t, w, last)
		})
	}
}

// inGo reads until the page, twice: it is the same. It gives the page before.
func (c *pageFailure) inGo(t *testing.T, w *world) (last *starter.Page[int]) {
	t.Helper()
	ctx := patient(t)
	var bad *perdure.CollectionError
	for range 2 {
		delivered := 0
		for page, err := range starter.Pages[int](ctx, w.client, c.input, &starter.CollectionOptions{ID: w.queue}) {
			if err != nil {
				bad = collectionError(t, err, c.errorType)
				break
			}
			require.Equal(t, []int{delivered}, page.Values)
			delivered++
			last = page
		}
		require.NotNil(t, bad)
		require.Equal(t, c.delivered, delivered)
		require.ErrorIs(t, bad, &perdure.CollectionError{Type: c.errorType})
		require.Equal(t, 1, strings.Count(bad.Error(), c.errorType), "named once: %v", bad)
		require.Contains(t, bad.Message, c.why.Message)
		c.check(t, bad.Status)
		require.Equal(t, c.hopeless, bad.Status.Done)
	}
	c.inTemporal(t, w, bad)
	return last
}

func (c *pageFailure) check(t *testing.T, s perdure.CollectionStatus) {
	t.Helper()
	require.Equal(t, c.delivered, s.Pages)
	require.Equal(t, c.errorType, s.ErrorType)
	require.Equal(t, c.why.Code, s.Error.Code)
	require.Equal(t, c.why.HTTPStatus, s.Error.HTTPStatus)
	require.Contains(t, s.Error.Message, c.why.Message)
}

// inTemporal looks at the workflow: it has failed where nothing can come, and else it
// says what it knows.
func (c *pageFailure) inTemporal(t *testing.T, w *world, bad *perdure.CollectionError) {
	t.Helper()
	ctx := patient(t)
	col, err := starter.AttachCollection[int](ctx, w.client, w.queue)
	require.NoError(t, err)
	s, err := col.Status(ctx)
	require.NoError(t, err)
	c.check(t, s)
	require.Equal(t, c.hopeless, s.Done)
	if !c.hopeless {
		return
	}
	require.Equal(t, perdure.StateFailed, s.State)
	failure := &temporal.ApplicationError{}
	require.ErrorAs(t, w.raw.GetWorkflow(ctx, w.queue, "").Get(ctx, nil), &failure)
	require.Equal(t, c.errorType, failure.Type())
	require.Equal(t, bad.Message, failure.Message())
	require.True(t, failure.NonRetryable())
	var details perdure.CollectionStatus
	require.NoError(t, failure.Details(&details))
	require.Equal(t, s, details)
}

// onCommandLine reads the same collection: the pages, one a line, and then the error.
func (c *pageFailure) onCommandLine(t *testing.T, w *world) {
	t.Helper()
	given, err := json.Marshal(c.input)
	require.NoError(t, err)
	stdout, stderr, exit := w.perdure(w.server, string(given), "pages", "--file", "-", "--id", w.queue, "--output", "json")
	require.Equal(t, c.exit, exit, "%s%s", stdout, stderr)
	lines := linesOf(stdout)
	require.Len(t, lines, c.delivered+1)
	pageLines(t, lines[:c.delivered]...)
	var printed struct {
		Error struct {
			Type       string                   `json:"type"`
			Message    string                   `json:"message"`
			WorkflowID string                   `json:"workflowId"`
			Status     perdure.CollectionStatus `json:"status"`
		} `json:"error"`
		NextPageToken string `json:"nextPageToken"`
	}
	require.NoError(t, json.Unmarshal([]byte(lines[c.delivered]), &printed))
	require.Equal(t, c.errorType, printed.Error.Type)
	require.Contains(t, printed.Error.Message, c.why.Message)
	require.Equal(t, w.queue, printed.Error.WorkflowID)
	c.check(t, printed.Error.Status)
	require.Equal(t, c.delivered > 0, printed.NextPageToken != "", "that goes on")
}

// alone asks for the page by itself: by the token that the one before it has, or by the
// request.
func (c *pageFailure) alone(t *testing.T, w *world, last *starter.Page[int]) {
	t.Helper()
	if c.knows {
		return
	}
	in := c.input
	if last != nil {
		in = perdure.CollectionInput{Token: last.NextPageToken.Text()}
	}
	_, err := starter.GetPage[int](patient(t), w.client, in, nil)
	bad := collectionError(t, err, c.errorType)
	require.Contains(t, bad.Message, c.why.Message)
	require.Equal(t, perdure.StateFailed, bad.Status.State)
	require.True(t, bad.Status.Done)
	require.Equal(t, c.why.Code, bad.Status.Error.Code)

	given, err := json.Marshal(in)
	require.NoError(t, err)
	printed := w.fails(t, c.exit, string(given), "page", "--file", "-")
	require.Equal(t, c.errorType, printed.Type)
	require.Contains(t, printed.Message, c.why.Message)
}

// What can be seen without a worker is told before anything is started.
func TestInvalidCollectionInputOfTheCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	in := items(func(in *perdure.CollectionInput) { in.MaxPages = -1 })
	c, err := starter.StartCollection[item](patient(t), w.client, in, nil)
	require.Nil(t, c)
	bad := &perdure.InputError{}
	require.ErrorAs(t, err, &bad)
	require.Equal(t, "maxPages", bad.Field)
	given, err := json.Marshal(in)
	require.NoError(t, err)
	for _, verb := range []string{"page", "pages"} {
		printed := w.fails(t, 2, string(given), verb, "--file", "-")
		require.Equal(t, perdure.ErrorInvalidInput, printed.Type)
		require.Contains(t, printed.Message, "maxPages")
	}
}

// A service that forgets where it was says so when the page is asked for, and the
// collection stays as it was.
func TestAPageTokenThatTheServiceHasForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{service: jobservice.Options{Items: jobservice.ItemOptions{Count: 20, PerPage: 2, KeepTokens: 2}}})
	w.worker()
	ctx := patient(t)
	old := w.pageOf(ctx, t, items(), w.queue, 3)
	c, err := starter.AttachCollection[item](ctx, w.client, w.queue)
	require.NoError(t, err)
	all, err := rangesOver(ctx, c)
	require.NoError(t, err)
	require.Equal(t, pageNumbers(0, 10, 2), all)

	_, err = starter.GetPage[item](ctx, w.client, perdure.CollectionInput{Token: old.PageToken.Text()}, nil)
	bad := collectionError(t, err, perdure.ErrorPageRejected)
	require.Equal(t, http.StatusGone, bad.Status.Error.HTTPStatus)
	require.Equal(t, "page_token_expired", bad.Status.Error.Code)
	require.Contains(t, bad.Message, "no longer takes this page's token")
	printed := w.fails(t, 10, old.PageToken.Text(), "page", "-")
	require.Equal(t, perdure.ErrorPageRejected, printed.Type)
	require.Equal(t, bad.Message, printed.Message)
}

// A first page that does not come is asked for until it does, and the status tells how
// it goes.
func TestAFirstPageThatIsDownAndUpAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{service: jobservice.Options{Items: jobservice.ItemOptions{Count: 4, PerPage: 2}}})
	address := w.closeService(t)
	w.worker()
	ctx := patient(t)
	type outcome struct {
		got [][]int
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		c, err := starter.StartCollection[item](ctx, w.client, items(), &starter.CollectionOptions{ID: w.queue})
		if err != nil {
			done <- outcome{nil, err}
			return
		}
		got, err := rangesOver(ctx, c)
		done <- outcome{got, err}
	}()
	var s perdure.CollectionStatus
	eventually(ctx, t, "the status shows the trouble", func() bool {
		c, err := starter.AttachCollection[item](ctx, w.client, w.queue)
		if err != nil {
			return false
		}
		s, err = c.Status(ctx)
		return err == nil && s.LastError != nil
	})
	require.Equal(t, perdure.StateStarting, s.State)
	require.False(t, s.Done)
	require.Equal(t, "NotSent", s.LastError.Error.Code)
	stdout, _, exit := w.perdure(w.server, "", "status", w.queue)
	require.Zero(t, exit)
	require.Contains(t, stdout, "last error")
	w.reopenService(t, address)
	got := <-done
	require.NoError(t, got.err)
	require.Equal(t, pageNumbers(0, 2, 2), got.got)
	c, err := starter.AttachCollection[item](ctx, w.client, w.queue)
	require.NoError(t, err)
	s, err = c.Status(ctx)
	require.NoError(t, err)
	require.Nil(t, s.LastError)
}

// startOptions of a workflow that is started by its name.
func (w *world) startOptions() client.StartWorkflowOptions {
	return client.StartWorkflowOptions{TaskQueue: w.queue}
}
