package google_test

import (
	"net/http"
	"strings"
	"testing"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	redis "cloud.google.com/go/redis/apiv1"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/option"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/google"
	"github.com/perdure-dev/perdure/difftests/internal/compare"
	"github.com/perdure-dev/perdure/difftests/internal/play"
)

// explained has every difference there is.
var explained = map[string]compare.Difference{
	"429 to a question":        {Theirs: compare.Refused, Why: "Google's client asks again after 503 only and ends with any other error; for Perdure 408, 429, 500, 502 and 504 are transient too"},
	"500 to a question":        {Theirs: compare.Refused, Why: "as 429"},
	"502 to a question":        {Theirs: compare.Refused, Why: "as 429"},
	"504 to a question":        {Theirs: compare.Refused, Why: "as 429"},
	"no result":                {Theirs: compare.Unreadable, Ours: compare.Succeeded, Why: `operations.proto: "Some services might not provide the result"; Google's client has no type for that, for Perdure it is a success without a value`},
	"both results":             {Theirs: compare.Unreadable, Ours: compare.Failed, Why: "a oneof with two members set: Google's client cannot parse it, for Perdure the error counts"},
	"error without code":       {Theirs: aNilError, Ours: compare.Failed, Why: "code 0 is OK: Google's client gives an error that holds a nil *apierror.APIError, on which methods panic; Perdure fails the operation as UNKNOWN"},
	"unknown code":             {Theirs: compare.Failed, Ours: compare.Failed, Why: "Google's client prints Code(99), Perdure the number"},
	"response of another type": {Theirs: compare.Unreadable, Ours: compare.Succeeded, Why: "Google's client cannot parse an operation with a type that it does not know; Perdure gives the response as it is"},
	"no name to a question":    {Theirs: compare.Succeeded, Ours: compare.Unreadable, Why: "Google's client takes an object without a name for an operation; for Perdure it breaks the protocol"},
}

//rule:google 1
//rule:google 2
func TestGoogle(t *testing.T) {
	t.Parallel()
	compare.Run(t, exchanges(), explained)
}

// Both cancel by the same request, whatever the name.
//
//rule:google 3a
func TestCancel(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"operation-1", "a b", "ü", "x:y", "100%", "q?r#s"} {
		name = parent + "/operations/" + name
		theirs := play.New(play.Answer{Body: `{}`})
		client, err := redis.NewCloudRedisRESTClient(t.Context(), option.WithHTTPClient(theirs.Client()), option.WithEndpoint("http://redis.test"))
		require.NoError(t, err)
		require.NoError(t, client.CancelOperation(t.Context(), &longrunningpb.CancelOperationRequest{Name: name}))
		require.NoError(t, client.Close())

		b, err := google.Protocol{}.Bind(nil)
		require.NoError(t, err)
		step, err := b.Started(protocol.Exchange{Method: http.MethodPost, URL: "http://redis.test/v1/" + parent + "/instances", Status: http.StatusOK, Body: []byte(operation(name, ""))})
		require.NoError(t, err)
		ask, supported, err := b.Cancel(step.State)
		require.NoError(t, err)
		require.True(t, supported)
		require.Equal(t, theirs.Requests(), []string{ask.Method + " " + strings.TrimPrefix(ask.URL, "http://redis.test")})
	}
}
