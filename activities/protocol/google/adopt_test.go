package google_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/google"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

//rule:adopt 1
func TestAdopt(t *testing.T) {
	tests := []struct {
		what, options string
		adopt         perdure.Adoption
		want          string // the operation's URL
		id            string
	}{
		{"a name with its collection", ``, perdure.Adoption{Operation: "operations/1", Collection: "https://h/v1/projects/p/things"}, "https://h/v1/operations/1", "operations/1"},
		{"a collection after the service's base URL", ``, perdure.Adoption{Operation: "projects/p/operations/1", Collection: "/v1beta1/things"}, "/v1beta1/projects/p/operations/1", "projects/p/operations/1"},
		{"a base URL that ends with the version", ``, perdure.Adoption{Operation: "operations/1", Collection: "/projects/p/things"}, "/operations/1", "operations/1"},
		{"a name with a template", `{"operationURL":"/v3/{name}"}`, perdure.Adoption{Operation: "operations/1"}, "/v3/operations/1", "operations/1"},
		{"a status URL", ``, perdure.Adoption{StatusURL: "https://h/v1/operations/1"}, "https://h/v1/operations/1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			want := protocoltest.Want{RemoteID: tt.id, Cancel: "POST " + tt.want + ":cancel"}
			last := with(succeeded(`{"a":1}`), func(w *protocoltest.Want) { w.RemoteID = tt.id })
			run(t, protocoltest.Scenario{
				Name: tt.what, Options: tt.options, Adopt: &tt.adopt,
				Start: protocoltest.Turn{Asks: "POST https://h/v1/x", Want: want},
				Then: []protocoltest.Turn{
					{Asks: "GET " + tt.want, Body: `{"name":"operations/1"}`, Want: want},
					{Asks: "GET " + tt.want, Body: `{"name":"operations/1","done":true,"response":{"a":1}}`, Want: last},
				},
			})
		})
	}
}

//rule:adopt 2
func TestAdoptRefuses(t *testing.T) {
	tests := []struct {
		what, options string
		adopt         perdure.Adoption
		field         string
	}{
		{"nothing", ``, perdure.Adoption{}, "adopt.operation"},
		{"another SDK's token", ``, perdure.Adoption{Azcore: "{}"}, "adopt.operation"},
		{"a name without a collection", ``, perdure.Adoption{Operation: "operations/1"}, "adopt.collection"},
		{"a template that needs the version", `{"operationURL":"/{version}/{name}"}`, perdure.Adoption{Operation: "operations/1"}, "adopt.collection"},
		{"a collection of another scheme", ``, perdure.Adoption{Operation: "operations/1", Collection: "ftp://h/v1/x"}, "adopt.collection"},
		{"a name with dot segments", ``, perdure.Adoption{Operation: "operations/../x", Collection: "/v1/x"}, "adopt.operation"},
		{"a name that makes no URL", ``, perdure.Adoption{Operation: strings.Repeat("x", 17000), Collection: "/v1/x"}, "adopt.operation"},
		{"a status URL of another scheme", ``, perdure.Adoption{StatusURL: "file:///x"}, "adopt.statusURL"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			b, err := google.Protocol{}.Bind([]byte(tt.options))
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
