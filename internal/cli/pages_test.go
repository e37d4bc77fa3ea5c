package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/internal/cli"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// book is a collection of three pages, and their tokens: of page 0, 1 and 2.
type book struct {
	file   string // of the keyset
	tokens []tokens.Token
	pages  []*cli.Page
}

func newBook(t *testing.T, kind, audience string) book {
	t.Helper()
	b := book{file: filepath.Join(t.TempDir(), "keyset.json")}
	keys := newKeyset(t, b.file)
	values := [][]json.RawMessage{
		{json.RawMessage(`{"n":12345678901234567890.10,"t":"<a>"}`), json.RawMessage(`null`)},
		{},
		{json.RawMessage(`"last"`)},
	}
	for i := range values {
		token, err := keys.Seal(tokens.Header{
			Kind: tokens.KindPage, WorkflowID: "perdure-2", Type: kind, Audience: audience, IssuedAt: time.Now(),
		}, fmt.Append(nil, i))
		require.NoError(t, err)
		b.tokens = append(b.tokens, token)
	}
	for i, v := range values {
		p := &cli.Page{Values: v, Index: i, PageToken: b.tokens[i], Last: i == len(values)-1}
		if !p.Last {
			p.NextPageToken = b.tokens[i+1]
		}
		b.pages = append(b.pages, p)
	}
	b.pages[0].Response = &perdure.Response{Status: 200, Request: perdure.RequestLine{Method: "GET", URL: "https://jobs.example.com/items"}}
	return b
}

// collection is the book behind a handle that ends with err.
func (b book) collection(err error) *fakeCollection {
	return &fakeCollection{
		id: "perdure-2", pages: b.pages, err: err,
		status: func() perdure.CollectionStatus {
			return perdure.CollectionStatus{State: perdure.StateRunning, Pages: 2, Items: 2}
		},
	}
}

// cut is the collection up to a page.
func (b book) cut(pages int, err error) *fakeCollection {
	c := b.collection(err)
	c.pages = c.pages[:pages]
	return c
}

func getItems(more ...string) []string {
	return append([]string{"pages", "get", "/items", "--service", "jobs", "--id", "perdure-2"}, more...)
}

func TestPagesPrintsEveryPage(t *testing.T) {
	t.Parallel()
	b := newBook(t, "", "")
	e := &fakeEngine{collection: b.collection(nil)}
	require.Equal(t, ran{
		stdout: `page 0, 2 items: [{"n":12345678901234567890.10,"t":"<a>"},null]` + "\npage 1, 0 items: []\npage 2, 1 item: [\"last\"]\n",
		stderr: "perdure-2: 3 pages, 3 items\n",
	}, command(t, e, getItems()...))
	require.Equal(t, perdure.CollectionInput{Request: &perdure.Request{Service: "jobs", Method: "GET", URL: "/items"}}, e.asked)
	require.Equal(t, "perdure-2", e.askedID)

	require.Equal(t, ran{stdout: `{"n":12345678901234567890.10,"t":"<a>"}` + "\nnull\n\"last\"\n"},
		command(t, e, getItems("--values", "--quiet")...))
	require.Equal(t, ran{stdout: `{"n":12345678901234567890.10,"t":"<a>"}` + "\nnull\n\"last\"\n", stderr: "perdure-2: 3 pages, 3 items\n"},
		command(t, e, getItems("--values", "--output", "json")...))
}

func TestPagesPrintsTheContractsPage(t *testing.T) {
	t.Parallel()
	b := newBook(t, "", "")
	got := command(t, &fakeEngine{collection: b.collection(nil)}, getItems("--output", "json", "--quiet")...)
	require.Empty(t, got.stderr)
	lines := strings.Split(got.stdout, "\n")
	require.Equal(t, []string{
		`{"values":[{"n":12345678901234567890.10,"t":"<a>"},null],"pageToken":"` + b.tokens[0].Text() + `","nextPageToken":"` + b.tokens[1].Text() +
			`","last":false,"index":0,"response":{"status":200,"request":{"method":"GET","url":"https://jobs.example.com/items"},"receivedAt":"0001-01-01T00:00:00Z"}}`,
		`{"values":[],"pageToken":"` + b.tokens[1].Text() + `","nextPageToken":"` + b.tokens[2].Text() + `","last":false,"index":1}`,
		`{"values":["last"],"pageToken":"` + b.tokens[2].Text() + `","last":true,"index":2}`,
		"",
	}, lines)
}

func TestPagesWithoutAnIDChoosesOne(t *testing.T) {
	t.Parallel()
	e := &fakeEngine{collection: newBook(t, "", "").collection(nil)}
	require.Zero(t, command(t, e, "pages", "GET", "/items", "--service", "jobs").status)
	require.True(t, strings.HasPrefix(e.askedID, "perdure-"))
	require.NotEqual(t, "perdure-2", e.askedID)
}

// A collection that stopped early says how to go on.
func TestPagesThatStopEarly(t *testing.T) {
	t.Parallel()
	b := newBook(t, "List", "it's me")
	e := &fakeEngine{collection: b.cut(2, nil)}
	got := command(t, e, getItems("--max-pages", "2", "--values")...)
	require.Equal(t, 2, e.asked.MaxPages)
	require.Equal(t, "perdure-2: 2 pages, 2 items\nthere are more, go on with: perdure pages --from "+b.tokens[2].Text()+
		` --type List --audience 'it'\''s me' --values`+"\n", got.stderr)
	got = command(t, e, getItems("--max-pages", "2", "--output", "json")...)
	require.Equal(t, "perdure-2: 2 pages, 2 items\n", got.stderr, "the last page has the token")
}

// What came stays; the failure is the last line, and says where to go on.
func TestPagesThatFailBetweenPages(t *testing.T) {
	t.Parallel()
	for kind, status := range map[string]int{
		perdure.ErrorPageRejected: 10, perdure.ErrorOperationTimedOut: 13, perdure.ErrorCanceled: 11,
		perdure.ErrorProtocolViolation: 1, perdure.ErrorResponseTooLarge: 1, perdure.ErrorCredentialFailed: 1,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b := newBook(t, "", "")
			bad := &perdure.CollectionError{
				Type: kind, Message: "Code: in the service's words",
				Status: perdure.CollectionStatus{State: perdure.StateRunning, Pages: 2, ErrorType: kind},
			}
			e := &fakeEngine{collection: b.cut(2, bad)}
			got := command(t, e, getItems("--output", "json", "--max-pages", "9")...)
			require.Equal(t, status, got.status)
			require.Empty(t, got.stderr)
			lines := strings.Split(got.stdout, "\n")
			require.Len(t, lines, 4)
			require.Equal(t, `{"error":{"type":"`+kind+`","message":"Code: in the service's words","workflowId":"perdure-2",`+
				`"status":{"state":"running","done":false,"pages":2,"items":0,"errorType":"`+kind+`"}},"nextPageToken":"`+b.tokens[2].Text()+`"}`, lines[2])

			got = command(t, e, getItems("--max-pages", "9")...)
			require.Equal(t, status, got.status)
			require.Equal(t, 2, strings.Count(got.stdout, "\n"))
			require.Equal(t, "perdure: perdure-2: "+kind+": Code: in the service's words\n"+
				"go on with: perdure pages --from "+b.tokens[2].Text()+" --max-pages 7\n", got.stderr)
		})
	}
}

func TestPagesWithoutAFirstPage(t *testing.T) {
	t.Parallel()
	b := newBook(t, "", "")
	bad := &perdure.CollectionError{Type: perdure.ErrorPageRejected, Message: "PageRejected: no", Status: perdure.CollectionStatus{State: perdure.StateStarting}}
	got := command(t, &fakeEngine{collection: b.cut(0, nil), pageErr: bad}, "pages", "--token-file", tokenFile(t, b.tokens[1]))
	require.Equal(t, ran{status: 10, stderr: got.stderr}, got)
	require.Regexp(t, `^perdure: perdure-[0-9a-f-]+: PageRejected: no\n$`, got.stderr, "a token that does not work is not recommended")

	// Refused before anything was started.
	got = command(t, &fakeEngine{pageErr: tokens.ErrExpired}, "pages", b.tokens[1].Text())
	require.Equal(t, ran{status: 1, stderr: "perdure: the token is refused: expired\n"}, got)
}

func TestPagesWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		kind string
		want string
	}{
		{&perdure.CollectionError{Type: perdure.ErrorCanceled}, "Canceled", "the collection was canceled"},
		{&perdure.CollectionError{Type: perdure.ErrorPageRejected}, "PageRejected", "the service gave no reason"},
		{fmt.Errorf("%w: %q", starter.ErrTerminated, "perdure-2"), "Terminated", "the tokens of its pages still go on"},
		{fmt.Errorf("starter: page 7: the run is gone: %w", starter.ErrNotFound), "NotFound", "page 7: the run is gone"},
		{errors.New("starter: the line is dead"), "Error", "the line is dead"},
	} {
		got := command(t, &fakeEngine{collection: newBook(t, "", "").cut(0, c.err)}, getItems("-o", "json")...)
		kind, message, id, _ := failureOf(t, got)
		require.Equal(t, c.kind, kind)
		require.Contains(t, message, c.want)
		require.NotContains(t, message, "perdure list")
		require.Equal(t, "perdure-2", id)
	}
}

// Ctrl-C stops the reading only, and says how to go on.
func TestPagesThatAreStopped(t *testing.T) {
	t.Parallel()
	b := newBook(t, "List", "")
	stopAfterOne := func(args ...string) ran {
		ctx, cancel := context.WithCancelCause(t.Context())
		c := b.collection(nil)
		c.between = func() { cancel(errors.New("interrupt signal received")) }
		got := commandIn(ctx, &fakeEngine{collection: c}, getItems(args...)...)
		require.Nil(t, c.reason, "nothing is canceled")
		return got
	}
	got := stopAfterOne("--max-pages", "3")
	require.Equal(t, 1, got.status)
	require.Equal(t, 1, strings.Count(got.stdout, "\n"))
	require.Equal(t, "perdure: perdure-2: stopped after 1 page; the collection stays\n"+
		"go on with: perdure pages --from "+b.tokens[1].Text()+" --type List --max-pages 2\n", got.stderr)

	got = stopAfterOne("--output", "json")
	require.Equal(t, 1, got.status)
	require.Empty(t, got.stderr)
	require.Equal(t, `{"error":{"type":"Stopped","message":"stopped after 1 page; the collection stays","workflowId":"perdure-2"},"nextPageToken":"`+
		b.tokens[1].Text()+`"}`, strings.Split(got.stdout, "\n")[1])
}

func TestPagesThatAreStoppedBeforeTheFirst(t *testing.T) {
	t.Parallel()
	b := newBook(t, "", "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := b.collection(nil)
	c.block = true
	got := commandIn(ctx, &fakeEngine{collection: c}, "pages", "GET", "/items", "--service", "jobs", "--id", "my items", "-o", "json")
	require.Equal(t, 1, got.status)
	require.Equal(t, `{"error":{"type":"Stopped","message":"stopped; the collection stays, and this reads it: perdure pages --id 'my items'","workflowId":"my items"}}`+"\n", got.stdout)

	got = commandIn(ctx, &fakeEngine{collection: c}, "pages", "--from", b.tokens[1].Text(), "--quiet")
	require.Contains(t, got.stderr, "go on with: perdure pages --from "+b.tokens[1].Text()+"\n")
}

// Who reads with head has seen enough: that is no error.
func TestPagesIntoAClosedPipe(t *testing.T) {
	t.Parallel()
	b := newBook(t, "", "")
	out, in := io.Pipe()
	var log bytes.Buffer
	done := make(chan int)
	go func() {
		done <- cli.MainWith(t.Context(), cli.Process{Args: getItems(), Stdin: strings.NewReader(""), Stdout: in, Stderr: &log},
			&fakeEngine{collection: b.collection(nil)})
	}()
	_, err := out.Read(make([]byte, 1000))
	require.NoError(t, err)
	require.NoError(t, out.Close())
	require.Zero(t, <-done)
	require.Empty(t, log.String())
}

func TestPagesOfACollectionThatIsThere(t *testing.T) {
	t.Parallel()
	b := newBook(t, "", "")
	e := &fakeEngine{attachErr: starter.ErrNotFound, collection: b.collection(nil)}
	got := command(t, e, "pages", "--id", "perdure-2", "--values")
	require.Equal(t, ran{stdout: `{"n":12345678901234567890.10,"t":"<a>"}` + "\nnull\n\"last\"\n", stderr: "perdure-2: 3 pages, 3 items\n"}, got)
	require.Empty(t, e.askedID, "nothing is started")

	require.Equal(t, ran{status: 1, stderr: "perdure: \"perdure-1\" is an operation, which has no pages; its value: perdure wait perdure-1\n"},
		command(t, &fakeEngine{op: running()}, "pages", "--id", "perdure-1"))
	require.Equal(t, 2, command(t, e, "pages", "--id", "perdure-2", "--service", "jobs").status, "a request without METHOD URL")
}

// A token goes on: from an argument, a flag, a file, standard input or an input file.
func TestPagesFromAToken(t *testing.T) {
	t.Parallel()
	b := newBook(t, "List", "me")
	text := b.tokens[1].Text()
	want := perdure.CollectionInput{Token: text, Type: "List", Audience: "me"}
	input := filepath.Join(t.TempDir(), "items.yaml")
	require.NoError(t, os.WriteFile(input, []byte("token: "+text+"\ntype: List\naudience: me\n"), 0o600))
	first := filepath.Join(t.TempDir(), "first.yaml")
	require.NoError(t, os.WriteFile(first, []byte(
		"request: {service: jobs, method: GET, url: /items}\ntype: List\naudience: me\nprotocol: {name: nextlink}\nmaxPages: 7\n"), 0o600))
	wants := []string{"--type", "List", "--audience", "me"}
	for name, c := range map[string]struct {
		args []string
		want perdure.CollectionInput
	}{
		"argument":             {append([]string{text}, wants...), want},
		"flag":                 {append([]string{"--from", text}, wants...), want},
		"token file":           {append([]string{"--token-file", tokenFile(t, b.tokens[1])}, wants...), want},
		"input file":           {[]string{"--file", input}, want},
		"over an input's file": {[]string{"--file", first, "--from", text}, perdure.CollectionInput{Token: text, Type: "List", Audience: "me", Service: "jobs", MaxPages: 7}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := &fakeEngine{collection: b.collection(nil)}
			got := command(t, e, append([]string{"pages"}, c.args...)...)
			require.Zero(t, got.status, got.stderr)
			require.Equal(t, c.want, e.asked)
		})
	}
}

// Where there is a keyset a token is verified before anything is asked.
func TestPagesVerifiesTheToken(t *testing.T) {
	t.Parallel()
	b := newBook(t, "List", "")
	for _, verb := range []string{"pages", "page"} {
		e := &fakeEngine{collection: b.collection(nil), page: b.pages[1]}
		require.Contains(t, command(t, e, verb, b.tokens[1].Text(), "--keyset", b.file).stderr, "the token is refused: wrong type")
		require.Zero(t, e.asked)
		require.Zero(t, command(t, e, verb, b.tokens[1].Text(), "--keyset", b.file, "--type", "List").status)
		require.Equal(t, b.tokens[1].Text(), e.asked.Token)

		operation := sealed(t, newKeyset(t, filepath.Join(t.TempDir(), "other.json")))
		require.Contains(t, command(t, e, verb, operation.Text(), "--keyset", b.file).stderr, "the token is refused: key retired")
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	b := newBook(t, "List", "")
	e := &fakeEngine{page: b.pages[0]}
	require.Equal(t, ran{
		stdout: "[\n  {\n    \"n\": 12345678901234567890.10,\n    \"t\": \"<a>\"\n  },\n  null\n]\n",
		stderr: "this page again: perdure page " + b.tokens[0].Text() + " --type List\nthe next page: perdure page " + b.tokens[1].Text() + " --type List\n",
	}, command(t, e, "page", "GET", "/items", "--service", "jobs"))
	require.Equal(t, "/items", e.asked.Request.URL)

	got := command(t, e, "page", "GET", "/items", "--service", "jobs", "--output", "json")
	require.Empty(t, got.stderr)
	var page perdure.Page
	require.NoError(t, perdure.Decode([]byte(got.stdout), &page))
	require.Equal(t, b.tokens[1].Text(), page.NextPageToken)
	require.Equal(t, `[{"n":12345678901234567890.10,"t":"<a>"},null]`, string(page.Values))

	require.Equal(t, ran{stdout: "\"last\"\n", stderr: "this page again: perdure page " + b.tokens[2].Text() + " --type List\nthis is the last page\n"},
		command(t, &fakeEngine{page: b.pages[2]}, "page", b.tokens[2].Text(), "--type", "List", "--values"))
	require.Equal(t, "there are more; where the next one is does not fit into a token, and \"perdure pages\" goes through all\n",
		command(t, &fakeEngine{page: &cli.Page{}}, "page", "GET", "/items", "--service", "jobs").stderr)
}

func TestPageThatCannotBeHad(t *testing.T) {
	t.Parallel()
	get := []string{"page", "GET", "/items", "--service", "jobs"}
	bad := &perdure.CollectionError{Type: perdure.ErrorPageRejected, Message: "gone", Status: perdure.CollectionStatus{State: perdure.StateFailed}}
	require.Equal(t, ran{status: 10, stderr: "perdure: PageRejected: gone\n"}, command(t, &fakeEngine{pageErr: bad}, get...))
	require.Equal(t, ran{status: 10, stdout: `{"error":{"type":"PageRejected","message":"gone","status":{"state":"failed","done":false,"pages":0,"items":0}}}` + "\n"},
		command(t, &fakeEngine{pageErr: bad}, append(get, "--output", "json")...))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, ran{status: 1, stderr: "perdure: stopped; the page is not fetched any more\n"},
		commandIn(ctx, &fakeEngine{pageErr: context.Canceled}, get...))
}

// Without a terminal: a line when something changed, at most every few seconds.
func TestProgressOfPages(t *testing.T) {
	t.Parallel()
	b := newBook(t, "", "")
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		c := b.collection(nil)
		c.between = func() { time.Sleep(6 * time.Second) }
		c.status = func() perdure.CollectionStatus {
			s := perdure.CollectionStatus{State: perdure.StateRunning, Pages: 1 + int(time.Since(began)/(6*time.Second)), Items: 2}
			if s.Pages > 1 {
				s.LastError = &perdure.TimedError{Error: perdure.ServiceError{Code: "503", Message: "busy"}}
			}
			return s
		}
		got := command(t, &fakeEngine{collection: c}, getItems()...)
		require.Equal(t, "perdure-2: running, 1 page, 2 items\nperdure-2: running, 2 pages, 2 items; asking fails: 503: busy\nperdure-2: 3 pages, 3 items\n", got.stderr)
	})
}

func tokenFile(t *testing.T, token tokens.Token) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.token")
	require.NoError(t, os.WriteFile(file, []byte(token.Text()+"\n"), 0o600))
	return file
}
