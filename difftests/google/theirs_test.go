package google_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	redis "cloud.google.com/go/redis/apiv1"
	"cloud.google.com/go/redis/apiv1/redispb"
	"github.com/googleapis/gax-go/v2/apierror"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/option"
	"google.golang.org/grpc/codes"

	"github.com/perdure-dev/perdure/difftests/internal/compare"
	"github.com/perdure-dev/perdure/difftests/internal/play"
)

// theirs creates an instance and waits, with the client as Google generates it.
func theirs(t *testing.T, service *play.Service) (out compare.Outcome) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client, err := redis.NewCloudRedisRESTClient(t.Context(), option.WithHTTPClient(service.Client()), option.WithEndpoint("http://redis.test"))
		require.NoError(t, err)
		defer func() { _ = client.Close() }()
		var got *redispb.Instance
		op, err := client.CreateInstance(t.Context(), &redispb.CreateInstanceRequest{Parent: parent, InstanceId: "i", Instance: &redispb.Instance{MemorySizeGb: 1}})
		if err == nil {
			got, err = op.Wait(t.Context())
		}
		out = theirOutcome(got, err)
	})
	return out
}

func theirOutcome(got *redispb.Instance, err error) compare.Outcome {
	var failure *apierror.APIError
	switch {
	case err == nil:
		return compare.Outcome{Kind: compare.Succeeded, Value: text(got)}
	case !errors.As(err, &failure):
		return compare.Outcome{Kind: compare.Unreadable}
	case failure == nil:
		return compare.Outcome{Kind: aNilError}
	case failure.HTTPCode() > 0:
		return compare.Outcome{Kind: compare.Refused, Word: strconv.Itoa(failure.HTTPCode())}
	case failure.GRPCStatus().Code() == codes.Canceled:
		return compare.Outcome{Kind: compare.Canceled, Word: "CANCELLED", Message: failure.GRPCStatus().Message()}
	}
	return compare.Outcome{Kind: compare.Failed, Word: codeName(failure.GRPCStatus().Code()), Message: failure.GRPCStatus().Message()}
}

// aNilError is a kind of outcome that only theirs has.
const aNilError = "a nil error"

// codeName is the name as google.rpc spells it.
func codeName(c codes.Code) string {
	var out strings.Builder
	for i, r := range c.String() {
		if i > 0 && r >= 'A' && r <= 'Z' {
			out.WriteByte('_')
		}
		out.WriteRune(r)
	}
	return strings.ToUpper(out.String())
}
