package google_test

import (
	"encoding/json"
	"testing"

	"cloud.google.com/go/redis/apiv1/redispb"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/perdure-dev/perdure/activities/protocol/google"
	"github.com/perdure-dev/perdure/difftests/internal/compare"
	"github.com/perdure-dev/perdure/difftests/internal/play"
)

// perdures creates an instance and waits, as Perdure does.
func perdures(t *testing.T, service *play.Service) compare.Outcome {
	t.Helper()
	out, r := compare.Perdure(t, service, google.Protocol{}, "/v1/"+parent+"/instances?instanceId=i", `{"memorySizeGb":1}`)
	switch out.Kind {
	case compare.Succeeded:
		out.Value = unpack(t, r.Value)
	case compare.Failed, compare.Canceled:
		out.Word, out.Message = r.Status.Error.Code, r.Status.Error.Message
	}
	return out
}

// unpack reads the value as the instance that its @type says it is.
func unpack(t *testing.T, value json.RawMessage) string {
	t.Helper()
	if string(value) == "null" {
		return "none"
	}
	var packed anypb.Any
	var got redispb.Instance
	if protojson.Unmarshal(value, &packed) != nil {
		return string(value)
	}
	require.NoError(t, packed.UnmarshalTo(&got))
	return text(&got)
}

func text(got *redispb.Instance) string {
	raw, err := protojson.Marshal(got)
	if err != nil {
		return err.Error()
	}
	return compare.JSON(string(raw)) // protojson adds spaces at random
}
