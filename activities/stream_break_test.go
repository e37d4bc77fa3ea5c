package activities_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
)

// An event stream is read to its end, and recorded as it is.
func TestAStreamIsRead(t *testing.T) {
	service, requests := answers(t, events(": hi\n\nevent: add\nid: 1\ndata: ü\n\ndata: b\n\n"))
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		d.options.SearchAttributes = func() []string { return []string{"PerdureState"} }
		require.NoError(t, d.read(feed(func(in *perdure.StreamInput) {
			in.Request.Headers = map[string][]string{"X-Tenant": {"7"}, "If-Match": {"*"}}
		})))
		d.requireEnd("")
		require.Equal(t, "0 \"add\" \"1\" \"ü\"\n1 \"message\" \"1\" \"b\"\n", string(d.log.recordOf()))
		require.Equal(t, "1", d.log.status.LastEventID)
		require.Zero(t, d.log.pos.Reconnects)
		sent := (*requests)[0].Header
		require.Equal(t, "text/event-stream", sent.Get("Accept"))
		require.Equal(t, "identity", sent.Get("Accept-Encoding"))
		require.Equal(t, "7", sent.Get("X-Tenant"))
		require.Equal(t, "*", sent.Get("If-Match"))
		head := d.log.batches[0]
		require.Equal(t, "feed", head.Service)
		require.Equal(t, "sse", head.Protocol)
		require.Equal(t, []string{"PerdureState"}, head.SearchAttributes)
		require.Equal(t, http.StatusOK, head.Response.Status)
		require.Equal(t, "http://feed.example.com/events", head.Response.Request.URL)
		require.NotEmpty(t, head.Sealed)
		for _, b := range d.log.batches[1:] {
			require.Empty(t, b.Service+b.Protocol, "told once")
			require.Nil(t, b.Response)
		}
	})
}

// What breaks off is taken up again, after the wait that was asked for, and nothing is
// lost or comes twice.
func TestBreaksThatAreTakenUp(t *testing.T) {
	// A connection that breaks, that is silent for `silenceTimeoutSeconds` (120), or whose
	// body ends within an event is taken up with `Last-Event-ID`, after the service's
	// `retry` (3 s) and with a backoff. Wherever it breaks, nothing is lost and nothing
	// recorded twice
	//
	//rule:streams 3 WHATWG sections 9.2.3 and 9.2.4; - for silence

	// On the way back 408, 429, 500, 502, 503, 504 and no answer are asked again, for
	// ever, by GET, HEAD, PUT and DELETE (5a has the others). Any other refusal is
	// `PollRejected`; a redirect to another origin `EgressDenied`; another Content-Type
	// breaks the protocol
	//
	//rule:streams 5 RFC 9110 sections 15.5.9 and 15.6; WHATWG section 9.2.3 for the Content-Type; -

	first := "retry: 2000\nid: 1\ndata: a\n\n"
	rest := events("id: 2\ndata: b\n\n")
	for _, test := range []struct {
		name    string
		answers []http.HandlerFunc
		code    string // of the first error
		wait    time.Duration
	}{
		{"within an event", []http.HandlerFunc{broken(first + "id: 2\nda"), rest}, "ConnectionLost", 2 * time.Second},
		{"between events", []http.HandlerFunc{broken(first), rest}, "ConnectionLost", 2 * time.Second},
		{"a body that ends within an event", []http.HandlerFunc{events(first + "data: b\n"), rest}, "ConnectionLost", 2 * time.Second},
		{"silence", []http.HandlerFunc{held(first), rest}, "Silence", 122 * time.Second},
		{"no retry asked for", []http.HandlerFunc{broken("id: 1\ndata: a\n\n"), rest}, "ConnectionLost", 3 * time.Second},
		{"an error on the way back", []http.HandlerFunc{broken(first), status(500), status(502), rest}, "ConnectionLost", (2 + 4 + 8) * time.Second},
		{"a wait that is asked for on the way back", []http.HandlerFunc{broken(first), status(503, "Retry-After", "40"), rest}, "ConnectionLost", 42 * time.Second},
		{"too many requests", []http.HandlerFunc{broken(first), status(429, "Retry-After", "7"), rest}, "ConnectionLost", 9 * time.Second},
		{"no answer", []http.HandlerFunc{broken(first), dropped, rest}, "ConnectionLost", 6 * time.Second},
		{"a redirect within the service", []http.HandlerFunc{broken(first), status(307, "Location", "/elsewhere"), rest}, "ConnectionLost", 2 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			service, requests := answers(t, test.answers...)
			overStream(t, service, func(d *streamDesk) {
				t := d.t
				begin := time.Now()
				require.NoError(t, d.read(feed()))
				took := time.Since(begin)
				d.requireEnd("")
				require.Equal(t, []string{"a", "b"}, d.log.data())
				require.Equal(t, 1, d.log.pos.Reconnects)
				require.Nil(t, d.log.status.LastError, "it was taken up")
				require.GreaterOrEqual(t, took, test.wait)
				require.LessOrEqual(t, took, test.wait+test.wait/10+50*time.Millisecond)
				require.Len(t, *requests, len(test.answers))
				for _, r := range (*requests)[1:] {
					require.Equal(t, "1", r.Header.Get("Last-Event-Id"))
				}
				require.Equal(t, test.code, d.log.errors()[0])
			})
		})
	}
}

// errors are the codes of the errors that were shown, in their order.
func (l *memoryLog) errors() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, b := range l.batches {
		if b.LastError != nil && (len(out) == 0 || out[len(out)-1] != b.LastError.Error.Code) {
			out = append(out, b.LastError.Error.Code)
		}
	}
	return out
}

// Bytes that mean nothing keep a connection as well: comments are for that.
func TestCommentsAreNoSilence(t *testing.T) {
	//rule:streams 3

	service, _ := answers(t, func(w http.ResponseWriter, r *http.Request) {
		events("data: a\n\n")(w, r)
		for range 5 {
			_ = http.NewResponseController(w).Flush()
			time.Sleep(25 * time.Second)
			_, _ = io.WriteString(w, ":\n")
		}
		events("data: b\n\n")(w, r)
	})
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		require.NoError(t, d.read(feed(func(in *perdure.StreamInput) { in.SilenceTimeoutSeconds = 30 })))
		d.requireEnd("")
		require.Equal(t, []string{"a", "b"}, d.log.data())
		require.Empty(t, d.log.errors())
	})
}

// The wait doubles with each break in a row, up to half a minute, and is as short as
// before once an event has come.
func TestTheBackoffOfBreaks(t *testing.T) {
	//rule:streams 3

	var at []time.Time
	steps := []http.HandlerFunc{broken("id: 1\ndata: a\n\n")}
	for range 6 {
		steps = append(steps, status(503))
	}
	steps = append(steps, broken(""), broken("id: 2\ndata: b\n\n"), events("data: c\n\n"))
	play, _ := answers(t, steps...)
	overStream(t, func(w http.ResponseWriter, r *http.Request) {
		at = append(at, time.Now())
		play(w, r)
	}, func(d *streamDesk) {
		t := d.t
		require.NoError(t, d.read(feed()))
		d.requireEnd("")
		var waits []time.Duration
		for i := range at[1:] {
			waits = append(waits, at[i+1].Sub(at[i]).Truncate(time.Second))
		}
		want := []time.Duration{3, 6, 12, 24, 30, 30, 30, 30, 3}
		require.Len(t, waits, len(want))
		for i, w := range waits {
			require.GreaterOrEqual(t, w, want[i]*time.Second, "the wait before request %d", i+2)
			require.LessOrEqual(t, w, want[i]*time.Second*11/10, "the wait before request %d", i+2)
		}
	})
}

// An outage is shown once for each reason, and now and then while it lasts: not with
// every try.
func TestALongOutageIsShownNowAndThen(t *testing.T) {
	ends := time.Time{}
	service := func(w http.ResponseWriter, r *http.Request) {
		switch {
		case ends.IsZero():
			ends = time.Now().Add(time.Hour)
			broken("id: 1\ndata: a\n\n")(w, r)
		case time.Now().Before(ends):
			status(503)(w, r)
		default:
			events("data: b\n\n")(w, r)
		}
	}
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		require.NoError(t, d.read(feed()))
		d.requireEnd("")
		require.Equal(t, []string{"ConnectionLost", "E503"}, d.log.errors())
		require.Less(t, len(d.log.batches), 30, "batches of an hour")
		require.Equal(t, 1, d.log.pos.Reconnects)
	})
}

// Events without an id of their own come again after the one that has one, and are not
// recorded again.
func TestEventsAfterTheLastIDComeAgain(t *testing.T) {
	// Events without an id of their own come again after the last one that has one; they
	// are recorded once
	//
	//rule:streams 3a -

	service, requests := answers(t,
		broken("id: 1\ndata: a\n\ndata: b\n\ndata: c\n\n"),
		broken("data: b\n\n"), // breaks before it is where it was
		broken("data: b\n\ndata: c\n\ndata: d\n\n"),
		events("data: b\n\ndata: c\n\ndata: d\n\nid: 2\ndata: e\n\n"))
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		require.NoError(t, d.read(feed()))
		d.requireEnd("")
		require.Equal(t, []string{"a", "b", "c", "d", "e"}, d.log.data())
		require.Equal(t, 3, d.log.pos.Reconnects)
		for _, r := range (*requests)[1:] {
			require.Equal(t, "1", r.Header.Get("Last-Event-Id"))
		}
	})
}

// A stream without ids is taken up by the option cursor.
func TestTakenUpByACursor(t *testing.T) {
	// Option `cursor` names another way: what `json` finds in an event goes into the query
	// parameter `query` of a GET or HEAD. With any other method that would be another
	// stream, and a break ends it
	//
	//rule:streams 3b OAI

	// A body that ends without the mark that its protocol asks for is no success: a break
	// where the stream can be taken up, else it breaks the protocol
	//
	//rule:streams 6 -

	const line = `{"sequence_number":%d}`
	event := func(n int) string {
		return "event: response.output_text.delta\ndata: " + fmt.Sprintf(line, n) + "\n\n"
	}
	service, requests := answers(t, broken(event(0)+event(1)), events(event(2)), events(event(3)+"event: response.completed\ndata: {}\n\n"))
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		in := feed(by("openai", `{"cursor":{"json":"sequence_number","query":"starting_after"},"json":true}`))
		in.Request.URL = "/responses/1?stream=true"
		require.NoError(t, d.read(in))
		d.requireEnd("")
		require.Len(t, d.log.events, 5)
		require.Equal(t, "/responses/1?stream=true&starting_after=1", (*requests)[1].URL.String())
		require.Equal(t, "/responses/1?stream=true&starting_after=2", (*requests)[2].URL.String(), "an end without a mark is a break")
		require.Equal(t, []string{"ConnectionLost", "NoEndMark"}, d.log.errors())
	})
}

// A body without an event yet is asked for again where that starts nothing.
func TestBreaksBeforeTheFirstEvent(t *testing.T) {
	// A stream without an event yet is asked for from its beginning, where that starts
	// nothing a second time
	//
	//rule:streams 3d -

	t.Run("of a question", func(t *testing.T) {
		service, requests := answers(t, broken(""), broken("da"), events("data: a\n\n"))
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			require.NoError(t, d.read(feed(func(in *perdure.StreamInput) { in.Request.Headers = map[string][]string{"If-None-Match": {"x"}} })))
			d.requireEnd("")
			require.Equal(t, []string{"a"}, d.log.data())
			require.Equal(t, "x", (*requests)[2].Header.Get("If-None-Match"), "the same request")
		})
	})
	t.Run("of a request that costs something", func(t *testing.T) {
		service, _ := answers(t, broken(""))
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			require.NoError(t, d.read(feed(chat)))
			require.Contains(t, d.requireEnd(perdure.ErrorStreamBroken).Error.Message, "before its first event")
		})
	})
	t.Run("of one under a key", func(t *testing.T) {
		service, requests := answers(t, broken(""), events("data: a\n\ndata: [DONE]\n\n"))
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			d.service.Idempotency = activities.Idempotency{Header: "Idempotency-Key"}
			require.NoError(t, d.read(feed(chat)))
			d.requireEnd("")
			require.Equal(t, []string{"a"}, d.log.data())
			key := (*requests)[0].Header.Get("Idempotency-Key")
			require.NotEmpty(t, key)
			require.Equal(t, key, (*requests)[1].Header.Get("Idempotency-Key"))
			require.Equal(t, (*requests)[0].Header, (*requests)[1].Header)
		})
	})
}

// What cannot be taken up ends as broken: asking again would be another answer. All
// before it is kept.
func TestBreaksThatEndTheStream(t *testing.T) {
	// Where there is no id and no cursor, or option `resume` is false, a break ends the
	// stream as `StreamBroken`: asking again would be another answer. What came before is
	// kept
	//
	//rule:streams 4 -

	//rule:streams 3b

	//rule:streams 5

	//rule:streams 6

	//rule:streams 2

	cursor := by("openai", `{"cursor":{"json":"sequence_number","query":"starting_after"}}`)
	put := func(in *perdure.StreamInput) { in.Request.Method = "PUT" }
	for _, test := range []struct {
		name    string
		in      perdure.StreamInput
		answers []http.HandlerFunc
		data    []string
		end     string
		message string
	}{
		{"a chat", feed(chat), []http.HandlerFunc{broken("data: a\n\ndata: b\n\nda")}, []string{"a", "b"}, perdure.ErrorStreamBroken, "after event 1"},
		{"a chat that is silent", feed(chat), []http.HandlerFunc{held("data: a\n\n")}, []string{"a"}, perdure.ErrorStreamBroken, "nothing came for 2m0s"},
		{"events without ids", feed(), []http.HandlerFunc{broken("data: a\n\n")}, []string{"a"}, perdure.ErrorStreamBroken, "after event 0"},
		{"an id that was taken back", feed(), []http.HandlerFunc{broken("id: 1\ndata: a\n\nid\ndata: b\n\n")}, []string{"a", "b"}, perdure.ErrorStreamBroken, "after event 1"},
		{"ids that lead nowhere", feed(by("sse", `{"resume":false}`)), []http.HandlerFunc{broken("id: 1\ndata: a\n\n")}, []string{"a"}, perdure.ErrorStreamBroken, "after event 0"},
		{"a cursor of what was begun by POST", feed(chat, cursor), []http.HandlerFunc{broken("data: {\"sequence_number\":42}\n\n")}, []string{`{"sequence_number":42}`}, perdure.ErrorStreamBroken, "after event 0"},
		{"a cursor of what was begun by PUT", feed(chat, cursor, put), []http.HandlerFunc{broken("data: {\"sequence_number\":42}\n\n")}, []string{`{"sequence_number":42}`}, perdure.ErrorStreamBroken, "after event 0"},
		{"a chat that ends without [DONE]", feed(chat), []http.HandlerFunc{events("data: a\n\n")}, []string{"a"}, perdure.ErrorProtocolViolation, "nothing in it says that the stream has"},
		{"a refusal on the way back", feed(), []http.HandlerFunc{broken("id: 1\ndata: a\n\n"), status(404)}, []string{"a"}, perdure.ErrorPollRejected, "no not found"},
		{"another content type on the way back", feed(), []http.HandlerFunc{broken("id: 1\ndata: a\n\n"), status(200, "Content-Type", "text/html")}, []string{"a"}, perdure.ErrorProtocolViolation, "text/html"},
		{"a redirect to another service", feed(), []http.HandlerFunc{broken("id: 1\ndata: a\n\n"), status(302, "Location", "https://evil.example.com/")}, []string{"a"}, perdure.ErrorEgressDenied, "evil.example.com"},
		{"an event stream in place of lines", feed(by("jsonl", "")), []http.HandlerFunc{events("\"a\"\nhello\n")}, nil, perdure.ErrorProtocolViolation, "event stream"},
		{"an event that is too large", feed(by("sse", `{"maxEventBytes":5}`)), []http.HandlerFunc{events("id: 1\ndata: a\n\ndata: 123456\n\n")}, []string{"a"}, perdure.ErrorEventTooLarge, "maxEventBytes"},
		{"an event that no log can take", feed(), []http.HandlerFunc{events("id: 1\ndata: a\n\ndata: " + strings.Repeat("<", 400_000) + "\n\n")}, []string{"a"}, perdure.ErrorEventTooLarge, "1900000"},
		{"a stream that is compressed", feed(), []http.HandlerFunc{status(200, "Content-Type", "text/event-stream", "Content-Encoding", "br")}, nil, perdure.ErrorProtocolViolation, "Content-Encoding"},
		{"an error in the midst", feed(chat), []http.HandlerFunc{events("data: a\n\nevent: error\ndata: {\"code\":\"overloaded\",\"message\":\"Slow down\"}\n\n")}, []string{"a", `{"code":"overloaded","message":"Slow down"}`}, perdure.ErrorOperationFailed, "Slow down"},
	} {
		t.Run(test.name, func(t *testing.T) {
			service, _ := answers(t, test.answers...)
			overStream(t, service, func(d *streamDesk) {
				t := d.t
				require.NoError(t, d.read(test.in))
				end := d.requireEnd(test.end)
				require.Contains(t, end.Error.Message, test.message)
				require.Equal(t, test.data, d.log.data(), "what came before is kept")
			})
		})
	}
}

// 204 on the way back is the service's word that there is no more.
func TestNoMoreToCome(t *testing.T) {
	// 200 begins a stream. 204 says that nothing more comes: at first an empty stream,
	// later the end, well in both. Any other 2xx breaks the protocol, and so does an
	// answer that is compressed
	//
	//rule:streams 2 WHATWG section 9.2.3; -

	service, _ := answers(t, broken("id: 1\ndata: a\n\n"), status(204))
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		require.NoError(t, d.read(feed()))
		d.requireEnd("")
		require.Equal(t, []string{"a"}, d.log.data())
	})
}

// A POST whose events have ids is taken up by its own method, with its body.
func TestAPostIsTakenUpByItsIDs(t *testing.T) {
	// It is taken up with the first request's method and body. A body above 256 KiB is not
	// carried to another worker, which then cannot take it up
	//
	//rule:streams 3c -

	service, requests := answers(t, broken("id: 1\ndata: a\n\n"), events("id: 2\ndata: b\n\n"))
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		d.service.Idempotency = activities.Idempotency{Header: "Idempotency-Key"}
		in := feed(chat, by("sse", ""))
		require.NoError(t, d.read(in))
		d.requireEnd("")
		require.Equal(t, []string{"a", "b"}, d.log.data())
		second := (*requests)[1]
		body, err := io.ReadAll(second.Body)
		require.NoError(t, err)
		require.Equal(t, `{"stream":true}`, string(body))
		require.Equal(t, "application/json", second.Header.Get("Content-Type"))
		require.Equal(t, "1", second.Header.Get("Last-Event-Id"))
		require.Empty(t, second.Header.Get("Idempotency-Key"), "it is another request")
	})
}

// A POST with Last-Event-ID may start something where the service does not know the
// header: it is sent again only where it did not arrive.
func TestAPostThatTakesAStreamUpIsNotSentTwice(t *testing.T) {
	// Any other method goes on with `Last-Event-ID` once for each break: again only where
	// the request did not leave, after 429 and after 503 with `Retry-After`. 408, 500, 502,
	// 504, 503 without it, and a lost answer end the stream as `StreamBroken`
	//
	//rule:streams 5a -

	first, rest := broken("id: 1\ndata: a\n\n"), events("id: 2\ndata: b\n\n")
	put := func(in *perdure.StreamInput) { in.Request.Method = "PUT" }
	post := func(*perdure.StreamInput) {}
	for _, test := range []struct {
		name  string
		in    func(*perdure.StreamInput)
		back  http.HandlerFunc
		again bool
	}{
		{"429", post, status(429), true},
		{"503 with Retry-After", post, status(503, "Retry-After", "5"), true},
		{"503", post, status(503), false},
		{"500", post, status(500), false},
		{"502", post, status(502), false},
		{"504", post, status(504), false},
		{"408", post, status(408), false},
		{"no answer", post, dropped, false},
		{"500 to a PUT", put, status(500), true},
		{"no answer to a PUT", put, dropped, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			steps := []http.HandlerFunc{first, test.back}
			if test.again {
				steps = append(steps, rest)
			}
			service, requests := answers(t, steps...)
			overStream(t, service, func(d *streamDesk) {
				t := d.t
				require.NoError(t, d.read(feed(chat, by("sse", ""), test.in)))
				require.Len(t, *requests, len(steps))
				if test.again {
					d.requireEnd("")
					require.Equal(t, []string{"a", "b"}, d.log.data())
					return
				}
				end := d.requireEnd(perdure.ErrorStreamBroken)
				require.Contains(t, end.Error.Message, "after event 0")
				require.Contains(t, end.Error.Message, "it was not sent again")
				require.Equal(t, []string{"a"}, d.log.data(), "what came before is kept")
			})
		})
	}
	t.Run("no connection", func(t *testing.T) {
		var network *wire
		refuse := func(err error) {
			network.mu.Lock()
			defer network.mu.Unlock()
			network.refuse = err
		}
		service, requests := answers(t, func(w http.ResponseWriter, r *http.Request) {
			refuse(errors.New("connection refused"))
			time.AfterFunc(time.Minute, func() { refuse(nil) })
			first(w, r)
		}, rest)
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			network = d.wire
			require.NoError(t, d.read(feed(chat, by("sse", ""))))
			d.requireEnd("")
			require.Equal(t, []string{"a", "b"}, d.log.data())
			require.Equal(t, []string{"ConnectionLost", "NotSent"}, d.log.errors())
			require.Len(t, *requests, 2)
		})
	})
	t.Run("the worker stops meanwhile", func(t *testing.T) {
		var stopped chan struct{}
		service, requests := answers(t, first, func(w http.ResponseWriter, r *http.Request) {
			close(stopped)
			time.Sleep(20 * time.Second)
			held("id: 2\ndata: b\n\n")(w, r)
		}, events("id: 3\ndata: c\n\n"))
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			stopped = make(chan struct{}) // within the bubble: else no time passes
			in, begin := feed(chat, by("sse", "")), time.Now()
			require.ErrorContains(t, d.read(in, attempt{drain: stopped}), "another one reads on")
			require.Equal(t, 23*time.Second, time.Since(begin).Truncate(time.Second), "the answer was awaited")
			time.Sleep(time.Second)
			require.NoError(t, d.read(in))
			d.requireEnd("")
			require.Equal(t, "1", (*requests)[1].Header.Get("Last-Event-Id"))
			require.Len(t, *requests, 3)
			require.Equal(t, "c", d.log.data()[len(d.log.data())-1])
		})
	})
}
