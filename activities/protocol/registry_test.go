package protocol_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/location"
	"github.com/perdure-dev/perdure/activities/protocol/openai"
)

// named is a protocol of another name.
type named struct {
	protocol.Protocol
	name string
}

func (n named) Name() string { return n.name }

func registry(t *testing.T, protocols ...protocol.Protocol) *protocol.Registry {
	t.Helper()
	r, err := protocol.NewRegistry(protocols...)
	require.NoError(t, err)
	return r
}

func TestNewRegistryRefusesNames(t *testing.T) {
	for _, name := range []string{"", "auto", "location"} {
		_, err := protocol.NewRegistry(location.Protocol{}, named{openai.Protocol{}, name})
		require.Error(t, err, "the name %q", name)
	}
}

func TestRegistryDoesNotChange(t *testing.T) {
	list := []protocol.Protocol{openai.Protocol{}, location.Protocol{}}
	r := registry(t, list...)
	list[0] = named{location.Protocol{}, "other"}
	name, _, ok := r.Detect(answer(200, `{"id":"x","object":"batch"}`, ""))
	require.True(t, ok)
	require.Equal(t, "openai", name)
	require.Equal(t, []string{"location", "openai"}, r.Names())
}

func answer(status int, body, location string) protocol.Exchange {
	e := protocol.Exchange{Method: "POST", URL: "https://h/x", Status: status, Header: http.Header{}, Body: []byte(body)}
	if location != "" {
		e.Header.Set("Location", location)
	}
	return e
}

//rule:auto 1
func TestDetect(t *testing.T) {
	tests := []struct {
		name   string
		answer protocol.Exchange
		want   string // "": nobody
	}{
		{"an object of OpenAI's", answer(200, `{"id":"x","object":"vector_store","status":"in_progress"}`, ""), "openai"},
		{"an object of OpenAI's and a Location: the order decides", answer(202, `{"id":"x","object":"vector_store"}`, "/y"), "openai"},
		{"an object of OpenAI's without id, and a Location", answer(202, `{"object":"vector_store"}`, "/y"), "location"},
		{"202 with a Location", answer(202, `{"id":"x"}`, "/y"), "location"},
		{"201 with a Location", answer(201, ``, "/y"), ""},
		{"202 without a Location", answer(202, ``, ""), ""},
		{"another object", answer(200, `{"id":"x","object":"list"}`, ""), ""},
	}
	r := registry(t, openai.Protocol{}, location.Protocol{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name, bound, ok := r.Detect(tt.answer)
			require.Equal(t, tt.want, name)
			require.Equal(t, tt.want != "", ok)
			require.Equal(t, ok, bound != nil)
		})
	}
	t.Run("the other order", func(t *testing.T) {
		name, _, _ := registry(t, location.Protocol{}, openai.Protocol{}).Detect(answer(202, `{"id":"x","object":"vector_store"}`, "/y"))
		require.Equal(t, "location", name)
	})
}

func TestBind(t *testing.T) {
	r := registry(t, openai.Protocol{}, location.Protocol{})
	tests := []struct {
		name, protocol, options string
		field, message          string // of the error; "": none
	}{
		{"by name", "openai", `{"statusField":"state"}`, "", ""},
		{"no options", "location", ``, "", ""},
		{"null", "location", `null`, "", ""},
		{"auto", "auto", ``, "", ""},
		{"auto with no options", "auto", `{}`, "", ""},
		// `auto` takes no options.
		//
		//rule:auto 6 -
		{"auto with options", "auto", `{"statusField":"state"}`, "protocol.options.statusField", "unknown field"},
		{"unknown", "gopher", ``, "protocol.name", `"gopher" is unknown, want auto or location, openai`},
		{"empty", "", ``, "protocol.name", `"" is unknown, want auto or location, openai`},
		{"unknown option", "openai", `{"statusFeild":"state"}`, "protocol.options.statusFeild", "unknown field"},
		{"an option in another case", "openai", `{"StatusURL":"/x/{id}"}`, "protocol.options.StatusURL", "unknown field"},
		{"no object", "openai", `[]`, "protocol.options", "is a JSON array, want an object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bound, err := r.Bind(tt.protocol, json.RawMessage(tt.options))
			if tt.message == "" {
				require.NoError(t, err)
				require.NotNil(t, bound)
				return
			}
			var bad *perdure.InputError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, perdure.InputError{Field: tt.field, Message: tt.message}, *bad)
		})
	}
}

// fine is an options struct with embedded and nameless fields.
type fine struct {
	common
	Plain   string
	Renamed bool `json:"other,omitempty"`
}

type common struct {
	Items string `json:"items"`
}

func TestOptions(t *testing.T) {
	var o fine
	require.NoError(t, protocol.Options(json.RawMessage(`{"Plain":"a","other":true}`), &o))
	require.Equal(t, fine{Plain: "a", Renamed: true}, o)
	for _, name := range []string{"plain", "Renamed", "Other", "items "} {
		var bad *perdure.InputError
		raw, err := json.Marshal(map[string]string{name: ""})
		require.NoError(t, err)
		require.ErrorAs(t, protocol.Options(raw, &fine{}), &bad, name)
		require.Equal(t, name, bad.Field)
	}
}

func TestAuto(t *testing.T) {
	bound, err := registry(t, location.Protocol{}).Bind("auto", nil)
	require.NoError(t, err)
	require.False(t, bound.Recognizes(answer(202, "", "/x")))

	// What nobody recognises is, for any 2xx but 202, an operation that is over: it
	// succeeded, and the body is its value.
	//
	//rule:auto 4 -
	t.Run("what nobody recognises is the value", func(t *testing.T) {
		step, err := bound.Started(answer(201, `{"a":1}`, ""))
		require.NoError(t, err)
		require.Equal(t, protocol.Step{Outcome: protocol.Succeeded, Value: []byte(`{"a":1}`), HasValue: true, State: json.RawMessage(`{}`)}, step)
		_, supported, err := bound.Cancel(step.State)
		require.NoError(t, err)
		require.False(t, supported)
		var violation *perdure.ProtocolError
		_, err = bound.Next(step.State)
		require.ErrorAs(t, err, &violation)
		_, err = bound.Answered(step.State, answer(200, "", ""))
		require.ErrorAs(t, err, &violation)
	})
	// A 202 that nobody recognises breaks the protocol, because nothing says where to
	// ask: name one.
	//
	//rule:auto 5 -
	for _, test := range []struct {
		name   string
		status int
		want   string
	}{
		{"202", 202, "the start was accepted"},
		{"a redirect", 303, "the start was answered with 303"},
		{"an error", 404, "the start was answered with 404"},
	} {
		t.Run(test.name+" is not", func(t *testing.T) {
			var violation *perdure.ProtocolError
			_, err := bound.Started(answer(test.status, "{}", ""))
			require.ErrorAs(t, err, &violation)
			require.Contains(t, violation.Message, test.want)
		})
	}
}

// There are four outcomes: running, succeeded, failed, canceled. The service's own
// word is kept beside them.
//
//rule:answers 2 -
func TestOutcomes(t *testing.T) {
	want := map[protocol.Outcome]perdure.State{
		protocol.Running: perdure.StateRunning, protocol.Succeeded: perdure.StateSucceeded, protocol.Failed: perdure.StateFailed,
		protocol.Canceled: perdure.StateCanceled, protocol.Outcome(99): perdure.StateUnknown,
	}
	for outcome, state := range want {
		require.Equal(t, state, outcome.State())
		require.Equal(t, string(state), outcome.String())
	}
	require.True(t, protocol.Step{Outcome: protocol.Failed}.Ended())
	require.False(t, protocol.Step{Outcome: protocol.Succeeded, Fetch: true}.Ended())
	require.False(t, protocol.Step{}.Ended())
}
