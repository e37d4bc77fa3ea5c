package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
)

// withEvents are the batches that have some, and when they came.
func (l *memoryLog) withEvents() (out []perdure.Batch, at []time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, b := range l.batches {
		if len(b.Events) > 0 {
			out, at = append(out, b), append(at, l.at[i])
		}
	}
	return out, at
}

// ticking answers with one event after another, after a wait each.
func ticking(n int, wait time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		for i := 0; i < n && r.Context().Err() == nil; i++ {
			_, _ = fmt.Fprintf(w, "id: %d\ndata: %d\n\n", i, i)
			_ = http.NewResponseController(w).Flush()
			time.Sleep(wait)
		}
	}
}

// An event that comes alone goes at once.
func TestAnEventGoesAtOnce(t *testing.T) {
	overStream(t, ticking(5, time.Second), func(d *streamDesk) {
		t := d.t
		begin := time.Now()
		require.NoError(t, d.read(feed()))
		d.requireEnd("")
		batches, at := d.log.withEvents()
		require.Len(t, batches, 5)
		for i := range batches {
			require.Equal(t, time.Duration(i)*time.Second, at[i].Sub(begin))
		}
	})
}

// What comes while a signal is under way goes together, and so does what comes after it
// for three times as long.
func TestASlowServerGetsLargerBatches(t *testing.T) {
	for _, test := range []struct{ trip, spacing time.Duration }{
		{time.Millisecond, 50 * time.Millisecond}, {10 * time.Millisecond, 50 * time.Millisecond}, {50 * time.Millisecond, 200 * time.Millisecond}, {time.Second, 4 * time.Second},
	} {
		t.Run(test.trip.String(), func(t *testing.T) {
			overStream(t, ticking(2000, 5*time.Millisecond), func(d *streamDesk) {
				t := d.t
				begin := time.Now()
				d.log.record = func(perdure.Batch) error { time.Sleep(test.trip); return nil }
				require.NoError(t, d.read(feed()))
				d.requireEnd("")
				require.Len(t, d.log.events, 2000)
				batches, at := d.log.withEvents()
				require.LessOrEqual(t, at[0].Sub(begin), 2*test.trip, "the first event: after the head, and at once")
				for i := 2; i < len(at)-1; i++ {
					require.GreaterOrEqual(t, at[i].Sub(at[i-1]), test.spacing)
					require.LessOrEqual(t, at[i].Sub(at[i-1]), test.spacing+5*time.Millisecond)
					require.InDelta(t, float64(test.spacing/(5*time.Millisecond)), float64(len(batches[i].Events)), 2)
				}
			})
		})
	}
}

// A torrent goes in batches of at most 512 KiB, or 5,000 events.
func TestATorrentGoesInBatches(t *testing.T) {
	for _, test := range []struct {
		name string
		body string
		n    int
		most int // batches
	}{
		{"of small events", strings.Repeat("data: x\n\n", 30_000), 30_000, 15},
		{"of large ones", strings.Repeat("data: "+strings.Repeat("x", 100_000)+"\n\n", 50), 50, 15},
		{"of the largest", strings.Repeat("data: "+strings.Repeat("x", 1<<20)+"\n\n", 5), 5, 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			overStream(t, events(test.body), func(d *streamDesk) {
				t := d.t
				d.log.record = func(perdure.Batch) error { time.Sleep(20 * time.Millisecond); return nil }
				require.NoError(t, d.read(feed()))
				d.requireEnd("")
				require.Len(t, d.log.events, test.n)
				batches, _ := d.log.withEvents()
				next := 0
				for _, b := range batches {
					require.Equal(t, next, b.First)
					next += len(b.Events)
					require.LessOrEqual(t, len(b.Events), 5000)
					raw, err := json.Marshal(b)
					require.NoError(t, err)
					require.True(t, len(raw) < 540<<10 || len(b.Events) == 1, "%d bytes", len(raw))
				}
				require.LessOrEqual(t, len(batches), test.most)
			})
		})
	}
}

// A service that breaks after each event makes no more signals than one that does not.
func TestAStreamThatBreaksAllTheTime(t *testing.T) {
	n := 0
	overStream(t, func(w http.ResponseWriter, r *http.Request) {
		if n++; n > 2000 {
			status(204)(w, r)
			return
		}
		broken(fmt.Sprintf("retry: 1\nid: %d\ndata: %d\n\n", n, n))(w, r)
	}, func(d *streamDesk) {
		t := d.t
		begin := time.Now()
		require.NoError(t, d.read(feed()))
		d.requireEnd("")
		require.Len(t, d.log.events, 2000)
		require.LessOrEqual(t, len(d.log.batches), 2*int(time.Since(begin)/(50*time.Millisecond))+3)
	})
}

// While the log takes nothing, the service has to wait: 2 MiB and no more are held.
func TestTheServiceWaitsForTheLog(t *testing.T) {
	// While nothing can be recorded the service has to wait: no more than 2 MiB are held
	//
	//rule:streams 9 -

	var sent atomic.Int64
	const size, total = 10_000, 2000
	service := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for range total {
			n, err := io.WriteString(w, "data: "+strings.Repeat("x", size)+"\n\n")
			if err != nil {
				return
			}
			sent.Add(int64(n))
		}
	}
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		begin := time.Now()
		d.log.record = func(b perdure.Batch) error {
			if time.Since(begin) < 10*time.Minute {
				return errors.New("unavailable")
			}
			return nil
		}
		time.AfterFunc(9*time.Minute, func() {
			sent := sent.Load()
			if sent < 2<<20 || sent > 2<<20+100_000 {
				t.Errorf("the service has sent %d bytes", sent)
			}
		})
		require.NoError(t, d.read(feed()))
		d.requireEnd("")
		require.Len(t, d.log.events, total)
		require.Empty(t, d.log.errors(), "that the log is slow is no silence of the service")
	})
}

// A signal whose answer was lost is sent again: the log takes it once.
func TestABatchThatIsSentTwice(t *testing.T) {
	overStream(t, ticking(200, 10*time.Millisecond), func(d *streamDesk) {
		t := d.t
		n := 0
		twice := d.log
		d.options.Logbook = lossy{twice, func() bool { n++; return n%3 == 0 }}
		require.NoError(t, d.read(feed()))
		d.requireEnd("")
		require.Len(t, d.log.events, 200)
	})
}

// lossy loses the answers to batches that the log has.
type lossy struct {
	*memoryLog
	lose func() bool
}

func (l lossy) Record(ctx context.Context, log string, b perdure.Batch) error {
	err := l.memoryLog.Record(ctx, log, b)
	if err == nil && l.lose() && b.End == nil {
		return errors.New("unavailable")
	}
	return err
}

// A log that takes no batch at all fails the activity, so that it is seen.
func TestALogThatRefuses(t *testing.T) {
	overStream(t, held("data: a\n\n"), func(d *streamDesk) {
		t := d.t
		d.log.record = func(perdure.Batch) error { return fmt.Errorf("%w: not allowed", activities.ErrLogRefuses) }
		require.ErrorIs(t, d.read(feed()), activities.ErrLogRefuses)
	})
}

// takesUpTo is a log that takes batches whose events are at most so large together.
func takesUpTo(bytes int) func(perdure.Batch) error {
	return func(b perdure.Batch) error {
		size := 0
		for _, e := range b.Events {
			size += len(e.Data)
		}
		if size > bytes {
			return fmt.Errorf("%w: Blob data size exceeds limit", activities.ErrLogRefuses)
		}
		return nil
	}
}

// An event that is larger than this Temporal takes ends the stream, and what came before
// is kept, though it goes in one batch with that event.
func TestAnEventThatTheLogRefuses(t *testing.T) {
	//rule:streams 7

	large := strings.Repeat("x", 9000)
	for _, test := range []struct {
		name   string
		data   []string
		want   []string
		lastID string
	}{
		{"the first", []string{large, "a"}, nil, ""},
		{"the second", []string{"a", large}, []string{"a"}, "1"},
		{"between", []string{"a", "b", "c", "d", "e", large, "f", "g"}, []string{"a", "b", "c", "d", "e"}, "5"},
		{"the last", []string{"a", "b", "c", "d", large}, []string{"a", "b", "c", "d"}, "4"},
	} {
		for _, busy := range []time.Duration{0, time.Second} {
			t.Run(fmt.Sprintf("%s, each signal takes %v", test.name, busy), func(t *testing.T) {
				var body strings.Builder
				for i, data := range test.data {
					fmt.Fprintf(&body, "id: %d\ndata: %s\n\n", i+1, data)
				}
				overStream(t, events(body.String()), func(d *streamDesk) {
					t := d.t
					takes := takesUpTo(5000)
					d.log.record = func(b perdure.Batch) error {
						time.Sleep(busy) // what comes meanwhile goes together
						return takes(b)
					}
					require.NoError(t, d.read(feed()))
					end := d.requireEnd(perdure.ErrorEventTooLarge)
					require.Contains(t, end.Error.Message, fmt.Sprintf("does not take event %d, of 9002 bytes", len(test.want)))
					require.Contains(t, end.Error.Message, "Blob data size exceeds limit")
					require.Equal(t, test.want, d.log.data())
					require.Equal(t, test.lastID, d.log.status.LastEventID)
					require.NotNil(t, d.log.response)
				})
			})
		}
	}
}

// What happens to go along with an event, as how often the state is sealed decides, is no
// reason to lose it.
func TestAnEventIsNotRefusedForWhatGoesAlongWithIt(t *testing.T) {
	large := strings.Repeat("x", 9000)
	for name, data := range map[string][]string{
		"the first": {large, "a", "b"}, "the last": {"a", "b", large}, "alone": {large}, "all": {large, large, large},
	} {
		for _, busy := range []time.Duration{0, time.Second} {
			t.Run(fmt.Sprintf("%s, each signal takes %v", name, busy), func(t *testing.T) {
				var body strings.Builder
				for i, data := range data {
					fmt.Fprintf(&body, "id: %d\ndata: %s\n\n", i+1, data)
				}
				overStream(t, events(body.String()), func(d *streamDesk) {
					t := d.t
					takes := takesUpTo(9100)
					d.log.record = func(b perdure.Batch) error {
						time.Sleep(busy)
						for _, e := range b.Events {
							if len(e.Data) > 9000 && (b.Sealed != "" || b.Response != nil) {
								return takes(perdure.Batch{Events: []perdure.RecordedEvent{e, e}})
							}
						}
						return takes(b)
					}
					require.NoError(t, d.read(feed()))
					d.requireEnd("")
					require.Equal(t, data, d.log.data())
					require.Equal(t, strconv.Itoa(len(data)), d.log.status.LastEventID)
					require.NotNil(t, d.log.response)
					require.Equal(t, len(data), d.opened().Next)
				})
			})
		}
	}
}

// Where this Temporal takes less at once than a batch holds, the events go in more of them.
func TestALogThatTakesLittleAtOnce(t *testing.T) {
	const n = 200
	overStream(t, events(strings.Repeat("data: "+strings.Repeat("x", 1000)+"\n\n", n)), func(d *streamDesk) {
		t := d.t
		takes := takesUpTo(5100)
		d.log.record = func(b perdure.Batch) error {
			time.Sleep(20 * time.Millisecond)
			return takes(b)
		}
		require.NoError(t, d.read(feed()))
		d.requireEnd("")
		require.Len(t, d.log.events, n)
		require.NotEmpty(t, d.log.pos.Sealed)
	})
}

// Nobody reads what would be written into a log that is closed.
func TestALogThatIsClosed(t *testing.T) {
	for _, test := range []struct {
		name  string
		close func(d *streamDesk)
	}{
		{"before", func(d *streamDesk) { d.log.position = func() error { return activities.ErrLogClosed } }},
		{"before, and it says so", func(d *streamDesk) { d.log.pos.Done = true }},
		{"while it is read", func(d *streamDesk) {
			d.log.record = func(b perdure.Batch) error {
				if b.First > 2 {
					return activities.ErrLogClosed
				}
				return nil
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			overStream(t, ticking(1000, time.Second), func(d *streamDesk) {
				t := d.t
				begin := time.Now()
				test.close(d)
				require.NoError(t, d.read(feed()))
				require.Less(t, time.Since(begin), 10*time.Second)
				require.Nil(t, d.log.end)
			})
		})
	}
	t.Run("while nothing comes", func(t *testing.T) {
		service := func(w http.ResponseWriter, r *http.Request) {
			events("data: a\n\n")(w, r)
			for r.Context().Err() == nil {
				_ = http.NewResponseController(w).Flush()
				time.Sleep(15 * time.Second)
				_, _ = io.WriteString(w, ":\n")
			}
		}
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			begin := time.Now()
			d.log.record = func(perdure.Batch) error {
				if time.Since(begin) > time.Hour {
					return activities.ErrLogClosed
				}
				return nil
			}
			require.NoError(t, d.read(feed()))
			require.InDelta(t, time.Hour, time.Since(begin), float64(6*time.Minute))
		})
	})
}

// The state is sealed now and then, not with each batch, and always up to the last event.
func TestHowOftenTheStateIsSealed(t *testing.T) {
	sealed := func(d *streamDesk) (n int) {
		for _, b := range d.log.batches {
			if b.Sealed != "" {
				n++
			}
		}
		return n
	}
	t.Run("once a second", func(t *testing.T) {
		overStream(t, ticking(1000, 10*time.Millisecond), func(d *streamDesk) {
			t := d.t
			require.NoError(t, d.read(feed()))
			d.requireEnd("")
			require.Greater(t, len(d.log.batches), 150)
			require.InDelta(t, 12, sealed(d), 2)
		})
	})
	t.Run("a large state less often", func(t *testing.T) {
		overStream(t, ticking(1000, 10*time.Millisecond), func(d *streamDesk) {
			t := d.t
			in := feed(chat, by("sse", "")) // its ids make that the body is needed again
			in.Request.Body = perdure.JSONBody([]byte(`"` + strings.Repeat("x", 60_000) + `"`))
			require.NoError(t, d.read(in))
			d.requireEnd("")
			require.LessOrEqual(t, sealed(d), 5)
			require.Greater(t, len(d.log.pos.Sealed), 60_000)
		})
	})
	t.Run("what is not sent again is not sealed", func(t *testing.T) {
		overStream(t, events("data: a\n\ndata: [DONE]\n\n"), func(d *streamDesk) {
			t := d.t
			in := feed(chat)
			in.Request.Body = perdure.JSONBody([]byte(`"` + strings.Repeat("x", 60_000) + `"`))
			require.NoError(t, d.read(in))
			d.requireEnd("")
			require.Less(t, len(d.log.pos.Sealed), 2000)
		})
	})
	t.Run("behind the last event for a second", func(t *testing.T) {
		service := func(w http.ResponseWriter, r *http.Request) {
			ticking(10, 10*time.Millisecond)(w, r)
			time.Sleep(time.Minute)
		}
		overStream(t, service, func(d *streamDesk) {
			t := d.t
			time.AfterFunc(2*time.Second, func() {
				s := d.opened()
				if s.Next != 10 || s.Position.LastEventID != "9" {
					t.Errorf("sealed is %+v", s)
				}
			})
			require.NoError(t, d.read(feed()))
			d.requireEnd("")
			require.InDelta(t, 3.5, sealed(d), 0.5, "with the head and the first place, or each; after the last event; with the end")
		})
	})
}
