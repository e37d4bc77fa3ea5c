package google_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	redis "cloud.google.com/go/redis/apiv1"
	"cloud.google.com/go/redis/apiv1/redispb"
	"github.com/googleapis/gax-go/v2/apierror"
	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	googleprotocol "github.com/perdure-dev/perdure/activities/protocol/google"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/option"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/perdure-dev/perdure/difftests/internal/ours"
	"github.com/perdure-dev/perdure/difftests/internal/play"
)

const (
	parent   = "projects/p/locations/l"
	instance = `{"@type":"type.googleapis.com/google.cloud.redis.v1.Instance","name":"projects/p/locations/l/instances/i","memorySizeGb":%d}`
)

// outcome is what a client makes of an operation.
type outcome struct {
	kind    string // succeeded, failed, canceled, refused, unreadable
	code    string // of what failed, by name; of what was refused, the HTTP status
	message string
	value   string // the instance, in the JSON of proto3
}

// exchange is a service's answers, and what is particular about them.
type exchange struct {
	name    string
	answers []play.Answer
	// traits are in the order in which a client meets them; the first that explains a
	// difference does.
	traits []string
}

// difference is what either client makes of a trait, and why.
type difference struct {
	theirs, ours string // kinds of outcomes; "" is any
	why          string
}

// explained has every difference there is.
var explained = map[string]difference{
	"429 to a question":        {"refused", "", "Google's client asks again after 503 only and ends with any other error; for Perdure 408, 429, 500, 502 and 504 are transient too"},
	"500 to a question":        {"refused", "", "as 429"},
	"502 to a question":        {"refused", "", "as 429"},
	"504 to a question":        {"refused", "", "as 429"},
	"no result":                {"unreadable", "succeeded", `operations.proto: "Some services might not provide the result"; Google's client has no type for that, for Perdure it is a success without a value`},
	"both results":             {"unreadable", "failed", "a oneof with two members set: Google's client cannot parse it, for Perdure the error counts"},
	"error without code":       {"a nil error", "failed", "code 0 is OK: Google's client gives an error that holds a nil *apierror.APIError, on which methods panic; Perdure fails the operation as UNKNOWN"},
	"unknown code":             {"failed", "failed", "Google's client prints Code(99), Perdure the number"},
	"response of another type": {"unreadable", "succeeded", "Google's client cannot parse an operation with a type that it does not know; Perdure gives the response as it is"},
	"no name to a question":    {"succeeded", "unreadable", "Google's client takes an object without a name for an operation; for Perdure it breaks the protocol"},
}

func TestGoogle(t *testing.T) {
	t.Parallel()
	const generated = 600
	random := rand.New(rand.NewPCG(151, 155))
	counts := map[string]int{}
	for i := range generated {
		e := generate(random, i)
		compare(t, e, counts)
	}
	for _, e := range named {
		compare(t, e, counts)
	}
	report(t, generated+len(named), counts)
}

func report(t *testing.T, total int, counts map[string]int) {
	t.Helper()
	t.Logf("%d exchanges: %d the same, %d different and explained", total, counts[""], total-counts[""])
	for _, trait := range slices.Sorted(maps.Keys(explained)) {
		t.Logf("%4d %s: %s", counts[trait], trait, explained[trait].why)
		require.Positive(t, counts[trait], "%s: was met", trait)
	}
}

// compare plays an exchange to both. Outcome, value and requests have to be the same,
// or one of the exchange's traits explains why not.
func compare(t *testing.T, e exchange, counts map[string]int) {
	t.Helper()
	theirs, theirRequests := playTheirs(t, e)
	own, ownRequests := playOurs(t, e)
	if theirs == own && slices.Equal(theirRequests, ownRequests) {
		counts[""]++
		return
	}
	for _, trait := range e.traits {
		want, ok := explained[trait]
		if !ok {
			continue
		}
		counts[trait]++
		require.Equal(t, want.theirs, theirs.kind, "%s: %s: theirs", e.name, trait)
		require.Contains(t, []string{own.kind, ""}, want.ours, "%s: %s: ours", e.name, trait)
		both := min(len(theirRequests), len(ownRequests))
		require.Equal(t, theirRequests[:both], ownRequests[:both], "%s: the requests up to the difference", e.name)
		return
	}
	require.Equal(t, theirs, own, "%s: the outcome; the answers were %+v", e.name, e.answers)
	require.Equal(t, theirRequests, ownRequests, "%s: the requests; the answers were %+v", e.name, e.answers)
}

// playTheirs creates an instance and waits, with the client as Google generates it.
func playTheirs(t *testing.T, e exchange) (outcome, []string) {
	t.Helper()
	service := play.New(e.answers...)
	var out outcome
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
	return out, service.Requests()
}

func theirOutcome(got *redispb.Instance, err error) outcome {
	var failure *apierror.APIError
	switch {
	case err == nil:
		return outcome{kind: "succeeded", value: text(got)}
	case !errors.As(err, &failure):
		return outcome{kind: "unreadable"}
	case failure == nil:
		return outcome{kind: "a nil error"}
	case failure.HTTPCode() > 0:
		return outcome{kind: "refused", code: strconv.Itoa(failure.HTTPCode())}
	case failure.GRPCStatus().Code() == codes.Canceled:
		return outcome{kind: "canceled", code: "CANCELLED", message: failure.GRPCStatus().Message()}
	}
	return outcome{kind: "failed", code: codeName(failure.GRPCStatus().Code()), message: failure.GRPCStatus().Message()}
}

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

func playOurs(t *testing.T, e exchange) (outcome, []string) {
	t.Helper()
	service := play.New(e.answers...)
	grace := 0.0
	r := ours.Run(t, ours.Operation{
		Protocol: googleprotocol.Protocol{}, Method: http.MethodPost,
		URL:     service.Listen(t) + "/v1/" + parent + "/instances?instanceId=i",
		Body:    perdure.JSONBody(json.RawMessage(`{"memorySizeGb":1}`)),
		Polling: perdure.Polling{NotFoundGraceSeconds: &grace}, Timeout: 10 * time.Hour, Threshold: 1,
	})
	return ourOutcome(t, r), service.Requests()
}

func ourOutcome(t *testing.T, r ours.Result) outcome {
	t.Helper()
	why := r.Status.Error
	switch r.ErrorType {
	case "":
		return outcome{kind: "succeeded", value: unpack(t, r.Value)}
	case perdure.ErrorCanceled:
		return outcome{kind: "canceled", code: why.Code, message: why.Message}
	case perdure.ErrorOperationFailed:
		return outcome{kind: "failed", code: why.Code, message: why.Message}
	case perdure.ErrorPollRejected, perdure.ErrorStartRejected:
		return outcome{kind: "refused", code: strconv.Itoa(why.HTTPStatus)}
	case perdure.ErrorProtocolViolation:
		return outcome{kind: "unreadable"}
	}
	return outcome{kind: r.ErrorType}
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
	var compact map[string]any // protojson adds spaces at random
	if json.Unmarshal(raw, &compact) != nil {
		return string(raw)
	}
	return fmt.Sprint(compact)
}

// generate makes the answers of one operation.
func generate(random *rand.Rand, i int) exchange {
	e := exchange{name: fmt.Sprintf("generated %d", i)}
	name := parent + "/operations/" + pick(random, "operation-1", "a b", "ü", "x:y", "1~_-.z", "100%", "q?r#s")
	if random.IntN(10) == 0 { // done with the start
		e.answer(operation(name, end(random, &e)))
		return e
	}
	e.answer(operation(name, running(random)))
	for range random.IntN(6) {
		switch random.IntN(8) {
		case 0:
			e.refuse(pick(random, 500, 500, 502, 502, 504, 504, 429)) // after 429 Perdure's worker leaves the service alone for a second
		case 1:
			e.answers = append(e.answers, refusal(http.StatusServiceUnavailable))
		default:
			e.answer(operation(name, running(random)))
		}
	}
	if random.IntN(8) == 0 { // the question is refused
		e.answers = append(e.answers, refusal(pick(random, 400, 401, 403, 404, 409)))
		return e
	}
	if random.IntN(20) == 0 {
		e.answer(pick(random, `<html>`, ``, `[]`, `{"name":`, `"operations/1"`, `{"name":"`+parent+`/operations/1","done":"true"}`))
		return e
	}
	e.answer(operation(name, end(random, &e)))
	return e
}

func (e *exchange) answer(body string) { e.answers = append(e.answers, play.Answer{Body: body}) }

func (e *exchange) refuse(status int) {
	e.answers = append(e.answers, refusal(status))
	e.traits = append(e.traits, fmt.Sprintf("%d to a question", status))
}

// refusal is an error as AIP-193 writes it.
func refusal(status int) play.Answer {
	return play.Answer{Status: status, Body: fmt.Sprintf(`{"error":{"code":%d,"message":"no","status":"SOME","details":[]}}`, status)}
}

func running(random *rand.Rand) string {
	return pick(random, ``, `"done":false`, `"done":null`, `"metadata":{"@type":"type.googleapis.com/google.cloud.redis.v1.OperationMetadata","verb":"create"}`, `"metadata":null,"unknownField":[1]`)
}

// end is how an operation is done.
func end(random *rand.Rand, e *exchange) string {
	switch random.IntN(12) {
	case 0:
		e.traits = append(e.traits, "no result")
		return `"done":true`
	case 1:
		e.traits = append(e.traits, "both results")
		return `"done":true,"response":` + fmt.Sprintf(instance, 1) + `,"error":{"code":5}`
	case 2:
		e.traits = append(e.traits, "error without code")
		return `"done":true,"error":` + pick(random, `{}`, `{"code":0,"message":"m"}`, `{"message":"m"}`)
	case 3:
		e.traits = append(e.traits, "unknown code")
		return `"done":true,"error":{"code":99,"message":"m"}`
	case 4:
		e.traits = append(e.traits, "response of another type")
		return `"done":true,"response":{"@type":"type.googleapis.com/example.Unknown","a":1}`
	case 5, 6, 7:
		return fmt.Sprintf(`"done":true,"error":{"code":%d,"message":"m %d"}`, 1+random.IntN(16), random.IntN(9))
	}
	return `"done":true,"response":` + fmt.Sprintf(instance, 1+random.IntN(300))
}

func operation(name, more string) string {
	raw, _ := json.Marshal(name)
	if more == "" {
		return `{"name":` + string(raw) + `}`
	}
	return `{"name":` + string(raw) + `,` + more + `}`
}

func pick[T any](random *rand.Rand, from ...T) T { return from[random.IntN(len(from))] }

// named exchanges are too rare to be met by chance.
var named = []exchange{
	{name: "a start that is refused", answers: []play.Answer{refusal(http.StatusBadRequest)}},
	{name: "a start that is no operation", answers: []play.Answer{{Body: `<html>`}}},
	{name: "done without a name", answers: []play.Answer{{Body: `{"done":true,"response":` + fmt.Sprintf(instance, 3) + `}`}}},
	{name: "early results do not count", answers: []play.Answer{
		{Body: operation(parent+"/operations/1", "")},
		{Body: operation(parent+"/operations/1", `"response":`+fmt.Sprintf(instance, 1))},
		{Body: operation(parent+"/operations/1", `"done":true,"response":`+fmt.Sprintf(instance, 2))},
	}},
	{name: "another name in an answer", answers: []play.Answer{
		{Body: operation(parent+"/operations/1", "")},
		{Body: operation(parent+"/operations/2", "")},
		{Body: operation(parent+"/operations/2", `"done":true,"response":`+fmt.Sprintf(instance, 2))},
	}},
	{name: "no name to a question", traits: []string{"no name to a question"}, answers: []play.Answer{
		{Body: operation(parent+"/operations/1", "")},
		{Body: `{"metadata":null}`},
		{Body: operation(parent+"/operations/1", `"done":true,"response":`+fmt.Sprintf(instance, 2))},
	}},
}

// Both cancel by the same request, whatever the name.
func TestCancel(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"operation-1", "a b", "ü", "x:y", "100%", "q?r#s"} {
		name = parent + "/operations/" + name
		theirs := play.New(play.Answer{Body: `{}`})
		client, err := redis.NewCloudRedisRESTClient(t.Context(), option.WithHTTPClient(theirs.Client()), option.WithEndpoint("http://redis.test"))
		require.NoError(t, err)
		require.NoError(t, client.CancelOperation(t.Context(), &longrunningpb.CancelOperationRequest{Name: name}))
		require.NoError(t, client.Close())

		b, err := googleprotocol.Protocol{}.Bind(nil)
		require.NoError(t, err)
		step, err := b.Started(protocol.Exchange{Method: http.MethodPost, URL: "http://redis.test/v1/" + parent + "/instances", Status: http.StatusOK, Body: []byte(operation(name, ""))})
		require.NoError(t, err)
		ask, supported, err := b.Cancel(step.State)
		require.NoError(t, err)
		require.True(t, supported)
		require.Equal(t, theirs.Requests(), []string{ask.Method + " " + strings.TrimPrefix(ask.URL, "http://redis.test")})
	}
}
