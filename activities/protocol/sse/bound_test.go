package sse_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/sse"
)

// An event has at most maxEventBytes of data, in one line or many.
func TestMaxEventBytes(t *testing.T) {
	// An event has at most `maxEventBytes` of data. One more ends the stream as
	// `EventTooLarge`, and neither that event nor a comment of any length is held in
	// memory
	//
	//rule:streams 7 -

	for _, test := range []struct {
		name, body string
		ok         bool
	}{
		{"as many as there may be", "data: " + strings.Repeat("x", 1000), true},
		{"one more", "data: " + strings.Repeat("x", 1001), false},
		{"in two lines", "data: " + strings.Repeat("x", 500) + "\ndata:" + strings.Repeat("x", 499), true},
		{"in two lines, one more", "data: " + strings.Repeat("x", 500) + "\ndata:" + strings.Repeat("x", 500), false},
		{"in lines without anything", strings.Repeat("data\n", 1000) + "data", true},
		{"in lines without anything, one more", strings.Repeat("data\n", 1001) + "data", false},
		{"what is no data does not count", "event: " + strings.Repeat("e", 2000) + "\nid: " + strings.Repeat("i", 2000) + "\n:" + strings.Repeat("c", 2000) + "\ndata: x", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := sse.Streamer{}.Bind([]byte(`{"maxEventBytes":1000}`))
			require.NoError(t, err)
			var events int
			for range 2 { // the event before takes nothing away from the next
				events, err = count(s, strings.NewReader("data: before\n\n"+test.body+"\n\n"))
			}
			if test.ok {
				require.NoError(t, err)
				require.Equal(t, 2, events)
				return
			}
			var size *perdure.SizeError
			require.ErrorAs(t, err, &size)
			require.Equal(t, int64(1000), size.Limit)
			require.Contains(t, err.Error(), "maxEventBytes")
			require.Equal(t, 1, events)
		})
	}
}

func count(s protocol.Streaming, body io.Reader) (events int, err error) {
	for _, err := range s.Events(body, protocol.Position{}) {
		if err != nil {
			return events, err
		}
		events++
	}
	return events, nil
}

// Of a line of 33 MiB no more is held in memory than an event may have, and of a comment
// nothing.
func TestLongLinesAreNotHeldInMemory(t *testing.T) {
	//rule:streams 7

	const length = 33 << 20
	for _, test := range []struct {
		name, begin string
		most        uint64 // bytes that may be allocated in all
		tooLarge    bool
	}{
		{"data", "data: ", 8 << 20, true}, // 1 MiB, and what a growing slice leaves behind
		{"an id", "id: ", 1 << 20, true},
		{"a type", "event: ", 1 << 20, true},
		{"a comment", ":", 1 << 20, false},
		{"a field that nobody knows", "what: ", 1 << 20, false},
		{"a name without a colon", "", 1 << 20, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := sse.Streamer{}.Bind(nil)
			require.NoError(t, err)
			body := io.MultiReader(strings.NewReader(test.begin), io.LimitReader(letters{}, length), strings.NewReader("\ndata: after\n\n"))
			before := allocated()
			events, err := count(s, body)
			require.Less(t, allocated()-before, test.most, "bytes allocated")
			if test.tooLarge {
				require.ErrorAs(t, err, new(*perdure.SizeError))
				return
			}
			require.NoError(t, err)
			require.Equal(t, 1, events)
		})
	}
}

// So do lines that are no event for ever.
func TestCommentsForEverTakeNoMemory(t *testing.T) {
	//rule:streams 7

	s, err := sse.Streamer{}.Bind(nil)
	require.NoError(t, err)
	body := io.MultiReader(&repeated{line: ": ping\n", times: 1 << 20}, strings.NewReader("data: after\n\n"))
	before := allocated()
	events, err := count(s, body)
	require.NoError(t, err)
	require.Equal(t, 1, events)
	require.Less(t, allocated()-before, uint64(1<<20))
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

type letters struct{}

var xs = []byte(strings.Repeat("x", 32<<10))

func (letters) Read(p []byte) (int, error) { return copy(p, xs), nil }

// repeated is a line, a number of times.
type repeated struct {
	line  string
	times int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	if r.times == 0 {
		return 0, io.EOF
	}
	for r.times > 0 && len(p)-n >= len(r.line) {
		n += copy(p[n:], r.line)
		r.times--
	}
	return n, nil
}

// The body's own error comes as it is, after all whole events.
func TestTheBodysOwnError(t *testing.T) {
	reset := errors.New("connection reset")
	events, err := read(io.MultiReader(strings.NewReader("retry: 5\ndata: a\n\nretry: 7\ndata: b\n"), failing{reset}), 100)
	require.ErrorIs(t, err, reset)
	require.Equal(t, []sse.Event{
		{Type: "message", Data: "a", Retry: 5 * time.Millisecond},
		{Silent: true, Retry: 7 * time.Millisecond}, // holds without an event
	}, events)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
