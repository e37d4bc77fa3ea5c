package activities_test

import (
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// tape is a stream that a service can go on with after any of its ids.
type tape struct {
	text  string
	after map[string]int // the byte after the event with this id
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
		if id != "" {
			out.after[id] = text.Len()
		}
	}
	out.text = text.String()
	return out
}

// from is where the request goes on.
func (p tape) from(r *http.Request) int { return p.after[r.Header.Get("Last-Event-Id")] }

// serve answers with the tape up to a byte, at which the connection breaks.
func (p tape) serve(w http.ResponseWriter, r *http.Request, until int) {
	w.Header().Set("Content-Type", "text/event-stream")
	from := p.from(r)
	_, _ = io.WriteString(w, p.text[from:max(from, min(until, len(p.text)))])
	if until >= len(p.text) {
		return
	}
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// everyByte: try every byte of a tape, which takes minutes. Without it a part of them
// has to do, with every byte of the begin.
var everyByte = os.Getenv("PERDURE_EVERY_BYTE") != ""

// The connection breaks after the first byte, then after the second, and so on to the
// end, in one stream: as if it had never broken.
func TestOneStreamBrokenAtEveryByte(t *testing.T) {
	p := newTape()
	var want []byte
	overStream(t, func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, len(p.text)) }, func(d *streamDesk) {
		t := d.t
		require.NoError(t, d.read(feed()))
		d.requireEnd("")
		want = d.log.recordOf()
	})
	require.Greater(t, len(want), 32<<10)
	until, connections := 0, 0
	overStream(t, func(w http.ResponseWriter, r *http.Request) {
		connections++
		if until++; until > 4<<10 && !everyByte {
			until += 23
		}
		p.serve(w, r, until)
	}, func(d *streamDesk) {
		t := d.t
		require.NoError(t, d.read(feed()))
		d.requireEnd("")
		require.True(t, string(want) == string(d.log.recordOf()), "the record is another")
		require.Equal(t, connections-1, d.log.pos.Reconnects)
		require.Greater(t, connections, 6_000)
	})
}

// The connection breaks once, after one byte or another, in one stream after another: the
// record is the same, byte for byte.
func TestStreamsBrokenAtAByte(t *testing.T) {
	p := newTape()
	until := len(p.text)
	overStream(t, func(w http.ResponseWriter, r *http.Request) {
		at := until
		until = len(p.text)
		p.serve(w, r, at)
	}, func(d *streamDesk) {
		t := d.t
		read := func() []byte {
			*d.log = memoryLog{}
			require.NoError(t, d.read(feed()))
			d.requireEnd("")
			return d.log.recordOf()
		}
		want := read()
		for _, at := range p.cuts() {
			until = at
			require.True(t, string(want) == string(read()), "broken after byte %d", at)
		}
	})
}

// cuts are the bytes after which to break: all of them, or each 97th, and all around some
// line ends and letters of several bytes.
func (p tape) cuts() []int {
	var out []int
	for at := 1; at < len(p.text); at++ {
		near := at < 150 && (!utf8.RuneStart(p.text[at]) || !utf8.RuneStart(p.text[at-1]) || strings.ContainsAny(p.text[at-1:at+1], "\r\n"))
		if near || at%97 == 0 || everyByte {
			out = append(out, at)
		}
	}
	return out
}
