package waiter

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/jmes"
)

// options of the protocol, as they are written.
type options struct {
	// Status is where to ask. Required; the method is GET by default.
	Status json.RawMessage `json:"status"`
	// Cancel is the request by which the service is asked to stop; the method is POST
	// by default. Without it, the service cannot be asked.
	Cancel json.RawMessage `json:"cancel"`
	// Acceptors decide in their order. Required; one of them has the state success.
	Acceptors []json.RawMessage `json:"acceptors"`
	// Result is the value within the answer that succeeded; default: all of it.
	Result string `json:"result"`
	// Progress, PercentComplete and Error are looked for in each answer.
	Progress        string `json:"progress"`
	PercentComplete string `json:"percentComplete"`
	Error           string `json:"error"`
	// The delay between two questions is random between MinDelaySeconds (default 2)
	// and a bound that doubles with each question, up to MaxDelaySeconds (default 120).
	MinDelaySeconds *float64 `json:"minDelaySeconds"`
	MaxDelaySeconds *float64 `json:"maxDelaySeconds"`
}

// Defaults of the delays (Smithy 2.0, waiters: minDelay, maxDelay).
const (
	defaultMinDelay = 2 * time.Second
	defaultMaxDelay = 120 * time.Second
)

// maxDelayBound is the longest delay that may be asked for.
const maxDelayBound = 24 * time.Hour

// Bind reads the options. A JMESPath expression that does not compile is found out
// here, before anything is sent.
func (Protocol) Bind(raw json.RawMessage) (protocol.Bound, error) {
	var o options
	if err := protocol.Options(raw, &o); err != nil {
		return nil, err
	}
	b := &bound{}
	if err := errors.Join(
		b.bindRequests(o),
		b.bindAcceptors(o.Acceptors),
		b.bindPaths(o),
		b.bindDelays(o.MinDelaySeconds, o.MaxDelaySeconds),
	); err != nil {
		return nil, firstOf(err)
	}
	return b, nil
}

// firstOf is the first of joined errors: one is told at a time.
func firstOf(err error) error {
	if bad, ok := errors.AsType[*perdure.InputError](err); ok {
		return bad
	}
	return err
}

func (b *bound) bindRequests(o options) (err error) {
	if isAbsent(o.Status) {
		return &perdure.InputError{Field: "status", Message: "is missing, want the method and the URL that answer how the operation goes"}
	}
	if b.status, err = readRequest("status", "GET", o.Status); err != nil {
		return err
	}
	if isAbsent(o.Cancel) {
		return nil
	}
	b.cancel, err = readRequest("cancel", "POST", o.Cancel)
	return err
}

func (b *bound) bindAcceptors(raw []json.RawMessage) error {
	if len(raw) > maxAcceptors {
		return &perdure.InputError{Field: "acceptors", Message: fmt.Sprintf("has %d, want at most %d", len(raw), maxAcceptors)}
	}
	succeeds := false
	for i, r := range raw {
		a, err := readAcceptor(fmt.Sprintf("acceptors[%d]", i), r)
		if err != nil {
			return err
		}
		succeeds = succeeds || a.outcome == protocol.Succeeded
		b.acceptors = append(b.acceptors, a)
	}
	if !succeeds { // Smithy 2.0, waiters: at least one acceptor MUST be of state success
		return &perdure.InputError{Field: "acceptors", Message: "has none of state success: the operation could never end well"}
	}
	return nil
}

const maxAcceptors = 100

func (b *bound) bindPaths(o options) (err error) {
	for _, p := range []struct {
		field, expression string
		into              **jmes.Path
	}{
		{"result", o.Result, &b.result},
		{"progress", o.Progress, &b.progress},
		{"percentComplete", o.PercentComplete, &b.percent},
		{"error", o.Error, &b.failure},
	} {
		if p.expression == "" {
			continue
		}
		if *p.into, err = jmes.Compile(p.field, p.expression); err != nil {
			return err
		}
	}
	return nil
}

func (b *bound) bindDelays(least, most *float64) (err error) {
	if b.minDelay, err = delay("minDelaySeconds", least, defaultMinDelay); err != nil {
		return err
	}
	if b.maxDelay, err = delay("maxDelaySeconds", most, max(defaultMaxDelay, b.minDelay)); err != nil {
		return err
	}
	if b.maxDelay < b.minDelay {
		return &perdure.InputError{Field: "maxDelaySeconds", Message: fmt.Sprintf("is %s, below minDelaySeconds, %s", b.maxDelay, b.minDelay)}
	}
	return nil
}

func delay(field string, given *float64, byDefault time.Duration) (time.Duration, error) {
	if given == nil {
		return byDefault, nil
	}
	if math.IsNaN(*given) || *given <= 0 || *given > maxDelayBound.Seconds() {
		return 0, &perdure.InputError{Field: field, Message: fmt.Sprintf("is %v, want seconds above 0, at most %v", *given, maxDelayBound.Seconds())}
	}
	return max(1, time.Duration(*given*float64(time.Second))), nil
}

func isAbsent(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// inside puts an input error's field into the field around it.
func inside(field string, err error) error {
	bad, ok := errors.AsType[*perdure.InputError](err)
	if !ok {
		return err
	}
	if bad.Field != "" {
		field += "." + bad.Field
	}
	return &perdure.InputError{Field: field, Message: bad.Message}
}
