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

// streamOf is a stream with these data, that ends with err.
func streamOf(err error, data ...string) *fakeStream {
	s := &fakeStream{
		id: "chat-7", err: err,
		status: func() perdure.StreamStatus {
			return perdure.StreamStatus{State: perdure.StateRunning, Events: len(data), Bytes: 9}
		},
	}
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for i, raw := range data {
		s.events = append(s.events, &cli.Event{Offset: i, Type: "message", Data: json.RawMessage(raw), At: at})
	}
	return s
}

func chat(more ...string) []string {
	return append([]string{"stream", "post", "/chat", "--service", "ai", "--protocol", "openai", "--id", "chat-7"}, more...)
}

func streaming(s *fakeStream) *fakeEngine { return &fakeEngine{fakeStreams: fakeStreams{stream: s}} }

func TestStreamPrintsEveryEvent(t *testing.T) {
	t.Parallel()
	e := streaming(streamOf(nil, `"hello <you>"`, `"{\"n\":1.50}"`, `{"n":12345678901234567890.10}`, `""`, `null`, `"\u0074wo\nlines"`, `"\u001b[2J"`, `"tab\tbed"`))
	require.Equal(t, ran{
		stdout: "hello <you>\n{\"n\":1.50}\n{\"n\":12345678901234567890.10}\n\nnull\n" + `"\u0074wo\nlines"` + "\n" + `"\u001b[2J"` + "\ntab\tbed\n",
		stderr: "chat-7: 8 events\n",
	}, command(t, e, chat("--data", `{"stream":true}`)...))
	require.Equal(t, perdure.StreamInput{
		Request:  &perdure.Request{Service: "ai", Method: "POST", URL: "/chat", Body: perdure.JSONBody(json.RawMessage(`{"stream":true}`))},
		Protocol: &perdure.ProtocolChoice{Name: "openai"},
	}, e.opened)
	require.Equal(t, "chat-7", e.openedID)
}

func TestStreamPrintsTheContractsEvent(t *testing.T) {
	t.Parallel()
	s := streamOf(nil, `"<a>"`, `{"n":12345678901234567890.10}`)
	s.events[1].Type, s.events[1].ID = "delta", "e-1"
	require.Equal(t, ran{stdout: `{"offset":0,"type":"message","data":"<a>","at":"2026-03-04T05:06:07Z"}` + "\n" +
		`{"offset":1,"type":"delta","id":"e-1","data":{"n":12345678901234567890.10},"at":"2026-03-04T05:06:07Z"}` + "\n"},
		command(t, streaming(s), chat("--output", "json", "--quiet")...))
}

// As a chat client would show it.
func TestStreamPrintsTheTextOfEvents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, expression, want string
		data                   []string
	}{
		{
			name: "a chat", expression: "choices[0].delta.content", want: "Hello,\n world",
			data: []string{
				`{"choices":[{"delta":{"role":"assistant","content":null}}]}`, `{"choices":[{"delta":{"content":"Hello,"}}]}`,
				`{"choices":[{"delta":{"content":"\n world"}}]}`, `{"choices":[],"usage":{"total_tokens":9}}`,
			},
		},
		{name: "data that are strings", expression: "delta", want: "Hi", data: []string{`"{\"delta\":\"H\"}"`, `"[DONE]"`, `"{\"delta\":\"i\"}"`, `"delta"`}},
		{name: "plain text", expression: "@", want: "a b", data: []string{`"a "`, `"b"`}},
		{name: "every digit", expression: "n", want: "12345678901234567890.101.50true", data: []string{`{"n":12345678901234567890.10}`, `{"n":1.50}`, `{"n":true}`}},
		{name: "what is no text", expression: "n", want: `{"a":"<"}[1]`, data: []string{`{"n":{"a":"<"}}`, `{"n":[1]}`, `{"n":""}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := command(t, streaming(streamOf(nil, c.data...)), chat("--text", c.expression)...)
			require.Equal(t, ran{stdout: c.want, stderr: fmt.Sprintf("chat-7: %d events\n", len(c.data))}, got)
		})
	}
	require.Equal(t, "a\tb[2J\nc\u00e9", cli.Harmless("a\tb\x1b[2J\u009b\r\nc\u00e9"), "a terminal is not steered")
}

func TestStreamWithoutAnIDChoosesOne(t *testing.T) {
	t.Parallel()
	e := streaming(streamOf(nil, `1`))
	require.Zero(t, command(t, e, "stream", "GET", "/events", "--service", "jobs", "--protocol", "sse").status)
	require.True(t, strings.HasPrefix(e.openedID, "perdure-"))
}

func TestStreamFromAnOffset(t *testing.T) {
	t.Parallel()
	s := streamOf(nil, `"0"`, `"1"`, `"2"`)
	e := streaming(s)
	e.attachErr = starter.ErrNotFound
	require.Equal(t, ran{stdout: "1\n2\n", stderr: "chat-7: 2 events\n"}, command(t, e, "stream", "--id", "chat-7", "--from", "1"))
	require.Equal(t, []int{1}, s.from)
	require.Empty(t, e.openedID, "nothing is started")
	require.Equal(t, ran{stdout: "2\n", stderr: "chat-7: 1 event\n"}, command(t, e, chat("--from", "2")...))
}

// Of a stream that was taken up from a token the record may begin later. Who asks for an
// offset gets that one or none.
func TestStreamBeginsWhereTheRecordDoes(t *testing.T) {
	t.Parallel()
	s := streamOf(nil, `"0"`, `"1"`, `"2"`)
	s.events = s.events[1:]
	s.status = func() perdure.StreamStatus {
		return perdure.StreamStatus{State: perdure.StateRunning, Segments: []perdure.StreamSegment{{RunID: "run", FirstOffset: 1}, {RunID: "later", FirstOffset: 2}}}
	}
	require.Equal(t, ran{stdout: "1\n2\n", stderr: "chat-7: 2 events\n"}, command(t, streaming(s), chat()...))
	require.Equal(t, []int{0, 1}, s.from)
	require.Equal(t, ran{status: 1, stderr: "perdure: chat-7: that event is not kept here\n"}, command(t, streaming(s), chat("--from", "0")...))
}

// While no worker answers it is not known where the record begins.
func TestStreamBeginsWhereAWorkerSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := streamOf(nil, `"0"`, `"1"`)
		s.events = s.events[1:]
		busy := 3
		s.status = func() perdure.StreamStatus {
			if busy--; busy >= 0 {
				return perdure.StreamStatus{State: perdure.StateRunning, Stale: true}
			}
			return perdure.StreamStatus{State: perdure.StateRunning, Segments: []perdure.StreamSegment{{RunID: "run", FirstOffset: 1}}}
		}
		require.Equal(t, ran{stdout: "1\n"}, command(t, streaming(s), chat("--quiet")...))
	})
}

// What came stays; the failure is the last line. The stream is over: there is nowhere to
// go on.
func TestStreamsThatEndBadly(t *testing.T) {
	t.Parallel()
	for kind, status := range map[string]int{
		perdure.ErrorOperationFailed: 10, perdure.ErrorStartRejected: 10, perdure.ErrorPollRejected: 10, perdure.ErrorCanceled: 11,
		perdure.ErrorStartAmbiguous: 12, perdure.ErrorStreamBroken: 1, perdure.ErrorProtocolViolation: 1, perdure.ErrorEventTooLarge: 1,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			bad := &perdure.StreamError{
				Type: kind, Message: kind + ": in the service's words",
				Status: perdure.StreamStatus{State: perdure.StateFailed, Done: true, Events: 1, Bytes: 3, ErrorType: kind},
			}
			e := streaming(streamOf(bad, `"a"`))
			got := command(t, e, chat("--output", "json")...)
			require.Equal(t, ran{status: status, stdout: `{"offset":0,"type":"message","data":"a","at":"2026-03-04T05:06:07Z"}` + "\n" +
				`{"error":{"type":"` + kind + `","message":"in the service's words","workflowId":"chat-7",` +
				`"status":{"state":"failed","done":true,"events":1,"bytes":3,"reconnects":0,"errorType":"` + kind + `"}}}` + "\n"}, got)
			require.Equal(t, ran{status: status, stdout: "a\n", stderr: "perdure: chat-7: " + kind + ": in the service's words\n"}, command(t, e, chat()...))
		})
	}
}

func TestStreamWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		kind string
		want string
	}{
		{&perdure.StreamError{Type: perdure.ErrorCanceled}, "Canceled", "the stream was canceled"},
		{&perdure.StreamError{Type: perdure.ErrorOperationFailed}, "OperationFailed", "the service gave no reason"},
		{fmt.Errorf("%w: %q", starter.ErrTerminated, "chat-7"), "Terminated", "the stream's token still goes on"},
		{fmt.Errorf("starter: event 7: the run is gone: %w", starter.ErrNotFound), "NotFound", "event 7: the run is gone"},
		{errors.New("starter: the line is dead"), "Error", "the line is dead"},
	} {
		got := command(t, streaming(streamOf(c.err)), chat("-o", "json")...)
		kind, message, id, _ := failureOf(t, got)
		require.Equal(t, c.kind, kind)
		require.Contains(t, message, c.want)
		require.NotContains(t, message, "perdure list")
		require.Equal(t, "chat-7", id)
	}
	// Refused before anything was started.
	e := &fakeEngine{fakeStreams: fakeStreams{streamErr: errors.New("starter: no")}}
	require.Equal(t, ran{status: 1, stderr: "perdure: no\n"}, command(t, e, chat()...))
	// The id belongs to another.
	e = streaming(streamOf(nil))
	e.streamErr = &perdure.StreamError{Type: perdure.ErrorIDConflict, Message: "taken"}
	require.Equal(t, ran{status: 1, stderr: "perdure: chat-7: taken\n"}, command(t, e, chat()...))
}

// It cannot be asked any more: the stream is another matter, and goes on.
func TestStreamThatCannotBeAskedAnyMore(t *testing.T) {
	t.Parallel()
	e := streaming(streamOf(errors.New("starter: the line is dead"), `"a"`, `"b"`))
	require.Equal(t, ran{
		status: 1, stdout: "ab",
		stderr: "perdure: chat-7: the line is dead\ngo on with: perdure stream --id chat-7 --from 2 --text 'data || @'\n",
	}, command(t, e, chat("--text", "data || @")...))
	got := command(t, e, chat("--output", "json")...)
	require.Equal(t, `{"error":{"type":"Error","message":"the line is dead","workflowId":"chat-7"},"next":2}`, strings.Split(got.stdout, "\n")[2])
}

// Ctrl-C stops the reading only, and says how to go on.
func TestStreamThatIsStopped(t *testing.T) {
	t.Parallel()
	stopAfterOne := func(args ...string) ran {
		ctx, cancel := context.WithCancelCause(t.Context())
		s := streamOf(nil, `"a"`, `"b"`, `"c"`)
		s.between = func() { cancel(errors.New("interrupt signal received")) }
		got := commandIn(ctx, streaming(s), chat(args...)...)
		require.Nil(t, s.reason, "nothing is canceled")
		return got
	}
	require.Equal(t, ran{
		status: 1, stdout: "b\n",
		stderr: "perdure: chat-7: stopped after 1 event; the stream goes on\ngo on with: perdure stream --id chat-7 --from 2\n",
	}, stopAfterOne("--from", "1"))
	got := stopAfterOne("--output", "json")
	require.Equal(t, 1, got.status)
	require.Empty(t, got.stderr)
	require.Equal(t, `{"error":{"type":"Stopped","message":"stopped after 1 event; the stream goes on","workflowId":"chat-7"},"next":1}`,
		strings.Split(got.stdout, "\n")[1])

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, `{"error":{"type":"Stopped","message":"stopped before an event came","workflowId":"chat-7"},"next":0}`+"\n",
		commandIn(ctx, streaming(streamOf(nil, `"a"`)), chat("--output", "json")...).stdout)
}

// Who reads with head has seen enough: that is no error.
func TestStreamIntoAClosedPipe(t *testing.T) {
	t.Parallel()
	out, in := io.Pipe()
	var log bytes.Buffer
	done := make(chan int)
	go func() {
		done <- cli.MainWith(t.Context(), cli.Process{Args: chat(), Stdin: strings.NewReader(""), Stdout: in, Stderr: &log},
			streaming(streamOf(nil, `"a"`, `"b"`)))
	}()
	_, err := out.Read(make([]byte, 1000))
	require.NoError(t, err)
	require.NoError(t, out.Close())
	require.Zero(t, <-done)
	require.Empty(t, log.String())
}

func streamToken(t *testing.T, keys *tokens.Keyset, kind, audience string) tokens.Token {
	t.Helper()
	token, err := keys.Seal(tokens.Header{
		Kind: tokens.KindStream, WorkflowID: "chat-7", Service: "ai", Type: kind, Audience: audience, IssuedAt: time.Now(),
	}, []byte("state"))
	require.NoError(t, err)
	return token
}

// A token takes the stream up: from an argument, a file, or over an input's file.
func TestStreamFromAToken(t *testing.T) {
	t.Parallel()
	keyset := filepath.Join(t.TempDir(), "keyset.json")
	token := streamToken(t, newKeyset(t, keyset), "Chat", "me")
	file := filepath.Join(t.TempDir(), "chat.yaml")
	require.NoError(t, os.WriteFile(file, []byte("request: {service: ai, method: POST, url: /chat}\ntype: Chat\naudience: me\nprotocol: {name: openai}\n"), 0o600))
	wants := []string{"--type", "Chat", "--audience", "me"}
	for name, c := range map[string]struct {
		args []string
		want starter.RehydrateOptions
	}{
		"argument":             {append([]string{token.Text()}, wants...), starter.RehydrateOptions{Type: "Chat", Audience: "me"}},
		"token file":           {append([]string{"--token-file", tokenFile(t, token), "--service", "ai"}, wants...), starter.RehydrateOptions{Type: "Chat", Audience: "me", Service: "ai"}},
		"over an input's file": {[]string{"--file", file, token.Text()}, starter.RehydrateOptions{Type: "Chat", Audience: "me", Service: "ai"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := streaming(streamOf(nil, `"a"`))
			got := command(t, e, append([]string{"stream", "--keyset", keyset}, c.args...)...)
			require.Equal(t, ran{stdout: "a\n", stderr: "chat-7: 1 event\n"}, got)
			require.Equal(t, token, e.takenUp)
			require.Equal(t, c.want, e.takenUpWith)
			require.Empty(t, e.openedID)
		})
	}
}

// A token in the input is a start's: the worker goes on from it under another id.
func TestStreamOfAnInputWithAToken(t *testing.T) {
	t.Parallel()
	keyset := filepath.Join(t.TempDir(), "keyset.json")
	token := streamToken(t, newKeyset(t, keyset), "", "")
	file := filepath.Join(t.TempDir(), "chat.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"token":"`+token.Text()+`"}`), 0o600))
	e := streaming(streamOf(nil, `"a"`))
	require.Zero(t, command(t, e, "stream", "--file", file, "--id", "again").status)
	require.Equal(t, perdure.StreamInput{Token: token.Text()}, e.opened)
	require.Equal(t, "again", e.openedID)
	newKeyset(t, filepath.Join(filepath.Dir(keyset), "other.json"))
	require.Contains(t, command(t, e, "stream", "--file", file, "--keyset", filepath.Join(filepath.Dir(keyset), "other.json")).stderr, "key retired")
}

func TestStreamOfAnother(t *testing.T) {
	t.Parallel()
	require.Equal(t, ran{status: 1, stderr: "perdure: \"perdure-1\" is an operation, which has no events; its value: perdure wait perdure-1\n"},
		command(t, &fakeEngine{op: running()}, "stream", "--id", "perdure-1"))
	e := &fakeEngine{attachErr: starter.ErrNotFound, collection: newBook(t, "", "").collection(nil)}
	require.Equal(t, ran{status: 1, stderr: "perdure: \"perdure-2\" is a collection, which has no events; its pages: perdure pages --id perdure-2\n"},
		command(t, e, "stream", "--id", "perdure-2"))
	e = streaming(streamOf(nil))
	e.attachErr = starter.ErrNotFound
	require.Equal(t, ran{status: 1, stderr: "perdure: \"chat-7\" is a stream, which has no pages; its events: perdure stream --id chat-7\n"},
		command(t, e, "pages", "--id", "chat-7"))
}

// Without a terminal: a line when something changed, at most every few seconds.
func TestProgressOfStreams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := streamOf(nil, `"a"`, `"b"`)
		s.between = func() { time.Sleep(6 * time.Second) }
		s.status = func() perdure.StreamStatus {
			return perdure.StreamStatus{State: perdure.StateRunning, Events: 1, LastError: &perdure.TimedError{Error: perdure.ServiceError{Message: "reset"}}}
		}
		require.Equal(t, "chat-7: running, 1 event; asking fails: reset\nchat-7: 2 events\n", command(t, streaming(s), chat()...).stderr)
	})
}
