package activities_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// tape is a stream that a service can go on with after any of its ids.
type tape struct {
	text  string
	after map[string]int // the byte after the event with this id
	ends  []int          // the byte after each event
}

// newTape is at least 64 KiB of text in several scripts, with every kind of line end, and
// with events that have no id.
func newTape() tape {
	const size = 64 << 10
	scripts := []string{"plain words", "Grüße aus Köln", "日本語の文章", "🚀🧑‍🚀", "Καλημέρα κόσμε", "naïve\u00a0café"}
	random := rand.New(rand.NewPCG(1, 2))
	end := func() string { return []string{"\n", "\r\n", "\r"}[random.IntN(3)] }
	out := tape{after: map[string]int{}}
	var text strings.Builder
	text.WriteString("\ufeff: a comment" + end() + "retry: 1" + end())
	for n := 0; text.Len() < size; n++ {
		id := ""
		if random.IntN(3) > 0 {
			id = "№" + strconv.Itoa(n)
			text.WriteString("id: " + id + end())
		}
		if random.IntN(2) == 0 {
			text.WriteString("event: typ-ü" + end())
		}
		for range 1 + random.IntN(3) {
			text.WriteString("data: " + scripts[random.IntN(len(scripts))] + " " + strconv.Itoa(n) + end())
		}
		if random.IntN(4) == 0 {
			text.WriteString(": … " + scripts[random.IntN(len(scripts))] + end())
		}
		text.WriteString("\n\n") // CR before one LF would be one line end
		out.ends = append(out.ends, text.Len())
		if id != "" {
			out.after[id] = text.Len()
		}
	}
	out.text = text.String()
	return out
}

// from is where the request goes on.
func (p tape) from(r *http.Request) int { return p.after[r.Header.Get("Last-Event-Id")] }

// serve answers with the tape up to a byte.
func (p tape) serve(w http.ResponseWriter, r *http.Request, until int) {
	w.Header().Set("Content-Type", "text/event-stream")
	from := p.from(r)
	_, _ = io.WriteString(w, p.text[from:max(from, until)])
}

// broken is serve, and breaks the connection.
func (p tape) broken(w http.ResponseWriter, r *http.Request, until int) {
	p.serve(w, r, until)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// logged is a log so far.
type logged struct {
	events []perdure.RecordedEvent
	pos    perdure.LogPosition
}

// recorded is the log after so many events of the tape, each of which has its time, and
// what its states are sealed with.
func (p tape) recorded(t *testing.T) (out []logged, keyset *tokens.Keyset) {
	t.Helper()
	out = []logged{{}}
	var log *memoryLog
	overStream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		sent := 0
		for _, end := range p.ends {
			_, _ = io.WriteString(w, p.text[sent:end])
			_ = http.NewResponseController(w).Flush()
			sent = end
			time.Sleep(2 * time.Second) // until the state is sealed, too
			log.mu.Lock()
			out = append(out, logged{slices.Clip(log.events), log.pos})
			log.mu.Unlock()
		}
	}, func(d *streamDesk) {
		log, keyset = d.log, d.options.Keyset
		require.NoError(d.t, d.read(feed()))
		d.requireEnd("")
	})
	for n, have := range out {
		require.Len(t, have.events, n)
	}
	return out, keyset
}

// sameEvents but for the time at which they came.
func sameEvents(a, b []perdure.RecordedEvent) bool {
	return slices.EqualFunc(a, b, func(a, b perdure.RecordedEvent) bool {
		return a.Type == b.Type && a.ID == b.ID && bytes.Equal(a.Data, b.Data)
	})
}

// step is from one byte to the next at which to break: to each, but under the race
// detector, where that takes too long.
func step() int {
	if underRace {
		return 29
	}
	return 1
}

// The connection breaks after the first byte, then after the second, and so on to the
// end, in one stream: as if it had never broken.
func TestOneStreamBrokenAtEveryByte(t *testing.T) {
	if underRace {
		t.Skip("it takes too long under the race detector; make test-unit runs it without")
	}
	//rule:streams 3

	t.Parallel()
	p := newTape()
	want, _ := p.recorded(t)
	until, breaks := 0, 0
	overStream(t, func(w http.ResponseWriter, r *http.Request) {
		if until += step(); until < len(p.text) {
			breaks++
			p.broken(w, r, until)
		}
		p.serve(w, r, until)
	}, func(d *streamDesk) {
		t := d.t
		require.NoError(t, d.read(feed()))
		d.requireEnd("")
		require.True(t, sameEvents(want[len(p.ends)].events, d.log.events), "the record is another")
		require.GreaterOrEqual(t, breaks*step(), len(p.text)-step())
		require.Equal(t, breaks, d.log.pos.Reconnects)
	})
}

// The connection breaks once, after one byte or another, in one stream after another: the
// record is the same, byte for byte. As there is a stream for each byte, a worker takes it
// up two events before the break, and it ends three after.
func TestStreamsBrokenAtAByte(t *testing.T) {
	//rule:streams 3

	t.Parallel()
	p := newTape()
	want, keyset := p.recorded(t)
	breaks := 0 // after this byte; 0: not
	end := 0
	overStream(t, func(w http.ResponseWriter, r *http.Request) {
		if until := breaks; until > 0 {
			breaks = 0
			p.broken(w, r, until)
		}
		p.serve(w, r, end)
	}, func(d *streamDesk) {
		t := d.t
		d.options.Keyset = keyset
		event := 0 // that the byte is of
		for at := 1; at < len(p.text); at += step() {
			for at > p.ends[event] {
				event++
			}
			before, after := want[max(0, event-2)], want[min(event+3, len(p.ends))]
			*d.log = memoryLog{first: len(before.events), pos: before.pos}
			breaks, end = at, p.ends[len(after.events)-1]
			require.NoError(t, d.read(feed()))
			d.requireEnd("")
			require.True(t, sameEvents(after.events[len(before.events):], d.log.events), "broken after byte %d", at)
			require.Zero(t, breaks)
		}
	})
}

// Here and there in whole streams.
func TestWholeStreamsBrokenAtAByte(t *testing.T) {
	t.Parallel()
	p := newTape()
	want, _ := p.recorded(t)
	breaks := 0
	overStream(t, func(w http.ResponseWriter, r *http.Request) {
		if until := breaks; until > 0 {
			breaks = 0
			p.broken(w, r, until)
		}
		p.serve(w, r, len(p.text))
	}, func(d *streamDesk) {
		t := d.t
		for at := 1; at < len(p.text); at += 499 {
			*d.log, breaks = memoryLog{}, at
			require.NoError(t, d.read(feed()))
			d.requireEnd("")
			require.True(t, sameEvents(want[len(p.ends)].events, d.log.events), "broken after byte %d", at)
		}
	})
}
