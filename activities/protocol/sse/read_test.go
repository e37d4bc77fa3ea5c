package sse_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/unicode"

	"github.com/perdure-dev/perdure/activities/protocol/sse"
)

// message is an event without a type and an id.
func message(data string) sse.Event { return sse.Event{Type: "message", Data: data} }

// The rules of WHATWG HTML, 9.2.5 and 9.2.6, one by one. In the bodies LF ends a line;
// each is read with every other line end in its place, too.
var rules = []struct {
	name string
	body string
	want []sse.Event
	cut  bool // the body ends within an event
}{
	{name: "one event", body: "data: a\n\n", want: []sse.Event{message("a")}},
	{name: "lines are joined by LF", body: "data: a\ndata: b\n\n", want: []sse.Event{message("a\nb")}},
	{name: "one space after the colon goes, and no more", body: "data:a\ndata:  b\ndata: \n\n", want: []sse.Event{message("a\n b\n")}},
	{name: "a tab stays", body: "data:\ta\n\n", want: []sse.Event{message("\ta")}},
	{name: "a field without a colon has an empty value", body: "data\n\n", want: []sse.Event{message("")}},
	{name: "two of them", body: "data\ndata\n\n", want: []sse.Event{message("\n")}},
	{name: "colons in the value", body: "data: a: b:c\n\n", want: []sse.Event{message("a: b:c")}},
	{name: "a type", body: "event: add\ndata: a\n\n", want: []sse.Event{{Type: "add", Data: "a"}}},
	{name: "the last type counts", body: "event: x\nevent: add\ndata: a\n\n", want: []sse.Event{{Type: "add", Data: "a"}}},
	{name: "an empty type is none", body: "event: x\nevent\ndata: a\n\n", want: []sse.Event{message("a")}},
	{name: "a type is the event's own", body: "event: add\ndata: a\n\ndata: b\n\n", want: []sse.Event{{Type: "add", Data: "a"}, message("b")}},
	{name: "an event without data is none, and its type is gone", body: "event: add\n\ndata: b\n\n", want: []sse.Event{message("b")}},
	{name: "an event without data keeps its id", body: "id: 1\n\ndata: b\n\n", want: []sse.Event{{ID: "1", SetsID: true, Silent: true}, message("b")}},
	{name: "an id", body: "id: 1\ndata: a\n\n", want: []sse.Event{{Type: "message", Data: "a", ID: "1", SetsID: true}}},
	{name: "the last id counts", body: "id: 1\ndata: a\nid: 2\n\n", want: []sse.Event{{Type: "message", Data: "a", ID: "2", SetsID: true}}},
	{name: "an empty id resets", body: "id: 1\ndata: a\n\nid\ndata: b\n\n", want: []sse.Event{{Type: "message", Data: "a", ID: "1", SetsID: true}, {Type: "message", Data: "b", SetsID: true}}},
	{name: "an id with a NUL in it is ignored", body: "id: 1\ndata: a\nid: 2\x003\n\n", want: []sse.Event{{Type: "message", Data: "a", ID: "1", SetsID: true}}},
	{name: "comments", body: ": a\n:b\n:\ndata: a\n: c\n\n:\n\n", want: []sse.Event{message("a")}},
	{name: "fields that nobody knows", body: "dat: x\ndataa: x\nDATA: x\n data: x\ndata : x\nretryy: 1\nevents\nfoo\ndata: a\n\n", want: []sse.Event{message("a")}},
	{name: "empty lines", body: "\n\n\ndata: a\n\n\n\n", want: []sse.Event{message("a")}},
	{name: "a retry", body: "retry: 250\ndata: a\n\n", want: []sse.Event{{Type: "message", Data: "a", Retry: 250 * time.Millisecond}}},
	{name: "a retry alone", body: "retry: 250\n\n", want: []sse.Event{{Silent: true, Retry: 250 * time.Millisecond}}},
	{name: "a retry holds from its line on", body: "retry: 250\n", want: []sse.Event{{Silent: true, Retry: 250 * time.Millisecond}}},
	{name: "a retry stays", body: "retry: 250\ndata: a\n\ndata: b\n\n", want: []sse.Event{{Type: "message", Data: "a", Retry: 250 * time.Millisecond}, {Type: "message", Data: "b", Retry: 250 * time.Millisecond}}},
	{name: "a retry that is no ASCII digits", body: "retry: 2s\nretry: +5\nretry: -5\nretry: 1.5\nretry: 1e3\nretry\nretry:  5\nretry: \u0661\ndata: a\n\n", want: []sse.Event{message("a")}},
	{name: "a retry of none is the shortest", body: "retry: 0\ndata: a\n\n", want: []sse.Event{{Type: "message", Data: "a", Retry: time.Millisecond}}},
	{name: "an absurd retry is capped", body: "retry: 99999999999999999999999\ndata: a\n\n", want: []sse.Event{{Type: "message", Data: "a", Retry: time.Hour}}},
	{name: "one byte order mark goes", body: "\xef\xbb\xbfdata: a\n\n", want: []sse.Event{message("a")}},
	{name: "and no other", body: "\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\ndata: \xef\xbb\xbfc\n\n", want: []sse.Event{message("\ufeffc")}},
	{name: "half a mark is none", body: "\xef\xbbdata: a\n\ndata: b\n\n", want: []sse.Event{message("b")}},
	{name: "an incomplete event at the end is dropped", body: "data: a\n\ndata: b\n", want: []sse.Event{message("a")}, cut: true},
	{name: "and an incomplete line", body: "data: a\n\ndata: b", want: []sse.Event{message("a")}, cut: true},
	{name: "and an id without its empty line", body: "data: a\n\nid: 7\n", want: []sse.Event{message("a")}, cut: true},
	{name: "a comment that ends in itself", body: "data: a\n\n: b", want: []sse.Event{message("a")}, cut: true},
	{name: "nothing", body: ""},
	{name: "a mark and nothing", body: "\xef\xbb\xbf"},
	{name: "several bytes for a letter", body: "event: ü\nid: 私\ndata: 🚀é\n\n", want: []sse.Event{{Type: "ü", Data: "🚀é", ID: "私", SetsID: true}}},
	{name: "malformed UTF-8, a U+FFFD for each part", body: "event: \xff\nid: \xfe\ndata: a\xff\xfeb \xf0\x9f\x9a \xe2\x82\n\n", want: []sse.Event{{Type: "\ufffd", Data: "a\ufffd\ufffdb \ufffd \ufffd", ID: "\ufffd", SetsID: true}}},
	{name: "a NUL in data", body: "data: a\x00b\n\n", want: []sse.Event{message("a\x00b")}},
	{name: "line separators of Unicode end no line", body: "data: a\u2028b\u0085c\vd\fe\n\n", want: []sse.Event{message("a\u2028b\u0085c\vd\fe")}},
	{name: "the standard's stocks", body: "data: YHOO\ndata: +2\ndata: 10\n\n", want: []sse.Event{message("YHOO\n+2\n10")}},
	{
		name: "the standard's three events", body: ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
		want: []sse.Event{{Type: "message", Data: "first event", ID: "1", SetsID: true}, {Type: "message", Data: "second event", SetsID: true}, message(" third event")},
	},
	{name: "the standard's fires twice", body: "data\n\ndata\ndata\n\ndata:\n", want: []sse.Event{message(""), message("\n")}, cut: true},
}

// lineEnds are all that may stand for LF, by themselves and in turn.
var lineEnds = map[string][]string{
	"LF": {"\n"}, "CR": {"\r"}, "CRLF": {"\r\n"}, "in turn": {"\r\n", "\n", "\r", "\r"}, "in turn, otherwise": {"\r", "\r\n", "\n"},
}

func withLineEnds(body string, ends []string) string {
	var out strings.Builder
	n := 0
	for _, c := range []byte(body) {
		if c != '\n' {
			out.WriteByte(c)
			continue
		}
		// CR before LF would be one line end.
		if end := ends[n%len(ends)]; end != "\n" || !strings.HasSuffix(out.String(), "\r") {
			out.WriteString(end)
		} else {
			out.WriteString("\r\n")
		}
		n++
	}
	return out.String()
}

func TestRules(t *testing.T) {
	// The body is UTF-8, whatever its Content-Type says; one byte order mark before it is
	// dropped, and what is malformed becomes U+FFFD
	//
	//rule:sse 1 WHATWG section 9.2.5; WHATWG Encoding

	// CR, LF and CRLF end a line, also where the bytes come apart
	//
	//rule:sse 2 WHATWG section 9.2.5

	// Lines that begin with a colon, and fields that nobody knows, mean nothing
	//
	//rule:sse 3 WHATWG section 9.2.6

	// One space after the colon goes. Lines of `data` are joined by LF; the last `event`
	// counts, and an event without one is a `message`
	//
	//rule:sse 4 WHATWG section 9.2.6

	// `id` holds from its event on, also where that has no data. An empty one resets it,
	// one with a NUL in it is ignored
	//
	//rule:sse 5 WHATWG section 9.2.6

	// `retry` is milliseconds in ASCII digits, else ignored; less than 1 ms is that, more
	// than an hour is an hour
	//
	//rule:sse 6 WHATWG section 9.2.6; - for the bounds

	// An event without data is none, nor is one that the body's end cuts off: that is a
	// break
	//
	//rule:sse 7 WHATWG section 9.2.6; - for the break

	for _, rule := range rules {
		for name, ends := range lineEnds {
			t.Run(rule.name+"/"+name, func(t *testing.T) {
				body := withLineEnds(rule.body, ends)
				for _, r := range []io.Reader{
					strings.NewReader(body), iotest.OneByteReader(strings.NewReader(body)), iotest.HalfReader(strings.NewReader(body)), iotest.DataErrReader(strings.NewReader(body)),
				} {
					got, err := read(r, 1<<20)
					require.Equal(t, rule.want, got)
					if rule.cut {
						require.ErrorIs(t, err, io.ErrUnexpectedEOF)
					} else {
						require.NoError(t, err)
					}
				}
			})
		}
	}
}

func read(body io.Reader, limit int64) (out []sse.Event, err error) {
	for e, err := range sse.Read(body, limit) {
		if err != nil {
			return out, err
		}
		out = append(out, e)
	}
	return out, nil
}

// An event is there with its last line end, whatever comes after.
func TestAnEventWaitsForNothing(t *testing.T) {
	for _, body := range []string{"data: a\n\n", "data: a\r\n\r\n", "data: a\r\r", "data: a\r\n\r"} {
		r, w := io.Pipe()
		go func() { _, _ = io.WriteString(w, body) }()
		for e, err := range sse.Read(r, 100) {
			require.NoError(t, err)
			require.Equal(t, message("a"), e)
			require.NoError(t, r.Close())
			break
		}
	}
}

// whatwg is the standard's algorithm, word by word, over a whole body.
func whatwg(body []byte) (out []sse.Event) {
	text, _ := unicode.UTF8.NewDecoder().String(string(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(text, "\n")
	var data, typ string
	var id *string
	for _, line := range lines[:len(lines)-1] {
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			e := sse.Event{Type: typ, Data: strings.TrimSuffix(data, "\n")}
			if id != nil {
				e.ID, e.SetsID = *id, true
			}
			if e.Type == "" {
				e.Type = "message"
			}
			if data != "" {
				out = append(out, e)
			}
			data, typ, id = "", "", nil
		case field == "event":
			typ = value
		case field == "data":
			data += value + "\n"
		case field == "id" && !strings.Contains(value, "\x00"):
			id = &value
		}
	}
	return out
}

// dispatched leaves out what is no event, and retries.
func dispatched(events []sse.Event) (out []sse.Event) {
	for _, e := range events {
		if e.Retry = 0; !e.Silent {
			out = append(out, e)
		}
	}
	return out
}

// However a body comes, it means what the standard says.
func TestAnyChunksMeanTheSame(t *testing.T) {
	//rule:sse 2

	pieces := []string{
		"data", "event", "id", "retry", ":", ": ", " ", "\n", "\r", "\r\n", "\n\n", "\r\r", "a", "{}", "12", "ü", "🚀", "\xf0\x9f", "\xff", "\x00", "\ufeff", "data: ", "data: x\n\n", "id: 7\n", strings.Repeat("x", 5000),
	}
	random := rand.New(rand.NewPCG(5, 7))
	for n := range 1000 {
		var body strings.Builder
		for range random.IntN(30) {
			body.WriteString(pieces[random.IntN(len(pieces))])
		}
		want, wantErr := read(strings.NewReader(body.String()), 1<<20)
		require.Equal(t, whatwg([]byte(body.String())), dispatched(want), "%q", body.String())
		for _, r := range []io.Reader{
			iotest.OneByteReader(strings.NewReader(body.String())), iotest.HalfReader(strings.NewReader(body.String())),
			&splits{strings.NewReader(body.String()), random},
		} {
			got, err := read(r, 1<<20)
			require.Equal(t, want, got, "%d: %q", n, body.String())
			require.Equal(t, wantErr, err, "%d: %q", n, body.String())
		}
	}
}

// splits reads as many bytes at a time as chance will have it.
type splits struct {
	r      io.Reader
	random *rand.Rand
}

func (s *splits) Read(p []byte) (int, error) { return s.r.Read(p[:min(len(p), 1+s.random.IntN(9))]) }

// FuzzRead holds what is read against the standard's algorithm, and against the same
// body in other chunks.
func FuzzRead(f *testing.F) {
	for i, rule := range rules {
		f.Add(uint64(i), []byte(rule.body))
	}
	f.Fuzz(func(t *testing.T, seed uint64, body []byte) {
		want, wantErr := read(bytes.NewReader(body), 1<<20)
		if wantErr == nil || wantErr == io.ErrUnexpectedEOF { //nolint:errorlint // as it is
			require.Equal(t, whatwg(body), dispatched(want))
		}
		got, err := read(&splits{bytes.NewReader(body), rand.New(rand.NewPCG(seed, 0))}, 1<<20)
		require.Equal(t, want, got)
		require.Equal(t, wantErr, err)
	})
}

func BenchmarkRead(b *testing.B) {
	var body strings.Builder
	for n := range 2000 {
		body.WriteString("id: " + strconv.Itoa(n) + "\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"}}]}\n\n")
	}
	b.SetBytes(int64(body.Len()))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range sse.Read(strings.NewReader(body.String()), 1<<20) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
