package webapptest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// Pictures of Temporal's web UI for the documentation, where they are asked for: what a
// person finds there of operations of every kind.
func TestWebUIScreenshots(t *testing.T) {
	dir := os.Getenv("PERDURE_SCREENSHOTS")
	if dir == "" {
		t.Skip("PERDURE_SCREENSHOTS names no folder")
	}
	s := newScene(t)
	s.play()
	ui := newWebUI(t)

	ui.show("/workflows", "nightly")
	ui.picture(filepath.Join(dir, "list.png"))
	ui.show(s.page("nightly", "user-metadata"), "nightly")
	ui.picture(filepath.Join(dir, "running.png"))
	ui.show(s.page("archive", "user-metadata"), "archive")
	ui.picture(filepath.Join(dir, "ambiguous.png"))
	ui.show(s.page("handbook", "timeline"), "handbook")
	evaluate[any](ui.tab, `[...document.querySelectorAll("h1, h2, h3")].find(e => e.innerText.startsWith("Timeline"))?.scrollIntoView()`)
	ui.do("let it settle", chromedp.Sleep(time.Second))
	ui.picture(filepath.Join(dir, "resumed.png"))
}

// page of a workflow.
func (s *scene) page(id, tab string) string {
	s.t.Helper()
	d, err := s.dialed.DescribeWorkflowExecution(s.t.Context(), id, "")
	require.NoError(s.t, err)
	return "/workflows/" + id + "/" + d.GetWorkflowExecutionInfo().GetExecution().GetRunId() + "/" + tab
}

// scene is a service with operations, and their client.
type scene struct {
	*world

	perdure *starter.Client
	dialed  client.Client
}

func newScene(t *testing.T) *scene {
	t.Helper()
	if browser == nil {
		t.Skip("there is no Chromium or Chrome here; on Debian: apt-get install chromium")
	}
	service, err := jobservice.New(jobservice.Options{NoIdempotency: true})
	require.NoError(t, err)
	listener := httptest.NewServer(service)
	t.Cleanup(func() { listener.CloseClientConnections(); listener.Close(); _ = service.Close() })
	dir := t.TempDir()
	_, err = tokens.Create(filepath.Join(dir, "keyset.json"))
	require.NoError(t, err)
	config := filepath.Join(dir, "perdure.yaml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `tokens: {keysetFile: keyset.json}
worker: {drainSeconds: 1}
services:
  openai:
    baseURL: %s/v1
    allowPrivateNetwork: true
    protocol: {name: openai}
    polling: {intervalSeconds: 2}
`, listener.URL), 0o600))
	dialed, err := client.Dial(client.Options{HostPort: temporal.HostPort(), ConnectionOptions: unhurried})
	require.NoError(t, err)
	t.Cleanup(dialed.Close)
	c, err := starter.New(dialed, starter.Options{})
	require.NoError(t, err)
	return &scene{world: &world{t: t, service: service, config: config}, perdure: c, dialed: dialed}
}

// play has one operation of each kind: succeeded, failed and canceled; one whose worker
// was killed while it went on, and one whose worker was killed while its start was on the
// way; and one that is at work.
func (s *scene) play() {
	s.work()
	invoices := s.start("invoices", vectorStore("invoices", `{}`))
	_ = s.start("contracts", vectorStore("contracts", `{"fail":"quota"}`))
	drafts := s.start("drafts", batch(`{"seconds":"600"}`))
	require.NoError(s.t, drafts.Cancel(s.t.Context(), "superseded"))
	_, err := invoices.Wait(s.t.Context(), nil)
	require.NoError(s.t, err)

	handbook := s.start("handbook", vectorStore("handbook", `{"seconds":"18"}`))
	s.booked("it was polled", func(b jobservice.Books) bool { return len(b.Polls(handbook.LastStatus().RemoteID)) > 0 })
	s.killInStart("archive", vectorStore("archive", `{}`))
	_, err = handbook.Wait(s.t.Context(), nil)
	require.NoError(s.t, err)

	nightly := s.start("nightly", batch(`{"seconds":"120","requests":"500"}`))
	require.Eventually(s.t, func() bool {
		status, err := nightly.Status(s.t.Context())
		return err == nil && status.PercentComplete != nil && *status.PercentComplete >= 15
	}, time.Minute, 200*time.Millisecond)
}

func (s *scene) start(id string, in perdure.OperationInput) *starter.Operation[json.RawMessage] {
	s.t.Helper()
	op, err := starter.Start[json.RawMessage](s.t.Context(), s.perdure, in, &starter.StartOptions{ID: id})
	require.NoError(s.t, err)
	return op
}

// killInStart starts one, and kills the worker before the answer arrives.
func (s *scene) killInStart(id string, in perdure.OperationInput) {
	s.t.Helper()
	before := len(s.service.Books().Starts())
	fault, err := s.service.Inject(jobservice.Fault{Action: jobservice.Start, HoldUntilReleased: true})
	require.NoError(s.t, err)
	ended := make(chan error, 1)
	go func() {
		_, err := starter.Start[json.RawMessage](s.t.Context(), s.perdure, in, &starter.StartOptions{ID: id})
		ended <- err
	}()
	s.booked("the start has arrived", func(b jobservice.Books) bool { return len(b.Starts()) > before })
	s.worker.kill()
	s.service.Release(fault)
	s.work()
	var bad *perdure.OperationError
	require.True(s.t, errors.As(<-ended, &bad))
	require.Equal(s.t, perdure.ErrorStartAmbiguous, bad.Type)
}

func vectorStore(name, metadata string) perdure.OperationInput {
	return posted("CreateVectorStore", "/vector_stores", fmt.Sprintf(`{"name":%q,"metadata":%s}`, name, metadata))
}

func batch(metadata string) perdure.OperationInput {
	return posted("CreateBatch", "/batches",
		`{"input_file_id":"file-1","endpoint":"/v1/embeddings","completion_window":"24h","metadata":`+metadata+`}`)
}

func posted(name, url, body string) perdure.OperationInput {
	return perdure.OperationInput{
		Type:    name,
		Request: &perdure.Request{Service: "openai", Method: "POST", URL: url, Body: perdure.JSONBody(json.RawMessage(body))},
	}
}

// webUI is Temporal's, in a window.
type webUI struct{ *tab }

// The list's columns are what a person chooses in the list, and kept by the browser.
const columns = `localStorage.setItem("namespace-workflow-table-columns", JSON.stringify({default:
	["Status", "Workflow ID", "PerdureState", "PerdurePercent", "PerdureService", "PerdureServiceStatus", "Start"].map(label => ({label}))}))`

func newWebUI(t *testing.T) webUI {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(1440, 860))) // without a time-out: the window lives as long as this context
	ui := webUI{&tab{t: t, ctx: ctx}}
	ui.do("open it", chromedp.Navigate(temporal.UIURL()+"/healthz"))
	evaluate[any](ui.tab, columns)
	return ui
}

// show opens a page of the namespace, and waits until it shows a text and is quiet.
func (ui webUI) show(page, text string) {
	ui.t.Helper()
	ui.do("open "+page, chromedp.Navigate(temporal.UIURL()+"/namespaces/default"+page))
	ctx, cancel := context.WithTimeout(ui.ctx, 3*patience)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](fmt.Sprintf("document.body.innerText.includes(%q)", text)))
	require.NoError(ui.t, err, "%s does not show %q", page, text)
	ui.do("let it settle", chromedp.Sleep(2*time.Second))
}
