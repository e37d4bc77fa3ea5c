package e2e_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/jobservice"
)

// The list that these tests read: pages of five items.
const (
	itemsPath      = "/v1/items"
	printedPages   = 10 // pages
	printedPerPage = 5  // items a page
)

var getItems = []string{"pages", "GET", itemsPath, "--service", "jobs", "--quiet"}

func newPagesWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, settings{service: jobservice.Options{Items: jobservice.ItemOptions{Count: printedPages * printedPerPage, PerPage: printedPerPage}}})
	w.worker()
	return w
}

func with(args []string, more ...string) []string { return append(slices.Clip(args), more...) }

// holdPage holds the request for a page back until the function that it returns is
// called.
func (w *world) holdPage(index int) (release func()) {
	w.t.Helper()
	id, err := w.service.Inject(jobservice.Fault{Path: itemsPath, Page: &index, HoldUntilReleased: true})
	require.NoError(w.t, err)
	return func() { w.service.Release(id) }
}

// pageLines reads pages as they are printed, one a line, the first with the index 0.
func pageLines(t *testing.T, lines ...string) []perdure.Page {
	t.Helper()
	var pages []perdure.Page
	for i, line := range lines {
		var p perdure.Page
		require.NoError(t, perdure.Decode([]byte(line), &p), "line %d: %s", i, line)
		require.Equal(t, i, p.Index)
		pages = append(pages, p)
	}
	return pages
}

func linesOf(stdout string) []string { return strings.Split(strings.TrimSuffix(stdout, "\n"), "\n") }

// itemsOn are the numbers of the items on the pages.
func itemsOn(t *testing.T, pages []perdure.Page) []int {
	t.Helper()
	var numbers []int
	for _, p := range pages {
		var items []item
		require.NoError(t, json.Unmarshal(p.Values, &items))
		for _, i := range items {
			numbers = append(numbers, i.Number)
		}
	}
	return numbers
}

// printsRest demands that a command line prints the pages from one on, and no other.
func (w *world) printsRest(t *testing.T, from int, args ...string) {
	t.Helper()
	stdout, stderr, exit := w.perdure(w.server, "", with(args, "--output", "json")...)
	require.Zero(t, exit, "%s%s", stdout, stderr)
	pages := pageLines(t, linesOf(stdout)...)
	require.True(t, pages[len(pages)-1].Last)
	require.Equal(t, numbersFrom(from*printedPerPage, (printedPages-from)*printedPerPage), itemsOn(t, pages))
}

func TestPagesAreLines(t *testing.T) {
	t.Parallel()
	w := newPagesWorld(t)
	stdout, stderr, exit := w.perdure(w.server, "", with(getItems, "--id", w.queue, "--output", "json")...)
	require.Zero(t, exit, "%s%s", stdout, stderr)
	require.Empty(t, stderr)
	pages := pageLines(t, linesOf(stdout)...)
	require.Len(t, pages, printedPages)
	require.Equal(t, numbersFrom(0, printedPages*printedPerPage), itemsOn(t, pages))
	for i, p := range pages {
		require.Equal(t, i == printedPages-1, p.Last)
		require.Equal(t, p.Last, p.NextPageToken == "")
		require.NotEmpty(t, p.PageToken)
		require.Equal(t, http.StatusOK, p.Response.Status)
	}

	again, _, _ := w.perdure(w.server, "", with(getItems, "--id", w.queue, "--output", "json")...)
	require.Equal(t, stdout, again, "the same id is the same collection")
	values, _, exit := w.perdure(w.server, "", "pages", "--id", w.queue, "--values", "--quiet")
	require.Zero(t, exit)
	require.Len(t, linesOf(values), printedPages*printedPerPage)
	require.JSONEq(t, `{"id":"item_000007","number":7,"text":"Item 7"}`, linesOf(values)[7])
	require.Len(t, w.service.Books(), printedPages, "one request for each page")

	text, _, exit := w.perdure(w.server, "", with(getItems, "--max-pages", "2")...)
	require.Zero(t, exit)
	require.Regexp(t, `^page 0, 5 items: \[\{"id":"item_000000",.*\}\]\npage 1, 5 items: \[.*\]\n$`, text)
}

func TestPagesGoOnFromAToken(t *testing.T) {
	t.Parallel()
	w := newPagesWorld(t)
	wants := []string{"--type", "ListItems", "--audience", "tenant a"}
	stdout, stderr, exit := w.perdure(w.server, "", with(with(getItems, "--output", "json"), wants...)...)
	require.Zero(t, exit, "%s%s", stdout, stderr)
	third := pageLines(t, linesOf(stdout)...)[2]

	w.printsRest(t, 3, with([]string{"pages", "--quiet", "--from", third.NextPageToken}, wants...)...)
	w.printsRest(t, 2, with([]string{"pages", "--quiet", third.PageToken}, wants...)...)
	input, err := json.Marshal(perdure.CollectionInput{Token: third.NextPageToken, Type: "ListItems", Audience: "tenant a"})
	require.NoError(t, err)
	file := filepath.Join(w.dir, "input.json")
	require.NoError(t, os.WriteFile(file, input, 0o600))
	w.printsRest(t, 3, "pages", "--quiet", "--file", file)

	// One page, by its token on standard input.
	stdout, stderr, exit = w.perdure(w.server, third.PageToken, with([]string{"page", "-", "--output", "json"}, wants...)...)
	require.Zero(t, exit, "%s%s", stdout, stderr)
	one := pageLines(t, stdout)
	require.Equal(t, itemsOn(t, []perdure.Page{third}), itemsOn(t, one))
	w.printsRest(t, 3, with([]string{"pages", "--quiet", "--from", one[0].NextPageToken}, wants...)...)

	// It is refused here, where there is a keyset, and else by the worker.
	booked := len(w.service.Books())
	bare := filepath.Join(w.dir, "bare.yaml")
	require.NoError(t, os.WriteFile(bare, []byte("taskQueue: "+w.queue+"\n"), 0o600))
	for _, config := range []string{w.config, bare} {
		for _, verb := range []string{"pages", "page"} {
			got := w.fails(t, 1, third.NextPageToken, verb, "-", "--config", config, "--type", "ListItems")
			require.Equal(t, perdure.ErrorInvalidToken, got.Type)
			require.Contains(t, got.Message, "audience")
			require.NotContains(t, got.Message, third.NextPageToken)
		}
	}
	require.Len(t, w.service.Books(), booked, "and the service was not asked")
	w.printsRest(t, 3, with([]string{"pages", "--quiet", "--from", third.NextPageToken, "--config", bare}, wants...)...)
}

// printing is a command line whose standard output is read as it comes.
type printing struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout io.ReadCloser
	lines  *bufio.Reader
	stderr lockedBuffer
}

func (w *world) printing(args ...string) *printing {
	w.t.Helper()
	p := &printing{t: w.t, cmd: exec.CommandContext(w.t.Context(), perdureBinary, args...)}
	p.cmd.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+w.server.HostPort(), "PERDURE_CONFIG="+w.config)
	p.cmd.Stderr = &p.stderr
	var err error
	p.stdout, err = p.cmd.StdoutPipe()
	require.NoError(w.t, err)
	p.lines = bufio.NewReader(p.stdout)
	require.NoError(w.t, p.cmd.Start())
	return p
}

// next reads so many lines.
func (p *printing) next(n int) []string {
	p.t.Helper()
	var lines []string
	for range n {
		line, err := p.lines.ReadString('\n')
		require.NoError(p.t, err, "%s", p.stderr.String())
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	return lines
}

// rest reads to the end, and gives the exit status too.
func (p *printing) rest() (stdout string, exit int) {
	p.t.Helper()
	all, err := io.ReadAll(p.lines)
	require.NoError(p.t, err)
	_ = p.cmd.Wait()
	return string(all), p.cmd.ProcessState.ExitCode()
}

// As with "perdure pages … | head -3".
func TestPagesIntoAPipeThatIsClosed(t *testing.T) {
	t.Parallel()
	w := newPagesWorld(t)
	release := w.holdPage(6)
	p := w.printing(with(getItems, "--output", "json")...)
	pageLines(t, p.next(3)...)
	require.NoError(t, p.stdout.Close())
	release()
	err := p.cmd.Wait()
	require.Empty(t, p.stderr.String())
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); err != nil && ok {
		require.True(t, status.Signaled() && status.Signal() == syscall.SIGPIPE, "%v", err)
	}
}

func TestPagesThatAreInterrupted(t *testing.T) {
	t.Parallel()
	const held = 4
	t.Run("json", func(t *testing.T) {
		t.Parallel()
		w := newPagesWorld(t)
		w.holdPage(held)
		p := w.printing(with(getItems, "--id", w.queue, "--output", "json")...)
		before := pageLines(t, p.next(held)...)
		require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
		stdout, exit := p.rest()
		require.Equal(t, 1, exit)
		var last struct {
			Error         printedError `json:"error"`
			NextPageToken string       `json:"nextPageToken"`
		}
		require.NoError(t, json.Unmarshal([]byte(stdout), &last), "one line more: %s", stdout)
		require.Equal(t, "Stopped", last.Error.Type)
		require.Equal(t, w.queue, last.Error.WorkflowID)
		require.Equal(t, before[held-1].NextPageToken, last.NextPageToken)
		require.Empty(t, p.stderr.String())

		stdout, _, exit = w.perdure(w.server, "", "status", w.queue, "--output", "json")
		require.Zero(t, exit)
		var status perdure.CollectionStatus
		require.NoError(t, json.Unmarshal([]byte(stdout), &status))
		require.Equal(t, perdure.StateRunning, status.State, "the collection is left alone")
		require.Equal(t, held, status.Pages)

		require.Equal(t, numbersFrom(0, held*printedPerPage), itemsOn(t, before))
		w.printsRest(t, held, "pages", "--quiet", "--from", last.NextPageToken)
	})
	t.Run("text", func(t *testing.T) {
		t.Parallel()
		w := newPagesWorld(t)
		w.holdPage(held)
		p := w.printing(with(getItems, "--type", "List's", "--max-pages", "9")...)
		p.next(held)
		require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
		stdout, exit := p.rest()
		require.Equal(t, 1, exit)
		require.Empty(t, stdout)
		said := regexp.MustCompile(`^perdure: perdure-[0-9a-f-]+: stopped after 4 pages; the collection stays\ngo on with: perdure (pages .*)\n$`).FindStringSubmatch(p.stderr.String())
		require.NotNil(t, said, "%s", p.stderr.String())
		// What is said works when it is pasted into a shell.
		shell := exec.CommandContext(t.Context(), "sh", "-c", fmt.Sprintf("exec %s %s --quiet --values", perdureBinary, said[1]))
		shell.Env = p.cmd.Env
		out, err := shell.Output()
		require.NoError(t, err)
		values := linesOf(string(out))
		require.Len(t, values, (9-held)*printedPerPage, "as many as --max-pages left")
		require.JSONEq(t, `{"id":"item_000020","number":20,"text":"Item 20"}`, values[0])
	})
}

// What came before a page that fails stays, and its token goes on when that is mended.
func TestPagesThatFailInTheMiddle(t *testing.T) {
	t.Parallel()
	const broken = 3
	w := newPagesWorld(t)
	page := broken
	_, err := w.service.Inject(jobservice.Fault{
		Path: itemsPath, Page: &page, Times: -1, Status: http.StatusBadRequest,
		Headers: map[string]string{"Content-Type": "application/json"}, Body: json.RawMessage(`{"error":{"code":"bad_cursor","message":"no such cursor"}}`),
	})
	require.NoError(t, err)
	stdout, stderr, exit := w.perdure(w.server, "", with(getItems, "--output", "json")...)
	require.Equal(t, 10, exit, "%s%s", stdout, stderr)
	lines := linesOf(stdout)
	require.Len(t, lines, broken+1)
	pageLines(t, lines[:broken]...)
	var last struct {
		Error struct {
			Type    string                   `json:"type"`
			Message string                   `json:"message"`
			Status  perdure.CollectionStatus `json:"status"`
		} `json:"error"`
		NextPageToken string `json:"nextPageToken"`
	}
	require.NoError(t, json.Unmarshal([]byte(lines[broken]), &last))
	require.Equal(t, perdure.ErrorPageRejected, last.Error.Type)
	require.Contains(t, last.Error.Message, "no such cursor")
	require.Equal(t, broken, last.Error.Status.Pages)
	require.Equal(t, http.StatusBadRequest, last.Error.Status.Error.HTTPStatus)

	one := w.fails(t, 10, last.NextPageToken, "page", "-")
	require.Equal(t, perdure.ErrorPageRejected, one.Type)
	w.service.ClearFaults()
	w.printsRest(t, broken, "pages", "--quiet", "--from", last.NextPageToken)
}

// By its id a collection is looked at as an operation is.
func TestLookingAtACollectionFromAShell(t *testing.T) {
	t.Parallel()
	w := newPagesWorld(t)
	stdout, stderr, exit := w.perdure(w.server, "", with(getItems, "--id", w.queue, "--max-pages", "2", "--output", "json")...)
	require.Zero(t, exit, "%s%s", stdout, stderr)
	second := pageLines(t, linesOf(stdout)...)[1]

	stdout, _, exit = w.perdure(w.server, "", "status", w.queue)
	require.Zero(t, exit)
	require.Regexp(t, `(?m)^state +succeeded\npages +2\nitems +10$`, stdout)
	stdout, _, exit = w.perdure(w.server, "", "token", w.queue)
	require.Zero(t, exit)
	require.Equal(t, second.NextPageToken+"\n", stdout)
	stdout, _, exit = w.perdure(w.server, "", "cancel", w.queue)
	require.Zero(t, exit)
	require.Equal(t, w.queue+": over already: succeeded, 2 pages, 10 items\n", stdout)
	for _, verb := range []string{"wait", "poll", "resolve", "response"} {
		got := w.fails(t, 1, "", verb, w.queue)
		require.Equal(t, "NotFound", got.Type)
		require.Contains(t, got.Message, "is a collection")
	}

	release := w.holdPage(1)
	p := w.printing(with(getItems, "--id", w.queue+"-2", "--output", "json")...)
	pageLines(t, p.next(1)...)
	stdout, _, exit = w.perdure(w.server, "", "cancel", w.queue+"-2", "--reason", "enough", "--output", "json")
	require.Zero(t, exit)
	require.JSONEq(t, fmt.Sprintf(`{"workflowId":%q,"requested":true}`, w.queue+"-2"), stdout)
	stdout, exit = p.rest()
	release()
	require.Equal(t, 11, exit, "%s", stdout)
	require.Contains(t, stdout, `{"error":{"type":"Canceled"`)
}
