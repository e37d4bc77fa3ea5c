package google_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/google"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

const (
	starts    = "POST https://redis.googleapis.com/v1/projects/p/locations/l/instances?instanceId=i"
	name      = "projects/p/locations/l/operations/op-1"
	monitor   = "https://redis.googleapis.com/v1/" + name
	asks      = "GET " + monitor
	cancels   = "POST " + monitor + ":cancel"
	runningOp = `{"name":"` + name + `"}`
	response  = `{"@type":"type.googleapis.com/google.cloud.redis.v1.Instance","name":"projects/p/locations/l/instances/i","memorySizeGb":12345678901234567890}`
)

// running is an operation of that name which is not done.
func running(name string) protocoltest.Want {
	return protocoltest.Want{RemoteID: name, Cancel: cancels}
}

// begun is a start whose operation runs.
func begun() protocoltest.Turn {
	return protocoltest.Turn{Asks: starts, Body: runningOp, Want: running(name)}
}

// answers is a scenario of one answer after the start.
func answers(what, body string, want protocoltest.Want) protocoltest.Scenario {
	if !want.Violation {
		want.RemoteID = name
	}
	return protocoltest.Scenario{Name: what, Recognized: true, Start: begun(), Then: []protocoltest.Turn{{Asks: asks, Body: body, Want: want}}}
}

func failed(code, message string) protocoltest.Want {
	return protocoltest.Want{Outcome: protocol.Failed, ServiceStatus: "done", ErrorCode: code, ErrorMessage: message}
}

func succeeded(value string) protocoltest.Want {
	return protocoltest.Want{Outcome: protocol.Succeeded, ServiceStatus: "done", Value: value}
}

func with(w protocoltest.Want, change func(*protocoltest.Want)) protocoltest.Want {
	change(&w)
	return w
}

func run(t *testing.T, scenarios ...protocoltest.Scenario) {
	t.Helper()
	protocoltest.Run(t, protocoltest.Suite{Protocol: google.Protocol{}, Scenarios: scenarios, BadOptions: badOptions})
}

// AIP-151; operations.proto, Operation.
var operations = []protocoltest.Scenario{
	// `done` that is absent or null is false, and then nothing else decides.
	//
	//rule:google 1 AIP-151; proto3
	{
		Name: "not done, done with its response", Recognized: true, Start: begun(),
		Then: []protocoltest.Turn{
			{Asks: asks, Body: `{"name":"` + name + `","done":false}`, Want: running(name)},
			{Asks: asks, Body: `{"name":"` + name + `","done":null,"response":{"early":true},"error":{"code":5}}`, Want: running(name)},
			{
				Asks: asks, Body: `{"name":"` + name + `","done":true,"response":` + response + `}`,
				Want: with(succeeded(response), func(w *protocoltest.Want) { w.RemoteID = name }),
			},
		},
	},
	// An operation may be done with its start, and then need not have a name.
	//
	//rule:google 1b AIP-151
	{
		Name: "done in the start answer", Recognized: true,
		Start: protocoltest.Turn{
			Asks: starts, Status: 201, Body: `{"name":"` + name + `","done":true,"response":` + response + `}`,
			Want: with(succeeded(response), func(w *protocoltest.Want) { w.RemoteID = name }),
		},
		Then: []protocoltest.Turn{{
			Asks: asks, Body: `{"name":"` + name + `","done":true,"response":` + response + `}`,
			Want: with(succeeded(response), func(w *protocoltest.Want) { w.RemoteID = name }),
		}},
	},
	{
		Name:  "done in the start answer, without a name",
		Start: protocoltest.Turn{Asks: starts, Body: "\xef\xbb\xbf" + `{"done":true,"response":{}}`, Want: succeeded(`{}`)},
	},
	{
		Name: "failed in the start answer", Recognized: true,
		Start: protocoltest.Turn{
			Asks: starts, Body: `{"name":"` + name + `","done":true,"error":{"code":8,"message":"quota"}}`,
			Want: with(failed("RESOURCE_EXHAUSTED", "quota"), func(w *protocoltest.Want) { w.RemoteID = name }),
		},
	},
	// The value is `response`, with its `@type`; there may be none.
	//
	//rule:google 1c AIP-151
	answers("done without a response", `{"name":"`+name+`","done":true}`, succeeded("")),
	answers("done with null for both", `{"name":"`+name+`","done":true,"response":null,"error":null}`, succeeded("")),
	answers("a response that is no object", `{"name":"`+name+`","done":true,"response":[1]}`, succeeded("[1]")),
	//rule:google 3b
	answers("an answer of another name stays with the first", `{"name":"operations/other"}`, running(name)),
	// A `done` that is no boolean breaks the protocol, as does an answer that is no
	// JSON object, or is not done and has no `name`.
	//
	//rule:google 1a AIP-151; -
	answers("violation: an answer that is no operation", `{}`, protocoltest.Want{Violation: true}),
	answers("violation: done is a text", `{"name":"`+name+`","done":"true"}`, protocoltest.Want{Violation: true}),
	answers("violation: an array", `[]`, protocoltest.Want{Violation: true}),
	answers("violation: no JSON", `<html>`, protocoltest.Want{Violation: true}),
	badStart("no name", `{"metadata":{}}`),
	badStart("a name that is a number", `{"name":5}`),
	badStart("an empty body", ``),
	//rule:google 3b
	badStart("dot segments", `{"name":"operations/../../admin"}`),
	badStart("dot segments and backslashes", `{"name":"operations/x\\..\\admin"}`),
	badStart("a name that begins with a slash", `{"name":"//evil.example/operations/1"}`),
	badStart("an empty segment", `{"name":"operations//1"}`),
	badStart("a name that makes no URL", `{"name":"operations/`+strings.Repeat("x", 17000)+`"}`),
	{Name: "violation: a redirect", Start: protocoltest.Turn{Asks: starts, Status: 303, Body: runningOp, Want: protocoltest.Want{Violation: true}}, Recognized: true},
}

func badStart(what, body string) protocoltest.Scenario {
	return protocoltest.Scenario{
		Name: "violation: the start's answer has " + what, Recognized: strings.Contains(body, `operations/`),
		Start: protocoltest.Turn{Asks: starts, Body: body, Want: protocoltest.Want{Violation: true}},
	}
}

//rule:answers 1
func TestOperation(t *testing.T) { run(t, operations...) }

// Done with `error`: failed; its code 1, CANCELLED: canceled. An `error` without a
// code, or with 0, is UNKNOWN; a number that has no name stays a number.
//
// google/rpc/status.proto, google/rpc/code.proto.
//
//rule:google 2 AIP-193
func TestError(t *testing.T) {
	withError := func(what, status string, want protocoltest.Want) protocoltest.Scenario {
		return answers(what, `{"name":"`+name+`","done":true,"error":`+status+`}`, want)
	}
	names := strings.Fields("OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED")
	var scenarios []protocoltest.Scenario
	for code, codeName := range names {
		want := failed(codeName, "m")
		switch codeName {
		case "OK":
			want.ErrorCode = "UNKNOWN"
		case "CANCELLED":
			want.Outcome = protocol.Canceled
		}
		scenarios = append(scenarios, withError("code "+codeName, fmt.Sprintf(`{"code":%d,"message":"m"}`, code), want))
	}
	canceledByName := failed("CANCELLED", "")
	canceledByName.Outcome = protocol.Canceled
	run(t, append(
		scenarios,
		withError("a code by its name", `{"code":"NOT_FOUND","message":"m"}`, failed("NOT_FOUND", "m")),
		withError("canceled by its name", `{"code":"CANCELLED"}`, canceledByName),
		withError("no code", `{"message":"m"}`, failed("UNKNOWN", "m")),
		withError("a number that nobody knows", `{"code":99}`, failed("99", "")),
		withError("a negative number", `{"code":-1}`, failed("-1", "")),
		withError("a text", `"broken"`, failed("UNKNOWN", "broken")),
		withError("an array", `[1]`, failed("UNKNOWN", "[1]")),
		answers("error and response: the error counts", `{"name":"`+name+`","done":true,"response":{},"error":{"code":13}}`, failed("INTERNAL", "")),
	)...)
}

//rule:google 2
func TestErrorKeepsDetails(t *testing.T) {
	b, step := start(t, "", runningOp)
	step, err := b.Answered(step.State, protocol.Exchange{
		Method: "GET", URL: monitor, Status: 200,
		Body: []byte(`{"name":"` + name + `","done":true,"error":{"code":5,"message":"m","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"GONE"}]}}`),
	})
	require.NoError(t, err)
	require.Equal(t, perdure.ServiceError{Code: "NOT_FOUND", Message: "m", Details: []byte(`[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"GONE"}]`)}, *step.Error)
}

// What `metadata` says is the progress. `progressPercent` or `progressPercentage` in
// it, or the same in snake case, is the percentage, as a number or a text, 0 to 100.
//
//rule:google 2a AIP-151; - for the percentage
func TestProgress(t *testing.T) {
	withMetadata := func(what, metadata string, percent *float64) protocoltest.Scenario {
		want := running(name)
		want.Progress, want.Percent = metadata, percent
		if metadata == "null" {
			want.Progress = ""
		}
		return answers(what, `{"name":"`+name+`","metadata":`+metadata+`}`, want)
	}
	ended := succeeded("")
	ended.Progress, ended.Percent = `{"progressPercent":100}`, new(float64(100))
	run(
		t,
		withMetadata("metadata", `{"@type":"type.googleapis.com/x.Metadata","verb":"create"}`, nil),
		withMetadata("progressPercent", `{"progressPercent":40}`, new(float64(40))),
		withMetadata("progress_percentage", `{"progress_percentage":12.5}`, new(float64(12.5))),
		withMetadata("progressPercentage, an int64", `{"progressPercentage":"7"}`, new(float64(7))),
		withMetadata("progress_percent", `{"progress_percent":0}`, new(float64(0))),
		withMetadata("out of its bounds", `{"progressPercent":101,"progress_percentage":-1}`, nil),
		withMetadata("no number", `{"progressPercent":"NaN"}`, nil),
		withMetadata("no object", `[1]`, nil),
		withMetadata("null", `null`, nil),
		answers("at the end too", `{"name":"`+name+`","done":true,"metadata":{"progressPercent":100}}`, ended),
	)
}

// Cancel is POST to the monitor's URL and `:cancel`, with the body `{}`: a request and
// no end. The operation is asked until it is done, and may still succeed.
//
//rule:google 3a AIP-151
func TestCancel(t *testing.T) {
	b, step := start(t, "", runningOp)
	ask, supported, err := b.Cancel(step.State)
	require.NoError(t, err)
	require.True(t, supported)
	require.Equal(t, "POST "+monitor+":cancel", ask.Method+" "+ask.URL)
	require.Equal(t, "{}", string(ask.Body))
	require.Equal(t, "application/json", ask.Header.Get("Content-Type"))

	t.Run("what was done with its start cannot be canceled", func(t *testing.T) {
		b, step := start(t, "", `{"done":true}`)
		_, supported, err := b.Cancel(step.State)
		require.Error(t, err)
		require.False(t, supported)
	})
}

// The version is the first segment of the start's path like `v1`, `v1beta2` or
// `v1p1beta1`. What stands before it stays; where there is none, the name follows the
// host.
//
//rule:google 3c AIP-185; -
func TestOperationURL(t *testing.T) {
	tests := []struct {
		what, options, start, name string
		want                       string // of the operation; its cancel is want + ":cancel"
	}{
		{"the version of the start", ``, "https://h/v1/projects/p/things", "projects/p/operations/1", "https://h/v1/projects/p/operations/1"},
		{"beta", ``, "https://h/v2beta1/things?a=/v9/", "operations/1", "https://h/v2beta1/operations/1"},
		{"a preview", ``, "https://h/v1p2beta3/things", "operations/1", "https://h/v1p2beta3/operations/1"},
		{"a version under a prefix", ``, "http://127.0.0.1:8080/google/v1/things", "operations/1", "http://127.0.0.1:8080/google/v1/operations/1"},
		{"the first version counts", ``, "https://h/v1/things/v2/x", "operations/1", "https://h/v1/operations/1"},
		{"no version", ``, "https://h/things", "operations/1", "https://h/operations/1"},
		{"what only begins like a version", ``, "https://h/v1things/video", "operations/1", "https://h/operations/1"},
		// A name is escaped by its segments; one with an empty segment or a dot
		// segment breaks the protocol, and the one that the start's answer gave stays.
		//
		//rule:google 3b AIP-151; -
		{"odd characters in a name", ``, "https://h/v1/x", "operations/a b?c#d%2fe;f", "https://h/v1/operations/a%20b%3Fc%23d%252fe%3Bf"},
		{"letters of the world", ``, "https://h/v1/x", "operations/ü→", "https://h/v1/operations/%C3%BC%E2%86%92"},
		{"a colon stays", ``, "https://h/v1/x", "operations/a:b@c", "https://h/v1/operations/a:b@c"},
		{"three dots", ``, "https://h/v1/x", "operations/...", "https://h/v1/operations/..."},
		{"a template", `{"operationURL":"/{version}/long/{name}"}`, "https://h/v1/x", "operations/1/2", "/v1/long/operations/1/2"},
		{"a template without a version in the start", `{"operationURL":"/{version}/{name}"}`, "https://h/x", "operations/1", "/operations/1"},
		{"another host", `{"operationURL":"https://lro.example.com/{name}"}`, "https://h/v1/x", "operations/1", "https://lro.example.com/operations/1"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			want := protocoltest.Want{RemoteID: tt.name, Cancel: "POST " + tt.want + ":cancel"}
			body := fmt.Sprintf(`{"name":%q}`, tt.name)
			run(t, protocoltest.Scenario{
				Name: tt.what, Options: tt.options, Recognized: tt.options == "",
				Start: protocoltest.Turn{Asks: "POST " + tt.start, Body: body, Want: want},
				Then:  []protocoltest.Turn{{Asks: "GET " + tt.want, Body: body, Want: want}},
			})
		})
	}
	t.Run("a template with a query", func(t *testing.T) {
		want := protocoltest.Want{RemoteID: "operations/a b", Cancel: "POST /ops:cancel?v=v1&of=operations%2Fa%20b"}
		run(t, protocoltest.Scenario{
			Name: "a template with a query", Options: `{"operationURL":"/ops?v={version}&of={name}"}`,
			Start: protocoltest.Turn{Asks: "POST https://h/v1/x", Body: `{"name":"operations/a b"}`, Want: want},
			Then:  []protocoltest.Turn{{Asks: "GET /ops?v=v1&of=operations%2Fa%20b", Body: `{"name":"operations/a b"}`, Want: want}},
		})
	})
}

func TestOperationURLIsMarkedOnTheQuestions(t *testing.T) {
	for options, want := range map[string]string{``: "", `{"operationURL":"/{name}"}`: "operationURL"} {
		b, step := start(t, options, runningOp)
		ask, err := b.Next(step.State)
		require.NoError(t, err)
		require.Equal(t, want, ask.Option)
		ask, _, err = b.Cancel(step.State)
		require.NoError(t, err)
		require.Equal(t, want, ask.Option)
	}
}

func TestRecognizes(t *testing.T) {
	tests := []struct {
		body string
		want bool
	}{
		{`{"name":"operations/1"}`, true},
		{`{"name":"projects/p/operations/1","done":true}`, true},
		{`{"name":"projects/p/instances/1"}`, false},
		{`{"name":"operations"}`, false},
		{`{"done":true}`, false},
		{`{"name":5}`, false},
		{`"operations/1"`, false},
		{``, false},
	}
	b, err := google.Protocol{}.Bind(nil)
	require.NoError(t, err)
	for _, tt := range tests {
		require.Equal(t, tt.want, b.Recognizes(protocol.Exchange{Status: 200, Body: []byte(tt.body)}), tt.body)
	}
}

var badOptions = []protocoltest.BadOptions{
	{Options: `{"operationURL":"/ops"}`, Field: "operationURL"},
	{Options: `{"operationURL":"/{name}/{id}"}`, Field: "operationURL"},
	{Options: `{"operationURL":"//evil.example/{name}"}`, Field: "operationURL"},
	{Options: `{"operationURL":"https://{name}.example.com/x"}`, Field: "operationURL"},
	{Options: `{"operationURL":"https://h{version}?x={name}"}`, Field: "operationURL"},
	{Options: `{"operationURL":"ftp://h/{name}"}`, Field: "operationURL"},
	{Options: `{"operationURL":"/../{name}"}`, Field: "operationURL"},
	{Options: `{"operationURL":5}`, Field: "operationURL"},
	{Options: `{"requestIdField":""}`, Field: "requestIdField"},
	{Options: `{"requestIdField":5}`, Field: "requestIdField"},
	{Options: `{"requestIdField":{}}`, Field: "requestIdField"},
	{Options: `{"requestIdField":{"query":"a","body":"b"}}`, Field: "requestIdField"},
	{Options: `{"requestIdField":{"Query":"a"}}`, Field: "requestIdField"},
	{Options: `{"requestIdField":{"header":"a"}}`, Field: "requestIdField"},
}

func start(t *testing.T, options, body string) (protocol.Bound, protocol.Step) {
	t.Helper()
	b, err := google.Protocol{}.Bind([]byte(options))
	require.NoError(t, err)
	_, target, _ := strings.Cut(starts, " ")
	step, err := b.Started(protocol.Exchange{Method: "POST", URL: target, Status: 200, Body: []byte(body)})
	require.NoError(t, err)
	return b, step
}

func FuzzProtocol(f *testing.F) {
	protocoltest.Fuzz(f, protocoltest.Suite{Protocol: google.Protocol{}, Scenarios: operations})
}
