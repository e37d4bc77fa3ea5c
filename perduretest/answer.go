package perduretest

import (
	"net/http"
	"slices"
	"time"
)

// answer is what a step sends back, and how.
type answer struct {
	status int
	header http.Header
	parts  []string
	stream bool // chunked, part by part, instead of with a Content-Length

	delay time.Duration
	hold  <-chan struct{}
	pace  time.Duration

	drop      dropPoint
	dropAfter int
}

type dropPoint int

const (
	dropNever dropPoint = iota
	dropUnread
	dropUnanswered
	dropInBody
)

// Reply answers with the status.
func (s Step) Reply(status int) Step {
	s.answer.status = status
	return s
}

// JSON answers with the status and the body, as application/json.
func (s Step) JSON(status int, body string) Step {
	return s.Reply(status).setHeader("Content-Type", "application/json").Body(body)
}

// Header adds a header to the answer. Nothing is added on its own: an answer
// whose script names no Content-Type has none.
func (s Step) Header(key, value string) Step {
	s.answer.header = s.answer.header.Clone()
	if s.answer.header == nil {
		s.answer.header = http.Header{}
	}
	s.answer.header.Add(key, value)
	return s
}

// WithoutContentType takes the Content-Type away that JSON put there.
func (s Step) WithoutContentType() Step {
	s.answer.header = s.answer.header.Clone()
	s.answer.header.Del("Content-Type")
	return s
}

// Body answers with the body, and a Content-Length.
func (s Step) Body(body string) Step {
	s.answer.parts, s.answer.stream = []string{body}, false
	return s
}

// Chunks answers with a body of unknown length, each part sent by itself:
// chunked on the wire, and for event streams.
func (s Step) Chunks(parts ...string) Step {
	s.answer.parts, s.answer.stream = slices.Clone(parts), true
	return s
}

// Pace waits that long before every chunk but the first.
func (s Step) Pace(d time.Duration) Step {
	s.answer.pace = d
	return s
}

// Slow waits that long, after the request has arrived, before it answers or
// drops the connection.
func (s Step) Slow(d time.Duration) Step {
	s.answer.delay = d
	return s
}

// Hold waits, after the request has arrived, until release is closed (or gives
// a value) before it answers or drops the connection. What is still held when
// the client gives up or the test ends is given up too.
func (s Step) Hold(release <-chan struct{}) Step {
	s.answer.hold = release
	return s
}

// Drop breaks the connection after the request was read, without an answer:
// the client cannot know whether it was heard.
func (s Step) Drop() Step {
	s.answer.drop = dropUnanswered
	return s
}

// DropUnread breaks the connection before the request's body is read. A
// WantBody is not looked at.
func (s Step) DropUnread() Step {
	s.answer.drop = dropUnread
	return s
}

// DropAfter breaks the connection in the answer, after its headers and the
// first n bytes of its body.
func (s Step) DropAfter(n int) Step {
	s.answer.drop, s.answer.dropAfter = dropInBody, n
	return s
}

func (s Step) setHeader(key, value string) Step {
	s = s.Header(key, value)
	s.answer.header.Set(key, value)
	return s
}

// length is that of the whole body, or -1 when it is not told.
func (a answer) length() int64 {
	if a.stream {
		return -1
	}
	var length int64
	for _, part := range a.parts {
		length += int64(len(part))
	}
	return length
}

// sent is what is sent of the parts before the connection breaks, if it does.
func (a answer) sent() []string {
	if a.drop != dropInBody {
		return a.parts
	}
	var parts []string
	left := a.dropAfter
	for _, part := range a.parts {
		part = part[:min(left, len(part))]
		left -= len(part)
		if part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
