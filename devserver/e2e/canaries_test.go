package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	querypb "go.temporal.io/api/query/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/devserver/devservertest"
	"github.com/perdure-dev/perdure/starter"
)

// Nothing secret is anywhere: not a credential of any kind, a cookie, a secret header or
// the signature in a URL, whatever becomes of the requests that had them. What callers and
// services say is in no log, metric or trace and, where payloads are encrypted, in nothing
// that Temporal keeps. What a person needs is there.
func TestNoSecretIsAnywhere(t *testing.T) {
	t.Parallel()
	server := devservertest.Start(t, devserver.Options{Headless: true, DynamicConfig: map[string]any{
		"limit.historyCount.suggestContinueAsNew": 40,
	}})
	for name, encrypted := range map[string]bool{"in clear": false, "encrypted": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, server, encrypted)
			p.play(t)
			p.search(t)
		})
	}
}

// ordinary is what services and callers say that is no secret.
var ordinary = []canary{
	requestWord, queryWord, noteWord, reasonWord, keptWord, progressWord, outageWord, refusalWord, codeWord, valueWord,
	bytesWord, itemWord, eventWord, hexWord, base64Word, percentWord,
}

// play is all that is done with services that hold secrets.
type play struct {
	*world
	*places
	service  *leaky
	services []*credentialed
	env      []string
}

func newPlay(t *testing.T, server temporalServer, encrypted bool) *play {
	t.Helper()
	p := &play{service: newLeaky(t), places: &places{byName: map[string]*place{}}}
	p.services = p.service.everyKind(t)
	var extra strings.Builder
	for _, c := range p.services {
		_, _ = fmt.Fprintf(&extra, `  %s:
    baseURL: %s/%[1]s
    allowPrivateNetwork: true
    auth: %[3]s
    secretHeaders: [X-Session]
    stickyCookies: true
    polling: {intervalSeconds: 0.05}
`, c.name(), p.service.URL, c.auth)
		p.env = append(p.env, c.env...)
	}
	p.world = newWorld(t, settings{server: server, url: p.service.URL, extra: extra.String(), encrypted: encrypted})
	p.listen()
	if encrypted {
		p.decrypt = p.payloads.DataConverter()
	}
	traces := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p.add("traces", string(body))
	}))
	t.Cleanup(traces.Close)
	p.env = append(p.env, "TEMPORAL_ADDRESS="+server.HostPort(), "OTEL_EXPORTER_OTLP_ENDPOINT="+traces.URL)
	return p
}

// play has everything happen, with two workers, the second of which takes over from the
// first.
func (p *play) play(t *testing.T) {
	t.Helper()
	first := p.talkative()
	p.each(t, "begins", p.begins)
	p.lookWhileRunning(t)
	p.hear(first)
	second := p.talkative()
	p.each(t, "ends", p.ends)
	p.each(t, "is told", p.isTold)
	p.printed(t, "list", "list", "--limit", "0", "--service", p.services[0].name())
	p.printed(t, "list", "list", "--limit", "0")
	p.lookAtAll(t)
	p.hear(second)
}

// talkative is a worker that says all that it can.
func (p *play) talkative() *process {
	worker := p.process(p.env, "worker", "--config", p.config, "--log-level", "debug")
	worker.ready()
	return worker
}

// hear takes down what a worker has said and counted, and ends it.
func (p *play) hear(worker *process) {
	p.add("metrics", worker.get("/metrics"))
	worker.stop()
	p.add("logs", worker.log.String())
}

// each has the same happen with every service at the same time, however few tests run in
// parallel: most of it is waiting.
func (p *play) each(t *testing.T, what string, f func(t *testing.T, c *credentialed)) {
	t.Helper()
	require.True(t, t.Run(what, func(t *testing.T) {
		var all sync.WaitGroup
		for _, c := range p.services {
			all.Go(func() { t.Run(c.kind, func(t *testing.T) { f(t, c) }) })
		}
		all.Wait()
	}))
}

// id of a workflow, which is nowhere hidden.
func (p *play) id(c *credentialed, story string) string {
	return p.queue + "-" + c.name() + "-" + story
}

// ends of operations that are told in full; done and canceled are played one by one.
var operationEnds = map[string]string{
	"failed": perdure.ErrorOperationFailed, "rejected": perdure.ErrorStartRejected, "unauthorized": perdure.ErrorStartRejected,
	"ambiguous": perdure.ErrorStartAmbiguous, "astray": perdure.ErrorEgressDenied, "garbled": perdure.ErrorProtocolViolation,
}

func operationOf(c *credentialed, story string) perdure.OperationInput {
	in := perdure.OperationInput{Request: &perdure.Request{
		Service: c.name(), Method: http.MethodPost, URL: "/ops/" + story + "?text=" + queryWord.plain(),
		Headers: map[string][]string{"X-Note": {noteWord.text}}, Body: perdure.JSONBody(json.RawMessage(`{"text":"` + requestWord.text + `"}`)),
	}}
	switch story {
	case "failed":
		in.Protocol = &perdure.ProtocolChoice{Name: "azure"}
	case "canceled":
		in.Protocol = &perdure.ProtocolChoice{Name: "location", Options: json.RawMessage(`{"cancel":"delete"}`)}
	}
	return in
}

func pagesOf(c *credentialed, style, story string) perdure.CollectionInput {
	name := map[string]string{"pages": "nextlink", "links": "link"}[style]
	return perdure.CollectionInput{
		Request:  &perdure.Request{Service: c.name(), Method: http.MethodGet, URL: "/" + style + "/" + story},
		Protocol: &perdure.ProtocolChoice{Name: name},
	}
}

func streamOf(c *credentialed, story string) perdure.StreamInput {
	method := http.MethodGet
	if story == "lost" {
		method = http.MethodPost
	}
	return perdure.StreamInput{
		Request:  &perdure.Request{Service: c.name(), Method: method, URL: "/events/" + story},
		Protocol: &perdure.ProtocolChoice{Name: "sse", Options: json.RawMessage(`{"endEvents":["done"]}`)},
	}
}

// begins starts everything, and leaves some of it running: in an outage, or waiting.
func (p *play) begins(t *testing.T, c *credentialed) {
	t.Helper()
	ctx := patient(t)
	if c.refused {
		p.getsNothing(ctx, t, c)
		return
	}
	for story, errorType := range operationEnds {
		_, _, err := starter.Run[any](ctx, p.client, operationOf(c, story), &starter.StartOptions{ID: p.id(c, story)})
		requireType(t, err, errorType)
		p.add("errors", err.Error(), fmt.Sprintf("%+v", err))
	}
	_, _, err := starter.Run[[]byte](ctx, p.client, operationOf(c, "bytes"), &starter.StartOptions{ID: p.id(c, "bytes")})
	require.NoError(t, err)
	_, err = starter.Start[any](ctx, p.client, operationOf(c, "canceled"), &starter.StartOptions{ID: p.id(c, "canceled")})
	require.NoError(t, err)
	done, err := starter.Start[any](ctx, p.client, operationOf(c, "done"), &starter.StartOptions{ID: p.id(c, "done")})
	require.NoError(t, err)
	p.beginsLists(ctx, t, c)
	p.beginsStreams(ctx, t, c)
	eventually(ctx, t, "the outage is known", func() bool {
		s, err := done.Status(ctx)
		require.NoError(t, err)
		return s.LastError != nil && strings.HasPrefix(s.LastError.Error.Message, refusalWord.text)
	})
	p.isSealed(ctx, t, done)
}

// getsNothing: where there is no credential there is no operation, page or stream.
func (p *play) getsNothing(ctx context.Context, t *testing.T, c *credentialed) {
	t.Helper()
	_, _, operation := starter.Run[any](ctx, p.client, operationOf(c, "done"), &starter.StartOptions{ID: p.id(c, "done")})
	requireType(t, operation, perdure.ErrorCredentialFailed)
	_, page := starter.GetPage[any](ctx, p.client, pagesOf(c, "links", "done"), nil)
	requireCollectionError(t, page, perdure.ErrorCredentialFailed)
	_, stream := p.reads(ctx, c, "done")
	require.ErrorIs(t, stream, &perdure.StreamError{Type: perdure.ErrorCredentialFailed})
	for _, err := range []error{operation, page, stream} {
		p.add("errors", err.Error(), fmt.Sprintf("%+v", err))
	}
}

// reads a stream to its end.
func (p *play) reads(ctx context.Context, c *credentialed, story string) (events int, err error) {
	s, err := starter.StartStream[string](ctx, p.client, streamOf(c, story), &starter.StreamOptions{ID: p.id(c, "events-"+story)})
	if err != nil {
		return 0, err
	}
	return rest(ctx, s, 0)
}

func (p *play) beginsLists(ctx context.Context, t *testing.T, c *credentialed) {
	t.Helper()
	for _, style := range p.styles() {
		list, err := starter.StartCollection[any](ctx, p.client, pagesOf(c, style, "done"), &starter.CollectionOptions{ID: p.id(c, style+"-done")})
		require.NoError(t, err)
		items := 0
		for _, err := range list.All(ctx, nil) {
			require.NoError(t, err)
			items++
		}
		require.Equal(t, lastPage+1, items)
		fourth, err := list.Page(ctx, 3)
		require.NoError(t, err)
		_, err = starter.GetPage[any](ctx, p.client, perdure.CollectionInput{Token: fourth.PageToken.Text()}, nil)
		require.NoError(t, err)

		var broken error
		for _, err := range starter.All[any](ctx, p.client, pagesOf(c, style, "failed"), &starter.CollectionOptions{ID: p.id(c, style+"-failed")}) {
			broken = err
		}
		requireCollectionError(t, broken, perdure.ErrorPageRejected)
		p.add("errors", broken.Error(), fmt.Sprintf("%+v", broken))
	}
	waiting, err := starter.StartCollection[any](ctx, p.client, pagesOf(c, "links", "canceled"), &starter.CollectionOptions{ID: p.id(c, "links-canceled")})
	require.NoError(t, err)
	_, err = waiting.Page(ctx, 0)
	require.NoError(t, err)
	eventually(ctx, t, "the second page is asked for in vain", func() bool {
		s, err := waiting.Status(ctx)
		require.NoError(t, err)
		return s.LastError != nil
	})
}

// styles of lists: a link in a body is in the body, as the service wrote it.
func (p *play) styles() []string {
	if p.decrypt == nil {
		return []string{"links"}
	}
	return []string{"links", "pages"}
}

func (p *play) beginsStreams(ctx context.Context, t *testing.T, c *credentialed) {
	t.Helper()
	n, err := p.reads(ctx, c, "done")
	require.NoError(t, err)
	require.Equal(t, 3, n, "two, and the end")
	for _, story := range []string{"failed", "lost"} {
		_, err := p.reads(ctx, c, story)
		var broken *perdure.StreamError
		require.ErrorAs(t, err, &broken)
		p.add("errors", err.Error(), fmt.Sprintf("%+v", err))
	}
	open, err := starter.StartStream[string](ctx, p.client, streamOf(c, "canceled"), &starter.StreamOptions{ID: p.id(c, "events-canceled")})
	require.NoError(t, err)
	for _, err := range open.Events(ctx, 0) {
		require.NoError(t, err)
		break
	}
}

// isSealed: what has to go on, cookies and signatures too, is in the token, and is
// readable for who has the keyset.
func (p *play) isSealed(ctx context.Context, t *testing.T, op *starter.Operation[any]) {
	t.Helper()
	token, err := op.Token(ctx)
	require.NoError(t, err)
	_, state, err := p.keyset.OpenState(token.Text())
	require.NoError(t, err)
	opened := &places{byName: map[string]*place{}}
	opened.add("state", string(state))
	require.True(t, opened.holds("state", cookieCanary))
	require.True(t, opened.holds("state", signedCanary))
}

// ends ends what was left running.
func (p *play) ends(t *testing.T, c *credentialed) {
	t.Helper()
	if c.refused {
		return
	}
	ctx := patient(t)
	p.service.note(p.service.released, c.name())
	done, err := starter.Attach[map[string]any](ctx, p.client, p.id(c, "done"))
	require.NoError(t, err)
	value, err := done.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, valueWord.text, value["text"])

	op, err := starter.Attach[any](ctx, p.client, p.id(c, "canceled"))
	require.NoError(t, err)
	require.NoError(t, op.Cancel(ctx, reasonWord.text))
	_, err = op.Wait(ctx, nil)
	require.Error(t, err)
	list, err := starter.AttachCollection[any](ctx, p.client, p.id(c, "links-canceled"))
	require.NoError(t, err)
	require.NoError(t, list.Cancel(ctx, reasonWord.text))
	stream, err := starter.AttachStream[string](ctx, p.client, p.id(c, "events-canceled"))
	require.NoError(t, err)
	require.NoError(t, stream.Cancel(ctx, reasonWord.text))
	_, err = rest(ctx, stream, 0)
	require.ErrorIs(t, err, &perdure.StreamError{Type: perdure.ErrorCanceled})
	p.keepsWhatIsNeeded(ctx, t, done)
}

// keepsWhatIsNeeded: a captured answer tells what was asked and how it was answered.
func (p *play) keepsWhatIsNeeded(ctx context.Context, t *testing.T, op *starter.Operation[map[string]any]) {
	t.Helper()
	r, err := op.RawResponse(ctx)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, r.Status)
	require.Equal(t, http.MethodGet, r.Request.Method)
	require.Regexp(t, `^http://[^?]+/value\?REDACTED$`, r.Request.URL)
	require.JSONEq(t, `{"ok":true,"text":"`+valueWord.text+`"}`, string(r.Body.JSON))
	for name, want := range map[string]string{
		"Content-Type": "application/json", "X-Request-Id": keptWord.text,
		"X-Upload": "https://store.example.com/put?REDACTED", "X-Next": "/put?REDACTED",
		"Link": "<" + p.service.URL + `/other?REDACTED>; rel="related"`,
	} {
		require.Equal(t, []string{want}, r.Headers[name], name)
	}
	require.Subset(t, []string{"Content-Length", "Content-Location", "Content-Type", "Date", "Link", "X-Base64", "X-Hex", "X-Next", "X-Percent", "X-Request-Id", "X-Upload"},
		namesOf(r.Headers), "secret headers are left out, by name too")
}

func namesOf(headers map[string][]string) (names []string) {
	for name := range headers {
		names = append(names, name)
	}
	return names
}

// isTold has the command line say all that it knows.
func (p *play) isTold(t *testing.T, c *credentialed) {
	t.Helper()
	if c.refused {
		p.printed(t, "errors", "wait", p.id(c, "done"))
		p.printed(t, "errors", "run", "POST", "/ops/done", "--service", c.name(), "--data", "{}")
		return
	}
	for _, story := range []string{"done", "failed", "rejected", "astray", "garbled", "ambiguous"} {
		p.printed(t, "status", "status", p.id(c, story))
		p.printed(t, "response", "response", p.id(c, story))
		p.printed(t, "token", "token", p.id(c, story))
	}
	for _, story := range []string{"failed", "rejected", "astray", "garbled", "unauthorized"} {
		p.printed(t, "errors", "wait", p.id(c, story))
	}
	for _, id := range []string{p.id(c, "links-failed"), p.id(c, "events-done"), p.id(c, "events-failed")} {
		p.printed(t, "status", "status", id)
		p.printed(t, "token", "token", id)
	}
	p.printed(t, "response", "response", p.id(c, "events-done"))
	p.printed(t, "pages", "pages", "--id", p.id(c, "links-failed"), "--quiet")
	p.printed(t, "events", "stream", "--id", p.id(c, "events-done"), "--quiet")
}

// printed takes down what a command prints, as JSON and, of the first service, as text.
func (p *play) printed(t *testing.T, what string, args ...string) {
	t.Helper()
	formats := []string{"json", "text"}
	if !strings.Contains(strings.Join(args, " "), p.services[0].name()) {
		formats = formats[:1]
	}
	for _, format := range formats {
		stdout, stderr, _ := p.perdure(p.server, "", with(args, "--output", format)...)
		p.add("command line: "+what, stdout, stderr)
	}
}

// all are the runs that visibility knows, once it knows those that were begun.
func (p *play) all(t *testing.T) []*workflowpb.WorkflowExecutionInfo {
	t.Helper()
	ctx := patient(t)
	var found []*workflowpb.WorkflowExecutionInfo
	eventually(ctx, t, "all are visible", func() bool {
		found = nil
		var next []byte
		for {
			page, err := p.raw.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
				Namespace: "default", Query: "TaskQueue = '" + p.queue + "'", NextPageToken: next,
			})
			require.NoError(t, err)
			found = append(found, page.GetExecutions()...)
			if next = page.GetNextPageToken(); len(next) == 0 {
				break
			}
		}
		known := map[string]bool{}
		for _, e := range found {
			known[e.GetExecution().GetWorkflowId()] = true
		}
		return !slices.ContainsFunc(p.services, func(c *credentialed) bool {
			return !known[p.id(c, "done")] || !known[p.id(c, "events-done")]
		})
	})
	return found
}

// describe takes down what a run is described by, with heartbeats and failures of
// attempts while it runs.
func (p *play) describe(t *testing.T, execution *commonpb.WorkflowExecution) {
	t.Helper()
	d, err := p.raw.WorkflowService().DescribeWorkflowExecution(t.Context(), &workflowservice.DescribeWorkflowExecutionRequest{Namespace: "default", Execution: execution})
	require.NoError(t, err)
	p.addMessage(t, "description", d)
	p.addMessage(t, "memo", d.GetWorkflowExecutionInfo().GetMemo())
	p.addMessage(t, "search attributes", d.GetWorkflowExecutionInfo().GetSearchAttributes())
	for _, a := range d.GetPendingActivities() {
		p.addMessage(t, "pending activities", a)
	}
}

// lookWhileRunning looks until it has seen a heartbeat from within the outage, which is not
// there all the time.
func (p *play) lookWhileRunning(t *testing.T) {
	t.Helper()
	seen := "pending activities"
	if p.decrypt != nil {
		seen += decrypted
	}
	eventually(patient(t), t, "a heartbeat tells of the outage", func() bool {
		for _, e := range p.all(t) {
			if e.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
				p.describe(t, e.GetExecution())
			}
		}
		return p.holds(seen, refusalWord)
	})
}

// lookAtAll takes down all that Temporal has of every run of every workflow, and what it
// shows of it.
func (p *play) lookAtAll(t *testing.T) {
	t.Helper()
	runs := map[string]int{}
	for _, e := range p.all(t) {
		runs[e.GetExecution().GetWorkflowId()]++
		p.addMessage(t, "visibility", e)
		p.describe(t, e.GetExecution())
		p.readHistory(t, e.GetExecution())
		answer, err := p.raw.WorkflowService().QueryWorkflow(t.Context(), &workflowservice.QueryWorkflowRequest{
			Namespace: "default", Execution: e.GetExecution(), Query: &querypb.WorkflowQuery{QueryType: "__temporal_workflow_metadata"},
		})
		require.NoError(t, err)
		p.addMessage(t, "current details", answer)
	}
	require.Greater(t, runs[p.id(p.services[0], "links-done")], 1, "it has continued as new")
}

func (p *play) readHistory(t *testing.T, execution *commonpb.WorkflowExecution) {
	t.Helper()
	var next []byte
	for {
		page, err := p.raw.WorkflowService().GetWorkflowExecutionHistory(t.Context(), &workflowservice.GetWorkflowExecutionHistoryRequest{
			Namespace: "default", Execution: execution, NextPageToken: next,
		})
		require.NoError(t, err)
		p.addMessage(t, "history", page.GetHistory())
		if next = page.GetNextPageToken(); len(next) == 0 {
			return
		}
	}
}

// search finds in each place what has to be there, and then no secret.
func (p *play) search(t *testing.T) {
	t.Helper()
	require.Empty(t, p.service.missing, "every request had its credential")
	for name, planted := range p.planted() {
		for _, c := range planted {
			require.True(t, p.holds(name, c), "%s is in: %s", c.name, name)
		}
	}
	secrets := p.secrets()
	for _, name := range p.names() {
		searched := secrets
		if slices.Contains(wordless, name) || p.decrypt != nil && !isForReaders(name) {
			searched = slices.Concat(secrets, ordinary)
		}
		for _, c := range searched {
			assert.False(t, p.holds(name, c), "%s is in: %s", c.name, name)
		}
	}
}

// wordless are the places that have nobody's words, also where nothing is encrypted.
var wordless = []string{"logs", "metrics", "traces"}

// isForReaders: the places that are shown to those who may read payloads.
func isForReaders(name string) bool {
	return name == "errors" || strings.HasPrefix(name, "command line: ") || strings.HasSuffix(name, decrypted)
}

// planted are the canaries that have to be found in each place.
func (p *play) planted() map[string][]canary {
	marker := []canary{p.services[0].marker()}
	out := map[string][]canary{
		"history": marker, "description": marker, "visibility": marker, "search attributes": marker,
		"logs": marker, "metrics": marker, "traces": marker, "errors": {refusalWord},
		"command line: errors": {refusalWord}, "command line: list": marker, "command line: status": {p.services[0].marker(), refusalWord},
		"command line: response": {keptWord, hexWord, base64Word, percentWord, valueWord}, "command line: token": marker,
		"command line: pages": {itemWord}, "command line: events": {eventWord},
	}
	readable := ""
	if p.decrypt != nil {
		readable = decrypted
	}
	for name, planted := range map[string][]canary{
		"history": ordinary, "memo": marker, "current details": marker, "pending activities": {refusalWord, outageWord},
	} {
		out[name+readable] = slices.Concat(out[name+readable], planted)
	}
	return out
}

// secrets are all that nobody may find, by their names: some services share theirs.
func (p *play) secrets() []canary {
	out := map[string]canary{}
	for _, c := range []canary{cookieCanary, headerCanary, challengeCanary, signedCanary} {
		out[c.name] = c
	}
	for _, service := range p.services {
		for _, c := range service.secrets {
			out[c.name] = c
		}
	}
	maps.Copy(out, p.service.observed)
	return slices.Collect(maps.Values(out))
}
