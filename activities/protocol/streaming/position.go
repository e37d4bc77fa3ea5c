package streaming

import (
	"net/http"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/jmes"
)

// lastEventID is the header that asks a service to go on (WHATWG HTML, 9.2.4).
const lastEventID = "Last-Event-Id"

// Ask is the request for the stream from its start, or from after a position. Accept is sent
// where the first request says nothing else.
func (r Rules) Ask(first protocol.Ask, at protocol.Position, accept string) (ask protocol.Ask, ok bool) {
	if !at.None() && !r.leadsOn(first.Method, at) {
		return protocol.Ask{}, false
	}
	ask = first
	ask.Header = first.Header.Clone()
	if ask.Header == nil {
		ask.Header = http.Header{}
	}
	if ask.Header.Get("Accept") == "" {
		ask.Header.Set("Accept", accept)
	}
	switch {
	case at.None():
	case r.cursor != nil:
		ask.URL = protocol.WithParameter(first.URL, r.query, at.Cursor)
		if len(ask.URL) > perdure.MaxURLBytes {
			return protocol.Ask{}, false
		}
	default:
		ask.Header.Set(lastEventID, at.LastEventID)
	}
	return ask, true
}

// leadsOn reports whether the service can be asked to go on from there. A parameter asks
// so of a resource that is read: with any other method it starts another stream.
func (r Rules) leadsOn(method string, at protocol.Position) bool {
	switch {
	case r.stuck:
		return false
	case r.cursor != nil:
		return at.Cursor != "" && (method == http.MethodGet || method == http.MethodHead)
	}
	return at.LastEventID != "" && len(at.LastEventID) <= perdure.MaxURLBytes && !strings.ContainsFunc(at.LastEventID, unsendable)
}

// unsendable: no header can have it.
func unsendable(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// After is the position after an event. SetsID: the event has an id of its own, and
// perhaps the empty one.
func (r Rules) After(at protocol.Position, id string, setsID bool, data []byte) protocol.Position {
	if setsID {
		at.LastEventID = id
	}
	sets := setsID
	if r.cursor != nil {
		var cursor string
		if cursor, sets = r.cursor.Text(jmes.ParseExact(data)); sets {
			at.Cursor = cursor
		}
	}
	if sets || at.None() {
		at.Since = 0
	} else {
		at.Since++
	}
	return at
}

// AfterID is the position after an id that came without an event.
func (r Rules) AfterID(at protocol.Position, id string) protocol.Position {
	at.LastEventID = id
	if r.cursor == nil {
		at.Since = 0
	}
	return at
}
