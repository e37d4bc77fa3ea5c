package location_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/location"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

//rule:adopt 1
func TestAdopt(t *testing.T) {
	tests := []struct {
		name, options string
		adopt         perdure.Adoption
		monitor, id   string
		cancel        string
	}{
		{"the monitor", ``, perdure.Adoption{StatusURL: monitor}, monitor, "", ""},
		{"a monitor after the service's base URL", ``, perdure.Adoption{StatusURL: "/v1/jobs/7"}, "/v1/jobs/7", "", ""},
		{"a monitor that can be deleted", `{"cancel":"delete"}`, perdure.Adoption{StatusURL: monitor}, monitor, "", "DELETE " + monitor},
		{"a name with its collection", ``, perdure.Adoption{Operation: "7", Collection: "https://jobs.example.com/v1/jobs"}, "https://jobs.example.com/v1/jobs/7", "7", ""},
		{"a name is one segment", ``, perdure.Adoption{Operation: "a/b?c", Collection: "/v1/jobs"}, "/v1/jobs/a%2Fb%3Fc", "a/b?c", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			runs := protocoltest.Want{RemoteID: tt.id, Cancel: tt.cancel}
			working := runs
			working.ServiceStatus, working.RemoteID = "202", ""
			protocoltest.Run(t, protocoltest.Suite{Protocol: location.Protocol{}, Scenarios: []protocoltest.Scenario{{
				Name: tt.name, Options: tt.options, Adopt: &tt.adopt,
				Start: protocoltest.Turn{Asks: start, Want: runs},
				Then: []protocoltest.Turn{
					{Asks: "GET " + tt.monitor, Status: 202, Want: working},
					{Asks: "GET " + tt.monitor, Body: `{"a":1}`, Want: done("200", `{"a":1}`)},
				},
			}}})
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
		{"nothing", perdure.Adoption{}, "adopt.statusURL"},
		{"an SDK's token", perdure.Adoption{Azcore: "{}"}, "adopt.statusURL"},
		{"a name without a collection", perdure.Adoption{Operation: "7"}, "adopt.collection"},
		{"a name of dots", perdure.Adoption{Operation: "..", Collection: "/v1/jobs"}, "adopt.operation"},
		{"a monitor of another scheme", perdure.Adoption{StatusURL: "ftp://h/7"}, "adopt.statusURL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := location.Protocol{}.Bind(nil)
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
