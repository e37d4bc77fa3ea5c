package openai_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/openai"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

//rule:adopt 1
func TestAdopt(t *testing.T) {
	tests := []struct {
		name, options string
		adopt         perdure.Adoption
		asks, cancels string
	}{
		{"an id with its collection", ``, perdure.Adoption{Operation: "x_1", Collection: startURL}, asksOne, cancels},
		{"a collection after the service's base URL", ``, perdure.Adoption{Operation: "x_1", Collection: "/things?a=b"}, "GET /things/x_1", "POST /things/x_1/cancel"},
		{"an id with a statusURL", `{"statusURL":"/v2/{id}"}`, perdure.Adoption{Operation: "x_1"}, "GET /v2/x_1", "POST /v2/x_1/cancel"},
		{"a status URL", ``, perdure.Adoption{StatusURL: startURL + "/x_1"}, asksOne, cancels},
		{"a status URL with a cancelURL", `{"cancelURL":"/stop/{id}"}`, perdure.Adoption{StatusURL: startURL + "/x_1?v=1"}, asksOne + "?v=1", "POST /stop/x_1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			protocoltest.Run(t, protocoltest.Suite{Protocol: openai.Protocol{}, Scenarios: []protocoltest.Scenario{{
				Name: tt.name, Options: tt.options, Adopt: &tt.adopt,
				Start: protocoltest.Turn{Asks: "POST " + startURL, Want: protocoltest.Want{RemoteID: "x_1", Cancel: tt.cancels}},
				Then: []protocoltest.Turn{
					{Asks: tt.asks, Body: body("batch", "validating"), Want: protocoltest.Want{ServiceStatus: "validating", RemoteID: "x_1", Cancel: tt.cancels}},
					{Asks: tt.asks, Body: body("batch", "completed"), Want: protocoltest.Want{Outcome: protocol.Succeeded, ServiceStatus: "completed", RemoteID: "x_1", Value: body("batch", "completed")}},
				},
			}}})
			b, err := openai.Protocol{}.Bind([]byte(tt.options))
			require.NoError(t, err)
			adopter, ok := b.(protocol.Adopter)
			require.True(t, ok)
			step, err := adopter.Adopt(tt.adopt)
			require.NoError(t, err)
			ask, err := b.Next(step.State)
			require.NoError(t, err)
			require.Equal(t, protocol.FromAdoption, ask.Option)
		})
	}
}

//rule:adopt 2
func TestAdoptRefuses(t *testing.T) {
	tests := []struct {
		name  string
		adopt perdure.Adoption
		field string
	}{
		{"nothing", perdure.Adoption{}, "adopt.operation"},
		{"an SDK's token", perdure.Adoption{Azcore: "{}"}, "adopt.operation"},
		{"an id without a collection", perdure.Adoption{Operation: "x_1"}, "adopt.collection"},
		{"a collection of another scheme", perdure.Adoption{Operation: "x_1", Collection: "ftp://h/things"}, "adopt.collection"},
		{"an id of dots", perdure.Adoption{Operation: "..", Collection: "/things"}, "adopt.operation"},
		{"an id that makes no URL", perdure.Adoption{Operation: strings.Repeat("x", 17000), Collection: "/things"}, "adopt.operation"},
		{"a status URL with dot segments", perdure.Adoption{StatusURL: "/things/../x"}, "adopt.statusURL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := openai.Protocol{}.Bind(nil)
			require.NoError(t, err)
			adopter, ok := b.(protocol.Adopter)
			require.True(t, ok)
			_, err = adopter.Adopt(tt.adopt)
			var bad *perdure.InputError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, tt.field, bad.Field)
		})
	}
}
