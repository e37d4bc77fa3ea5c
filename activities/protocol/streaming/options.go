package streaming

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/jmes"
)

// MaxEventBytes is the most that the option maxEventBytes may be: no larger event can be
// recorded.
const MaxEventBytes = 1_900_000

// Options that every streamer takes, as they stand in the JSON.
type Options struct {
	// Cursor: nil where the service goes by Last-Event-ID, or cannot go on at all.
	Cursor *Cursor
	// MaxEventBytes bounds the data of one event; nil: perdure.DefaultMaxEventBytes.
	MaxEventBytes *int64
	// Resume is false for a service whose ids lead nowhere: a break ends the stream.
	// Nil: true.
	Resume *bool
}

// Cursor says how a service that sends no ids is asked to go on.
type Cursor struct {
	JSON  string `json:"json"`  // JMESPath on an event's data: where the service is
	Query string `json:"query"` // the parameter that asks it to go on from there
}

// Rules are the options that every streamer takes, checked.
type Rules struct {
	// Protocol is the streamer's name.
	Protocol string
	// MaxEventBytes bounds the data of one event.
	MaxEventBytes int64

	stuck  bool       // there is no way to go on
	cursor *jmes.Path // nil: by Last-Event-ID
	query  string
}

// Check reads the options. One that is wrong is a *perdure.InputError that names it.
func Check(name string, o Options) (Rules, error) {
	r := Rules{Protocol: name, MaxEventBytes: perdure.DefaultMaxEventBytes, stuck: o.Resume != nil && !*o.Resume}
	if o.MaxEventBytes != nil {
		r.MaxEventBytes = *o.MaxEventBytes
	}
	if r.MaxEventBytes < 1 || r.MaxEventBytes > MaxEventBytes {
		return Rules{}, &perdure.InputError{Field: "maxEventBytes", Message: fmt.Sprintf("is %d, want 1 to %d", r.MaxEventBytes, MaxEventBytes)}
	}
	if o.Cursor == nil {
		return r, nil
	}
	switch {
	case o.Cursor.JSON == "":
		return Rules{}, &perdure.InputError{Field: "cursor.json", Message: "is missing, want JMESPath on an event's data"}
	case strings.TrimSpace(o.Cursor.Query) == "":
		return Rules{}, &perdure.InputError{Field: "cursor.query", Message: "is missing, want the name of a query parameter"}
	case len(o.Cursor.Query) > perdure.MaxNameBytes:
		return Rules{}, &perdure.InputError{Field: "cursor.query", Message: fmt.Sprintf("has %d bytes, want at most %d", len(o.Cursor.Query), perdure.MaxNameBytes)}
	}
	var err error
	r.query = o.Cursor.Query
	r.cursor, err = jmes.Compile("cursor.json", o.Cursor.JSON)
	return r, err
}

// Violation says how the service broke the streamer's contract.
func (r Rules) Violation(message string) error {
	return &perdure.ProtocolError{Protocol: r.Protocol, Message: message}
}

// TooLarge is the error of an event that is larger than the option allows.
func (r Rules) TooLarge() error {
	return &perdure.SizeError{Limit: r.MaxEventBytes, Message: "an event's data; raise the option maxEventBytes"}
}

// CheckStatus reads the status of a 2xx answer: open is false for 204, by which a service
// says that there is nothing more to come. WHATWG HTML, 9.2.3: any other than 200 is no
// stream.
func (r Rules) CheckStatus(answer protocol.Exchange) (open bool, err error) {
	switch answer.Status {
	case http.StatusNoContent:
		return false, nil
	case http.StatusOK:
		return true, nil
	}
	return false, r.Violation(fmt.Sprintf("answers HTTP %d, which begins no stream", answer.Status))
}
