package activities_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
)

// words answers a chat.
var words = events("data: a\n\ndata: [DONE]\n\n")

// A request that may cost something leaves only when the server knows that it does, and
// is known as sent until the log has its answer.
func TestSendingIsRecordedBeforeAStreamIsAskedFor(t *testing.T) {
	//rule:streams 1

	service, requests := answers(t, words)
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		d.record = func(beat perdure.StreamHeartbeat) error {
			require.Empty(t, *requests)
			return nil
		}
		begin := time.Now().UTC()
		require.NoError(t, d.read(feed(chat)))
		d.requireEnd("")
		require.Equal(t, []perdure.StreamHeartbeat{{Phase: perdure.PhaseSending, Attempt: 1, Tries: 1, FirstSentAt: begin}}, d.recorded)
		require.Equal(t, []string{"a"}, d.log.data(), "[DONE] is a mark, and no event")
		body, err := io.ReadAll((*requests)[0].Body)
		require.NoError(t, err)
		require.Equal(t, `{"stream":true}`, string(body))
	})
}

func TestAQuestionIsJustAsked(t *testing.T) {
	//rule:streams 1

	service, _ := answers(t, events(""))
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		require.NoError(t, d.read(feed()))
		d.requireEnd("")
		require.Empty(t, d.recorded)
	})
}

func TestNoStreamIsAskedForWithoutTheHeartbeat(t *testing.T) {
	t.Run("the server is away", func(t *testing.T) {
		service, _ := answers(t)
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			d.record = func(perdure.StreamHeartbeat) error { return errors.New("unavailable") }
			require.ErrorContains(t, d.read(feed(chat)), "unavailable")
			require.Nil(t, d.log.end)
		})
	})
	t.Run("the server may have it all the same", func(t *testing.T) {
		service, _ := answers(t)
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			d.record = func(beat perdure.StreamHeartbeat) error {
				if beat.Phase == perdure.PhaseSending {
					return context.DeadlineExceeded
				}
				return nil
			}
			require.Error(t, d.read(feed(chat)))
			require.Equal(t, []string{perdure.PhaseUnsent}, d.phases(), "what it may have is taken back")
		})
	})
	t.Run("the workflow says to stop", func(t *testing.T) {
		service, _ := answers(t)
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			d.record = func(beat perdure.StreamHeartbeat) error {
				if beat.Phase == perdure.PhaseSending {
					return temporal.NewCanceledError()
				}
				return nil
			}
			require.Error(t, d.read(feed(chat)))
			require.Equal(t, []string{perdure.PhaseUnsent}, d.phases())
		})
	})
	t.Run("the worker stops", func(t *testing.T) {
		service, _ := answers(t)
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			stopped := make(chan struct{})
			close(stopped)
			require.ErrorContains(t, d.read(feed(chat), attempt{drain: stopped}), "another one reads on")
			require.Empty(t, d.recorded)
		})
	})
}

// What the answer to the first request means.
func TestAnswersToAStreamsFirstRequest(t *testing.T) {
	// A request that may start something, any but GET and HEAD, is sent by [the rules of
	// starts](#the-starts-answer). A GET is asked again for as long as it takes
	//
	//rule:streams 1 RFC 9110 section 9.2.1; -

	key := activities.Idempotency{Header: "Idempotency-Key"}
	question := func(in *perdure.StreamInput) {}
	put := func(in *perdure.StreamInput) { chat(in); in.Request.Method = "PUT" }
	for _, test := range []struct {
		name    string
		in      func(*perdure.StreamInput)
		key     activities.Idempotency
		not     []int // statuses by which nothing was started
		answers []http.HandlerFunc
		end     string
		phases  []string
	}{
		{name: "429", in: chat, answers: []http.HandlerFunc{status(429), words}, phases: []string{"sending", "unsent", "sending"}},
		{name: "503 with Retry-After", in: chat, answers: []http.HandlerFunc{status(503, "Retry-After", "5"), words}, phases: []string{"sending", "unsent", "sending"}},
		{name: "503", in: chat, answers: []http.HandlerFunc{status(503)}, end: perdure.ErrorStartAmbiguous, phases: []string{"sending"}},
		{name: "503, by which this service starts nothing", in: chat, not: []int{503}, answers: []http.HandlerFunc{status(503), words}, phases: []string{"sending", "unsent", "sending"}},
		{name: "500", in: chat, answers: []http.HandlerFunc{status(500)}, end: perdure.ErrorStartAmbiguous, phases: []string{"sending"}},
		{name: "408", in: chat, answers: []http.HandlerFunc{status(408)}, end: perdure.ErrorStartAmbiguous, phases: []string{"sending"}},
		{name: "501", in: chat, answers: []http.HandlerFunc{status(501)}, end: perdure.ErrorStartRejected, phases: []string{"sending"}},
		{name: "no answer", in: chat, answers: []http.HandlerFunc{dropped}, end: perdure.ErrorStartAmbiguous, phases: []string{"sending"}},
		{name: "500 under a key", in: chat, key: key, answers: []http.HandlerFunc{status(500), dropped, words}, phases: []string{"sending", "sending", "sending"}},
		{name: "500 to a PUT", in: put, answers: []http.HandlerFunc{status(500), words}, phases: []string{"sending", "sending"}},
		{name: "404 to a repeat, which says nothing of the first", in: chat, key: key, answers: []http.HandlerFunc{dropped, status(404)}, end: perdure.ErrorStartAmbiguous, phases: []string{"sending", "sending"}},
		{name: "429 to a repeat", in: chat, key: key, answers: []http.HandlerFunc{dropped, status(429), words}, phases: []string{"sending", "sending", "sending"}},
		{name: "400", in: chat, answers: []http.HandlerFunc{status(400)}, end: perdure.ErrorStartRejected, phases: []string{"sending"}},
		{name: "a redirect", in: chat, answers: []http.HandlerFunc{status(307, "Location", "/other")}, end: perdure.ErrorStartRejected, phases: []string{"sending"}},
		{name: "204", in: chat, answers: []http.HandlerFunc{status(204)}, phases: []string{"sending"}},
		{name: "201", in: chat, answers: []http.HandlerFunc{status(201, "Content-Type", "text/event-stream")}, end: perdure.ErrorProtocolViolation, phases: []string{"sending"}},
		{name: "HTML", in: chat, answers: []http.HandlerFunc{status(200, "Content-Type", "text/html")}, end: perdure.ErrorProtocolViolation, phases: []string{"sending"}},
		{name: "an error in a 200", in: chat, answers: []http.HandlerFunc{func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"error":{"code":"E1","message":"no such model"}}`)
		}}, end: perdure.ErrorStartRejected, phases: []string{"sending"}},

		{name: "429 to a question", in: question, answers: []http.HandlerFunc{status(429), events("")}},
		{name: "503 to a question", in: question, answers: []http.HandlerFunc{status(503), events("")}},
		{name: "500 and silence to a question", in: question, answers: []http.HandlerFunc{status(500), dropped, events("")}},
		{name: "404 to a question", in: question, answers: []http.HandlerFunc{status(404)}, end: perdure.ErrorStartRejected},
		{name: "204 to a question", in: question, answers: []http.HandlerFunc{status(204)}},
		{name: "a redirect of a question", in: question, answers: []http.HandlerFunc{status(302, "Location", "/other"), events("")}},
		{name: "a redirect of a question away", in: question, answers: []http.HandlerFunc{status(302, "Location", "https://other.example.com")}, end: perdure.ErrorEgressDenied},
	} {
		t.Run(test.name, func(t *testing.T) {
			service, requests := answers(t, test.answers...)
			overStream(t, service, func(d *streamDesk) {
				t := d.t
				d.service.Idempotency, d.service.NotStarted = test.key, test.not
				require.NoError(t, d.read(feed(test.in)))
				end := d.requireEnd(test.end)
				require.Len(t, *requests, len(test.answers))
				require.Equal(t, test.phases, d.phases())
				if test.end == perdure.ErrorStartRejected && end.Error.HTTPStatus >= 400 {
					require.Equal(t, end.Error.HTTPStatus, d.log.response.Status)
				}
				for _, r := range *requests {
					require.Equal(t, (*requests)[0].Header.Get("Idempotency-Key"), r.Header.Get("Idempotency-Key"))
				}
				require.True(t, test.end != "" || d.log.status.LastError == nil)
			})
		})
	}
}

// No connection came about: nothing left, and it is tried again.
func TestAStreamsRequestThatProvablyDidNotLeave(t *testing.T) {
	service, _ := answers(t, words)
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		d.wire.refuse = errors.New("connection refused")
		time.AfterFunc(10*time.Second, func() {
			d.wire.mu.Lock()
			defer d.wire.mu.Unlock()
			d.wire.refuse = nil
		})
		require.NoError(t, d.read(feed(chat)))
		d.requireEnd("")
		require.Equal(t, []string{"NotSent"}, d.log.errors())
		phases := d.phases()
		require.Greater(t, len(phases), 5)
		require.Equal(t, []string{"sending", "unsent"}, phases[len(phases)-3:len(phases)-1])
	})
}

// What an attempt that died has recorded decides whether the next one may send.
func TestAnAttemptAtAStreamThatDied(t *testing.T) {
	//rule:streams 1

	sending := perdure.StreamHeartbeat{Phase: perdure.PhaseSending, Tries: 1, FirstSentAt: time.Date(1999, 12, 31, 23, 59, 0, 0, time.UTC)} // a minute before a bubble's time begins
	old := sending
	old.FirstSentAt = sending.FirstSentAt.Add(-25 * time.Hour)
	for _, test := range []struct {
		name   string
		in     func(*perdure.StreamInput)
		before any
		key    string
		sent   bool
	}{
		{"before it was sending", chat, perdure.StreamHeartbeat{}, "", true},
		{"after it had said that nothing left", chat, perdure.StreamHeartbeat{Phase: perdure.PhaseUnsent}, "", true},
		{"while sending", chat, sending, "", false},
		{"while reading what the log has never seen", chat, perdure.StreamHeartbeat{Phase: perdure.PhaseReading}, "", false},
		{"and nobody can read what it said", chat, "garbage", "", false},
		{"while sending under a live key", chat, sending, "Idempotency-Key", true},
		{"while sending, longer ago than the key lives", chat, old, "Idempotency-Key", false},
		{"while asking a question", func(*perdure.StreamInput) {}, sending, "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var steps []http.HandlerFunc
			if test.sent {
				steps = append(steps, words)
			}
			service, _ := answers(t, steps...)
			overStream(t, service, func(d *streamDesk) {
				t := d.t
				d.service.Idempotency.Header = test.key
				require.NoError(t, d.read(feed(test.in), attempt{before: test.before}))
				if test.sent {
					d.requireEnd("")
				} else {
					require.Contains(t, d.requireEnd(perdure.ErrorStartAmbiguous).Error.Message, "it was not sent again")
				}
			})
		})
	}
}

// A worker that cannot send what another may have sent does not say that nothing was.
func TestAWorkerThatCannotAskForAStream(t *testing.T) {
	for _, test := range []struct {
		name   string
		before any
		change func(d *streamDesk, in *perdure.StreamInput)
		end    string
	}{
		{"a protocol that is not there", nil, func(_ *streamDesk, in *perdure.StreamInput) { in.Protocol.Name = "gopher" }, perdure.ErrorInvalidInput},
		{"an option that is wrong", nil, func(_ *streamDesk, in *perdure.StreamInput) { in.Protocol.Options = []byte(`{"x":1}`) }, perdure.ErrorInvalidInput},
		{"no protocol", nil, func(_ *streamDesk, in *perdure.StreamInput) { in.Protocol = nil }, perdure.ErrorInvalidInput},
		{"a service that is not there", nil, func(_ *streamDesk, in *perdure.StreamInput) { in.Request.Service = "other" }, perdure.ErrorInvalidInput},
		{"a path that is not allowed", nil, func(d *streamDesk, _ *perdure.StreamInput) { d.config.Allow = []string{"GET /other"} }, perdure.ErrorEgressDenied},
		{"a header that is a secret", nil, func(d *streamDesk, in *perdure.StreamInput) {
			d.config.SecretHeaders = []string{"X-Key"}
			in.Request.Headers = map[string][]string{"X-Key": {"a"}}
		}, perdure.ErrorInvalidInput},
		{"a token that is none", nil, func(_ *streamDesk, in *perdure.StreamInput) {
			*in = perdure.StreamInput{Token: "perdure1_x"}
		}, perdure.ErrorInvalidToken},
		{"a body that cannot take the key", nil, func(d *streamDesk, in *perdure.StreamInput) {
			d.service.Idempotency.Body = "key"
			in.Request.Body = perdure.TextBody("no JSON")
		}, perdure.ErrorInvalidInput},
		{"but another may have sent", perdure.StreamHeartbeat{Phase: perdure.PhaseSending}, func(d *streamDesk, _ *perdure.StreamInput) {
			d.config.Allow = []string{"GET /other"}
		}, perdure.ErrorStartAmbiguous},
	} {
		t.Run(test.name, func(t *testing.T) {
			service, _ := answers(t)
			overStream(t, service, func(d *streamDesk) {
				t := d.t
				in := feed(chat)
				test.change(d, &in)
				require.NoError(t, d.read(in, attempt{before: test.before}))
				d.requireEnd(test.end)
				require.Empty(t, d.log.pos.Sealed)
			})
		})
	}
}

// A request under way is not broken off: that would make its outcome unknown.
func TestAStoppedWorkerWaitsForTheAnswer(t *testing.T) {
	come, stopped := make(chan struct{}), make(chan struct{})
	overStream(t, func(w http.ResponseWriter, r *http.Request) {
		close(come)
		time.Sleep(20 * time.Second)
		words(w, r)
	}, func(d *streamDesk) {
		t := d.t
		go func() { <-come; close(stopped) }()
		require.NoError(t, d.read(feed(chat), attempt{drain: stopped}))
		d.requireEnd("")
		require.Equal(t, []string{"a"}, d.log.data())
	})
}

func TestACanceledStreamWaitsForTheAnswer(t *testing.T) {
	overStream(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(20 * time.Second)
		held("data: a\n\n")(w, r)
	}, func(d *streamDesk) {
		t := d.t
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(temporal.NewCanceledError()) })
		require.True(t, temporal.IsCanceledError(d.read(feed(chat), attempt{ctx: ctx})))
		synctest.Wait()
		require.NotEmpty(t, d.log.pos.Sealed, "the log has the answer")
		require.Nil(t, d.log.end)
	})
}
