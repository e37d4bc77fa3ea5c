package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/tokens"
)

// sealedState is what a stream's token holds.
type sealedState struct {
	Protocol string          `json:"protocol"`
	Options  json.RawMessage `json:"options"`
	Request  perdure.Request `json:"request"`
	NoBody   bool            `json:"noBody"`
	Silence  float64         `json:"silenceSeconds"`
	Position struct {
		LastEventID string        `json:"lastEventId"`
		Cursor      string        `json:"cursor"`
		Since       int           `json:"since"`
		Retry       time.Duration `json:"retry"`
	} `json:"position"`
	Next int                `json:"next"`
	End  *perdure.StreamEnd `json:"end"`
}

// opened is the state that the log has.
func (d *streamDesk) opened() (s sealedState) {
	d.t.Helper()
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	h, plain, err := d.options.Keyset.OpenState(d.log.pos.Sealed)
	require.NoError(d.t, err)
	require.Equal(d.t, tokens.KindStream, h.Kind)
	require.Equal(d.t, streamLog, h.WorkflowID)
	require.Equal(d.t, "feed", h.Service)
	require.Equal(d.t, s.Protocol, "")
	require.NoError(d.t, json.Unmarshal(plain, &s))
	require.Equal(d.t, h.Protocol, s.Protocol)
	return s
}

// killed is a log that takes n batches of a worker's, and then hears no more of it.
func killed(d *streamDesk, in perdure.StreamInput, n int, with ...attempt) {
	d.t.Helper()
	ctx, cancel := context.WithCancel(d.t.Context())
	how := attempt{ctx: ctx}
	if len(with) > 0 {
		how.before = with[0].before
	}
	taken := 0
	d.log.record = func(perdure.Batch) error {
		if taken++; taken > n {
			cancel()
			return errors.New("the worker is gone")
		}
		return nil
	}
	_ = d.read(in, how)
	d.log.record = nil
	time.Sleep(time.Second) // the next attempt begins later
}

// The next attempt goes on from what the log has.
func TestAKilledAttempt(t *testing.T) {
	// A worker that dies, or stops, is followed by another, which goes on from what is
	// recorded
	//
	//rule:streams 8 -

	in := feed(by("sse", `{"maxEventBytes":1000}`), func(in *perdure.StreamInput) { in.SilenceTimeoutSeconds = 30 })
	service := func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Last-Event-Id") {
		case "":
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = w.Write([]byte("retry: 5\nid: 1\ndata: a\n\n"))
			_ = http.NewResponseController(w).Flush()
			time.Sleep(100 * time.Millisecond)
			_, _ = w.Write([]byte("data: b\n\nid: 2\ndata: c\n\n"))
			_ = http.NewResponseController(w).Flush()
			time.Sleep(100 * time.Millisecond)
			_, _ = w.Write([]byte("id: 3\ndata: d\n\n"))
		case "1":
			events("data: b\n\nid: 2\ndata: c\n\nid: 3\ndata: d\n\n")(w, r)
		case "2":
			events("id: 3\ndata: d\n\n")(w, r)
		default:
			status(204)(w, r)
		}
	}
	for n := range 6 {
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			killed(d, in, n)
			require.NoError(t, d.read(in))
			d.requireEnd("")
			require.Equal(t, []string{"a", "b", "c", "d"}, d.log.data(), "killed after %d batches", n)
			s := d.opened()
			require.Equal(t, 4, s.Next)
			require.Equal(t, "3", s.Position.LastEventID)
			require.Equal(t, 30.0, s.Silence)
			require.JSONEq(t, `{"maxEventBytes":1000}`, string(s.Options))
			require.Equal(t, &perdure.StreamEnd{}, s.End)
		})
	}
}

func TestAKilledAttemptAtAStreamThatCannotBeTakenUp(t *testing.T) {
	//rule:streams 4

	t.Run("in the midst", func(t *testing.T) {
		service, _ := answers(t, ticking(100, time.Second)) // whatever ids: the streamer is told that they lead nowhere
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			in := feed(chat, by("openai", `{"resume":false}`))
			killed(d, in, 5)
			recorded := len(d.log.events)
			require.NotZero(t, recorded)
			require.NoError(t, d.read(in, attempt{before: perdure.StreamHeartbeat{Phase: perdure.PhaseReading}}))
			require.Contains(t, d.requireEnd(perdure.ErrorStreamBroken).Error.Message, "the worker that read it is gone")
			require.Len(t, d.log.events, recorded, "what came before is kept")
		})
	})
	t.Run("that was begun by POST, and has a cursor", func(t *testing.T) {
		service, _ := answers(t, held("data: {\"sequence_number\":42}\n\n"))
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			in := feed(chat, by("openai", `{"cursor":{"json":"sequence_number","query":"starting_after"}}`))
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			require.Error(t, d.read(in, attempt{ctx: ctx}))
			require.Equal(t, "42", d.opened().Position.Cursor)
			time.Sleep(10 * time.Second)
			require.NoError(t, d.read(in, attempt{before: perdure.StreamHeartbeat{Phase: perdure.PhaseReading}}))
			require.Contains(t, d.requireEnd(perdure.ErrorStreamBroken).Error.Message, "names no place")
			require.Len(t, d.log.events, 1, "what came before is kept")
		})
	})
	t.Run("before the log had the answer", func(t *testing.T) {
		service, _ := answers(t, ticking(100, time.Second))
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			killed(d, feed(chat), 0)
			require.NoError(t, d.read(feed(chat), attempt{before: d.recorded[len(d.recorded)-1]}))
			d.requireEnd(perdure.ErrorStartAmbiguous)
		})
	})
	t.Run("after the answer, before the first event", func(t *testing.T) {
		service, _ := answers(t, held(""))
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			require.Error(t, d.read(feed(chat), attempt{ctx: ctx}))
			time.Sleep(10 * time.Second)
			require.NoError(t, d.read(feed(chat), attempt{before: perdure.StreamHeartbeat{Phase: perdure.PhaseReading}}))
			d.requireEnd(perdure.ErrorStreamBroken)
		})
	})
}

// The body of a request goes with the stream's state where it is sent again, if it is not
// too large: then only the attempt that has it can take the stream up.
func TestALargeBodyIsNotCarriedAlong(t *testing.T) {
	//rule:streams 3c

	service, requests := answers(t, broken("id: 1\ndata: a\n\n"), held("id: 2\ndata: b\n\n"))
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		in := feed(chat, by("sse", ""))
		in.Request.Body = perdure.TextBody(strings.Repeat("x", 300<<10))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.Error(t, d.read(in, attempt{ctx: ctx}))
		require.Equal(t, []string{"a", "b"}, d.log.data())
		body, err := io.ReadAll((*requests)[1].Body)
		require.NoError(t, err)
		require.Len(t, body, 300<<10)
		require.True(t, d.opened().NoBody)
		require.Less(t, len(d.log.pos.Sealed), 2000)

		time.Sleep(10 * time.Second)
		require.NoError(t, d.read(in))
		require.Contains(t, d.requireEnd(perdure.ErrorStreamBroken).Error.Message, "was not carried along")
	})
}

// What an attempt still sends after a later one has begun does not count, and the later
// one knows what the log has only once that holds.
func TestAnAttemptThatComesTooLate(t *testing.T) {
	service, _ := answers(t, ticking(1000, time.Second), held("id: 3\ndata: 3\n\n"))
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan error)
		go func() { first <- d.read(feed(), attempt{ctx: ctx}) }()
		time.Sleep(2500 * time.Millisecond)
		again, stop := context.WithTimeout(t.Context(), 5*time.Second)
		defer stop()
		require.Error(t, d.read(feed(), attempt{ctx: again}))
		cancel()
		require.Error(t, <-first)
		require.Equal(t, []string{"0", "1", "2", "3"}, d.log.data())
		require.Empty(t, d.log.broken)
	})
}

// A worker that stops hands over at once what another can take up.
func TestAWorkerThatStops(t *testing.T) {
	//rule:streams 8

	stopAfter := func(d time.Duration) attempt {
		stopped := make(chan struct{})
		time.AfterFunc(d, func() { close(stopped) })
		return attempt{drain: stopped}
	}
	t.Run("while it reads", func(t *testing.T) {
		overStream(t, ticking(1000, time.Second), func(d *streamDesk) {
			t := d.t
			begin := time.Now()
			err := d.read(feed(), stopAfter(2500*time.Millisecond))
			require.Equal(t, 2500*time.Millisecond, time.Since(begin))
			var stopped *temporal.ApplicationError
			require.ErrorAs(t, err, &stopped)
			require.Equal(t, "WorkerStops", stopped.Type())
			require.False(t, stopped.NonRetryable())
			require.Equal(t, time.Millisecond, stopped.NextRetryDelay())
			require.Equal(t, []string{"0", "1", "2"}, d.log.data())
			require.Equal(t, "2", d.opened().Position.LastEventID, "all is written down")
		})
	})
	t.Run("while nothing comes", func(t *testing.T) {
		overStream(t, held("id: 1\ndata: a\n\n"), func(d *streamDesk) {
			t := d.t
			begin := time.Now()
			require.Error(t, d.read(feed(), stopAfter(time.Minute)))
			require.Equal(t, time.Minute, time.Since(begin))
			require.Equal(t, 1, d.opened().Next)
		})
	})
	t.Run("while it waits to take the stream up", func(t *testing.T) {
		service, _ := answers(t, broken("retry: 60000\nid: 1\ndata: a\n\n"))
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			begin := time.Now()
			require.Error(t, d.read(feed(), stopAfter(time.Second)))
			require.Equal(t, time.Second, time.Since(begin))
		})
	})
	t.Run("while it asks", func(t *testing.T) {
		overStream(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, func(d *streamDesk) {
			t := d.t
			begin := time.Now()
			require.Error(t, d.read(feed(), stopAfter(time.Second)))
			require.Equal(t, time.Second, time.Since(begin))
		})
	})
	t.Run("but reads to the end what nobody can take up", func(t *testing.T) {
		service := func(w http.ResponseWriter, r *http.Request) {
			for range 20 {
				events("data: a\n\n")(w, r)
				_ = http.NewResponseController(w).Flush()
				time.Sleep(time.Second)
			}
			events("data: [DONE]\n\n")(w, r)
		}
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			require.NoError(t, d.read(feed(chat), stopAfter(time.Second)))
			d.requireEnd("")
			require.Len(t, d.log.events, 20)
		})
	})
	t.Run("as long as it may", func(t *testing.T) {
		overStream(t, func(w http.ResponseWriter, r *http.Request) { held("data: a\n\n")(w, r) }, func(d *streamDesk) {
			t := d.t
			begin := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			how := stopAfter(time.Second)
			how.ctx = ctx
			require.Error(t, d.read(feed(chat), how))
			require.Equal(t, 30*time.Second, time.Since(begin))
			require.Equal(t, []string{"a"}, d.log.data())
			require.Nil(t, d.log.end, "that is the next attempt's to say")
		})
	})
	t.Run("and stops when it can be taken up", func(t *testing.T) {
		service := func(w http.ResponseWriter, r *http.Request) {
			events("data: a\n\n")(w, r)
			_ = http.NewResponseController(w).Flush()
			time.Sleep(10 * time.Second)
			held("id: 1\ndata: b\n\n")(w, r)
		}
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			begin := time.Now()
			require.Error(t, d.read(feed(), stopAfter(time.Second)))
			require.Equal(t, 10*time.Second, time.Since(begin))
			require.Equal(t, "1", d.opened().Position.LastEventID)
		})
	})
	t.Run("but not where the body has ended with what it could be taken up from", func(t *testing.T) {
		const first, last = "data: a\n\n", "id: 1\ndata: b\n\n"
		service, _ := answers(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(first+last))) // so that the end comes with the last byte
			events(first)(w, r)
			_ = http.NewResponseController(w).Flush()
			time.Sleep(10 * time.Second)
			_, _ = io.WriteString(w, last)
		})
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			require.NoError(t, d.read(feed(), stopAfter(time.Second)))
			d.requireEnd("")
			require.Equal(t, []string{"a", "b"}, d.log.data())
		})
	})
}

// A stream is taken up from its token, in another log, which goes on at its offset.
func TestAStreamFromItsToken(t *testing.T) {
	service, requests := answers(t, held("id: 1\ndata: a\n\ndata: b\n\n"), events("data: b\n\ndata: c\n\n"))
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		in := feed(func(in *perdure.StreamInput) {
			in.Type, in.Audience, in.SilenceTimeoutSeconds = "Follow", "tenant 7", 50
		})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		require.Error(t, d.read(in, attempt{ctx: ctx}))
		token := d.log.pos.Sealed
		d.log = &memoryLog{}
		d.options.Logbook = d.log

		require.NoError(t, d.read(perdure.StreamInput{Token: token}))
		d.requireEnd(perdure.ErrorInvalidToken)

		d.log = &memoryLog{}
		d.options.Logbook = d.log
		require.NoError(t, d.read(perdure.StreamInput{Token: token, Type: "Follow", Audience: "tenant 7"}))
		d.requireEnd("")
		require.Equal(t, "2 \"message\" \"1\" \"c\"\n", string(d.log.recordOf()))
		require.Equal(t, "1", (*requests)[1].Header.Get("Last-Event-Id"))
		require.Zero(t, d.log.pos.Reconnects, "in this log")
		require.Equal(t, 50.0, d.opened().Silence)

		// The token of a stream that has ended says so.
		token = d.log.pos.Sealed
		d.log = &memoryLog{}
		d.options.Logbook = d.log
		require.NoError(t, d.read(perdure.StreamInput{Token: token, Type: "Follow", Audience: "tenant 7"}))
		d.requireEnd("")
		require.Equal(t, 3, d.log.pos.Next)
		require.Empty(t, d.log.events)
	})
}

// No worker without the key, or the service, ends a stream.
func TestAWorkerThatCannotOpenTheState(t *testing.T) {
	overStream(t, held("id: 1\ndata: a\n\n"), func(d *streamDesk) {
		t := d.t
		killed(d, feed(), 2)
		require.NotEmpty(t, d.log.pos.Sealed)
		other, err := tokens.NewKeyset()
		require.NoError(t, err)
		d.options.Keyset = other
		require.ErrorContains(t, d.read(feed()), "open the stream's state")
		require.Nil(t, d.log.end)
	})
}

// Cookies go with a stream, and are sealed.
func TestAStreamsCookies(t *testing.T) {
	service, requests := answers(t, func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "node", Value: "node-number-7", Path: "/"})
		broken("id: 1\ndata: a\n\n")(w, r)
	}, held("id: 2\ndata: b\n\n"), events("id: 3\ndata: c\n\n"))
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		d.config.StickyCookies = true
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		require.Error(t, d.read(feed(), attempt{ctx: ctx}))
		time.Sleep(10 * time.Second)
		require.NoError(t, d.read(feed()))
		d.requireEnd("")
		require.Empty(t, (*requests)[0].Header.Get("Cookie"))
		require.Equal(t, "node=node-number-7", (*requests)[1].Header.Get("Cookie"))
		require.Equal(t, "node=node-number-7", (*requests)[2].Header.Get("Cookie"), "of another worker")
		for _, b := range d.log.batches {
			raw, err := json.Marshal(b)
			require.NoError(t, err)
			require.NotContains(t, string(raw), "node-number-7")
		}
	})
}

// No credential, cookie, secret header or query is in what the log gets, or in a
// heartbeat.
func TestAStreamsSecrets(t *testing.T) {
	const secret = "S3cr3t"
	t.Setenv("FEED_TOKEN", secret)
	service, requests := answers(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "a="+secret)
		w.Header().Set("X-Session", secret)
		w.Header().Set("Link", "</events?sig="+secret+">; rel=self")
		broken("id: 1\ndata: a\n\n")(w, r)
	}, status(503), status(403, "Www-Authenticate", secret))
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		d.config.Credential = auth.Bearer("feed", auth.Secret{Env: "FEED_TOKEN"})
		d.config.SecretHeaders = []string{"X-Session"}
		require.NoError(t, d.read(feed(func(in *perdure.StreamInput) { in.Request.URL = "/events?sig=" + secret })))
		d.requireEnd(perdure.ErrorPollRejected)
		require.Equal(t, "Bearer "+secret, (*requests)[1].Header.Get("Authorization"))
		raw, err := json.Marshal([]any{d.log.batches, d.beats, d.recorded})
		require.NoError(t, err)
		require.NotContains(t, string(raw), secret)
	})
}

// Heartbeats say where the stream is.
func TestAStreamsHeartbeats(t *testing.T) {
	service, _ := answers(t, held("id: 1\ndata: a\n\n"), held("id: 2\ndata: b\n\n"))
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			require.Error(t, d.read(feed(), attempt{ctx: ctx}))
			cancel()
			time.Sleep(10 * time.Second)
		}
		require.NotEmpty(t, d.beats)
		last := d.beats[len(d.beats)-1]
		require.Equal(t, perdure.StreamHeartbeat{Phase: perdure.PhaseReading, Attempt: 1, Offset: 1, LastEventID: "1"}, last)
	})
}

func TestStreamsNeedStreamers(t *testing.T) {
	service, _ := answers(t)
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		d.options.Streamers = nil
		require.ErrorContains(t, d.read(feed()), "Streamers is missing")
	})
}

var _ activities.Logbook = (*memoryLog)(nil)
