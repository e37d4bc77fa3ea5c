package customprotocol

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// Name is what inputs and configurations call the protocol.
const Name = "renderfarm"

// Protocol is the render farm's convention.
type Protocol struct{}

// Name is "renderfarm".
func (Protocol) Name() string { return Name }

// Bind takes no options.
func (Protocol) Bind(options json.RawMessage) (protocol.Bound, error) {
	if err := protocol.NoOptions(options); err != nil {
		return nil, err
	}
	return bound{}, nil
}

type bound struct{}

// state is what is needed to go on, in any process. It travels sealed.
type state struct {
	Render  string `json:"render"`
	Picture string `json:"picture,omitempty"` // once the picture is there
}

// Prepare asks for the farm's words in place of its web page.
func (bound) Prepare(start *protocol.Ask) {
	if start.Header == nil {
		start.Header = http.Header{}
	}
	start.Header.Set("Accept", "text/plain")
}

// Recognizes lets "auto" find the protocol by the answer to a start.
func (bound) Recognizes(start protocol.Exchange) bool {
	return strings.HasPrefix(string(start.Body), "WAIT ")
}

// Started reads the first line.
func (bound) Started(start protocol.Exchange) (protocol.Step, error) { return read(state{}, start) }

// Next asks how the render goes, or for the picture.
func (bound) Next(raw json.RawMessage) (protocol.Ask, error) {
	s, err := decode(raw)
	if err != nil {
		return protocol.Ask{}, err
	}
	if s.Picture != "" {
		return protocol.Ask{Method: http.MethodGet, URL: s.Picture}, nil
	}
	return protocol.Ask{Method: http.MethodGet, URL: s.Render}, nil
}

// Answered reads another line, or the picture.
func (bound) Answered(raw json.RawMessage, answer protocol.Exchange) (protocol.Step, error) {
	s, err := decode(raw)
	if err != nil {
		return protocol.Step{}, err
	}
	if s.Picture == "" {
		return read(s, answer)
	}
	value, ok := answer.Value()
	return step(s, protocol.Step{Outcome: protocol.Succeeded, ServiceStatus: "DONE", Value: value, HasValue: ok})
}

// Cancel deletes the render, where there is one to delete.
func (bound) Cancel(raw json.RawMessage) (protocol.Ask, bool, error) {
	s, err := decode(raw)
	if err != nil || s.Render == "" {
		return protocol.Ask{}, false, err
	}
	return protocol.Ask{Method: http.MethodDelete, URL: s.Render}, true, nil
}

// read says what a line means. A word that nobody knows means that the render goes on.
func read(s state, answer protocol.Exchange) (protocol.Step, error) {
	if !answer.Success() {
		return protocol.Step{}, violation("the answer is a redirect")
	}
	line, _, _ := strings.Cut(string(answer.Body), "\n")
	word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	out := protocol.Step{ServiceStatus: word}
	var err error
	switch strings.ToUpper(word) {
	case "":
		return protocol.Step{}, violation("the answer is empty")
	case "WAIT":
		percent, target, _ := strings.Cut(rest, " ")
		out.Percent = percentOf(percent)
		s.Render, err = answer.Resolve(Name, "WAIT", target)
	case "DONE":
		out.Outcome, out.Fetch = protocol.Succeeded, true
		s.Picture, err = answer.Resolve(Name, "DONE", rest)
	case "SORRY":
		code, message, _ := strings.Cut(rest, " ")
		out.Outcome = protocol.Failed
		out.Error = &perdure.ServiceError{Code: code, Message: message}
		if out.Error.Code == "" {
			out.Error.Code = word
		}
	case "STOPPED":
		out.Outcome = protocol.Canceled
	}
	if err != nil {
		return protocol.Step{}, err
	}
	if s.Render == "" && !out.Ended() && !out.Fetch {
		return protocol.Step{}, violation("the start was not answered with WAIT, DONE, SORRY or STOPPED")
	}
	return step(s, out)
}

func percentOf(text string) *float64 {
	p, err := strconv.ParseFloat(text, 64)
	if err != nil || !(p >= 0 && p <= 100) {
		return nil
	}
	return &p
}

func step(s state, out protocol.Step) (protocol.Step, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return protocol.Step{}, err
	}
	out.State = raw
	return out, nil
}

func decode(raw json.RawMessage) (state, error) {
	var s state
	if json.Unmarshal(raw, &s) != nil || s.Render == "" && s.Picture == "" {
		return state{}, violation("the state is not this protocol's, or the render ended with its start")
	}
	return s, nil
}

func violation(message string) error {
	return &perdure.ProtocolError{Protocol: Name, Message: message}
}
