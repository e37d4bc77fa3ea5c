package waiter_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
	"github.com/perdure-dev/perdure/activities/protocol/waiter"
)

const (
	starts  = "POST https://api.example.com/v1/jobs"
	asks    = "GET https://api.example.com/v1/jobs/7"
	cancels = "POST https://api.example.com/v1/jobs/7/stop"

	begin = `{"id":7,"state":"NEW","owner":{"name":"ada"}}`

	request = `"status":"https://api.example.com/v1/jobs/{id}","cancel":"https://api.example.com/v1/jobs/{id}/stop"`
	words   = `{"state":"success","matcher":{"output":{"path":"state","expected":"DONE","comparator":"stringEquals"}}},
		{"state":"failure","matcher":{"output":{"path":"state","expected":"ERROR","comparator":"stringEquals"}}},
		{"state":"canceled","matcher":{"output":{"path":"state","expected":"STOPPED","comparator":"stringEquals"}}},
		{"state":"retry","matcher":{"output":{"path":"state","expected":"PAUSED","comparator":"stringEquals"}}}`
)

// described are options of those requests, those acceptors, and more.
func described(acceptors, more string) string {
	return `{` + request + `,"acceptors":[` + acceptors + `]` + more + `}`
}

// one is an acceptor beside one that succeeds on the word DONE and stands after it.
func one(acceptor string) string {
	return described(acceptor+`,{"state":"success","matcher":{"output":{"path":"state","expected":"DONE","comparator":"stringEquals"}}}`, "")
}

// answers is a scenario of one answer after the start.
func answers(name, options string, answer protocoltest.Turn) protocoltest.Scenario {
	answer.Asks = asks
	if answer.Want.Outcome == protocol.Running && !answer.Want.Rejected && !answer.Want.Violation {
		answer.Want.Cancel = cancels
	}
	return protocoltest.Scenario{
		Name: name, Options: options,
		Start: protocoltest.Turn{Asks: starts, Body: begin, Want: protocoltest.Want{Cancel: cancels}},
		Then:  []protocoltest.Turn{answer},
	}
}

// says is a 200 with a body.
func says(body string, want protocoltest.Want) protocoltest.Turn {
	return protocoltest.Turn{Body: body, Want: want}
}

func run(t *testing.T, scenarios ...protocoltest.Scenario) {
	t.Helper()
	protocoltest.Run(t, protocoltest.Suite{Protocol: waiter.Protocol{}, Scenarios: scenarios, ExactWords: true})
}

func succeeded(word, value string) protocoltest.Want {
	return protocoltest.Want{Outcome: protocol.Succeeded, ServiceStatus: word, Value: value}
}

// Smithy 2.0, waiters: the first acceptor that matches decides.
var courses = []protocoltest.Scenario{
	{
		Name: "to its end", Options: described(words, `,"progress":"files","percentComplete":"percent","result":"output"`),
		Start: protocoltest.Turn{Asks: starts, Status: 202, Body: begin, Want: protocoltest.Want{Cancel: cancels}},
		Then: []protocoltest.Turn{
			{Asks: asks, Body: `{"state":"QUEUED"}`, Want: protocoltest.Want{ServiceStatus: "QUEUED", Cancel: cancels}},
			{Asks: asks, Body: `{"state":"PAUSED","files":[1,2],"percent":40}`, Want: protocoltest.Want{ServiceStatus: "PAUSED", Progress: "[1,2]", Percent: new(40.0), Cancel: cancels}},
			{Asks: asks, Body: `{"state":"DONE","output":{"n":12345678901234567890,"x":"<&>"}}`, Want: succeeded("DONE", `{"n":12345678901234567890,"x":"<&>"}`)},
		},
	},
	answers("failure keeps the answer", described(words, ""), says(`{"state":"ERROR","part":1}`, protocoltest.Want{
		Outcome: protocol.Failed, ServiceStatus: "ERROR", ErrorCode: "ERROR", Value: `{"state":"ERROR","part":1}`,
	})),
	answers("canceled keeps the answer", described(words, ""), says(`{"state":"STOPPED","part":1}`, protocoltest.Want{
		Outcome: protocol.Canceled, ServiceStatus: "STOPPED", Value: `{"state":"STOPPED","part":1}`,
	})),
	answers("words are compared as they are spelled", described(words, ""), says(`{"state":"done"}`, protocoltest.Want{ServiceStatus: "done"})),
	answers("the answer is the value", described(words, ""), says(`{"state":"DONE"}`, succeeded("DONE", `{"state":"DONE"}`))),
	answers("a result that is not there", described(words, `,"result":"output"`), says(`{"state":"DONE"}`, succeeded("DONE", ""))),
	// None matches: the operation runs, also where the answer is no JSON.
	//
	//rule:waiter 1g SMI
	answers("a body that is no JSON runs", described(words, ""), says(`<html>`, protocoltest.Want{})),
	answers("an empty body runs", described(words, ""), protocoltest.Turn{Status: 204}),
	answers("no path matches: it runs", described(words, ""), says(`{"other":1}`, protocoltest.Want{})),
	answers("violation: a redirect", described(words, ""), protocoltest.Turn{Status: 303, Want: protocoltest.Want{Violation: true}}),
	// None matches an error answer: the operation failed. But 401, 403 and 404 are a
	// refused question, the 404 after its grace.
	//
	//rule:waiter 1h SMI; - for the three
	answers("errors fail", described(words, ""), protocoltest.Turn{
		Status: 409, Body: `{"error":{"code":"Broken","message":"m"}}`,
		Want: protocoltest.Want{Outcome: protocol.Failed, ServiceStatus: "Broken", ErrorCode: "Broken", ErrorMessage: "m"},
	}),
	answers("an error of who asks is the question's", described(words, ""), protocoltest.Turn{Status: 403, Want: protocoltest.Want{Rejected: true}}),
	answers("not there is the question's", described(words, ""), protocoltest.Turn{Status: 404, Want: protocoltest.Want{Rejected: true}}),
}

//rule:answers 1
func TestProtocol(t *testing.T) {
	protocoltest.Run(t, protocoltest.Suite{Protocol: waiter.Protocol{}, Scenarios: courses, ExactWords: true, BadOptions: badOptions})
}

func FuzzProtocol(f *testing.F) {
	scenarios := append(
		[]protocoltest.Scenario{
			answers("input", described(`{"state":"success","matcher":{"inputOutput":{"path":"input.owner.name == output.by","expected":true,"comparator":"booleanEquals"}}}`, `,"result":"sort_by(list, &n)","progress":"list[::2]"`), says(`{"by":"ada","list":[]}`, protocoltest.Want{})),
			answers("success", described(`{"state":"success","matcher":{"success":true}}`, ""), says(`x`, succeeded("", "x"))),
		}, courses...,
	)
	scenarios[0].Then[0].Want = succeeded("", "[]")
	scenarios[0].Then[0].Want.Progress = "[]"
	protocoltest.Fuzz(f, protocoltest.Suite{Protocol: waiter.Protocol{}, Scenarios: scenarios, ExactWords: true})
}

// The first acceptor that matches decides.
//
//rule:waiter 1 SMI
func TestTheFirstMatchDecides(t *testing.T) {
	const both = `{"state":"failure","matcher":{"output":{"path":"code","expected":"E","comparator":"stringEquals"}}},
		{"state":"success","matcher":{"success":true}}`
	const swapped = `{"state":"success","matcher":{"success":true}},
		{"state":"failure","matcher":{"output":{"path":"code","expected":"E","comparator":"stringEquals"}}}`
	for options, want := range map[string]protocol.Outcome{both: protocol.Failed, swapped: protocol.Succeeded} {
		b, step := start(t, described(options, ""))
		step, err := b.Answered(step.State, protocol.Exchange{Status: 200, Body: []byte(`{"code":"E"}`)})
		require.NoError(t, err)
		require.Equal(t, want, step.Outcome)
	}
}

// `path` is JMESPath, `expected` a string, and `comparator` one of `stringEquals`,
// `booleanEquals` (`expected` is true or false, also as a string), `allStringEquals`
// (at least one, and each) and `anyStringEquals`. Strings are compared as they are
// spelled; what is of another type does not match.
//
//rule:waiter 1e SMI
func TestComparators(t *testing.T) {
	tests := []struct {
		comparator, expected, value string
		want                        bool
	}{
		{"stringEquals", `"x"`, `"x"`, true},
		{"stringEquals", `"x"`, `"X"`, false},
		{"stringEquals", `"x"`, `["x"]`, false},
		{"stringEquals", `"true"`, `true`, false},
		{"stringEquals", `"1"`, `1`, false},
		{"stringEquals", `"null"`, `null`, false},
		{"stringEquals", `""`, `""`, true},
		{"stringEquals", `""`, `null`, false},
		{"booleanEquals", `"true"`, `true`, true},
		{"booleanEquals", `true`, `true`, true},
		{"booleanEquals", `"false"`, `false`, true},
		{"booleanEquals", `false`, `true`, false},
		{"booleanEquals", `"true"`, `"true"`, false},
		{"booleanEquals", `"false"`, `null`, false},
		{"allStringEquals", `"x"`, `["x","x"]`, true},
		{"allStringEquals", `"x"`, `["x"]`, true},
		{"allStringEquals", `"x"`, `["x","y"]`, false},
		{"allStringEquals", `"x"`, `["x",1]`, false},
		{"allStringEquals", `"x"`, `[]`, false},
		{"allStringEquals", `"x"`, `"x"`, false},
		{"allStringEquals", `"x"`, `null`, false},
		{"anyStringEquals", `"x"`, `["y","x"]`, true},
		{"anyStringEquals", `"x"`, `[1,"x"]`, true},
		{"anyStringEquals", `"x"`, `["y"]`, false},
		{"anyStringEquals", `"x"`, `[]`, false},
		{"anyStringEquals", `"x"`, `"x"`, false},
	}
	for _, tt := range tests {
		t.Run(tt.comparator+" "+tt.expected+" "+tt.value, func(t *testing.T) {
			b, step := start(t, one(`{"state":"canceled","matcher":{"output":{"path":"v","expected":`+tt.expected+`,"comparator":"`+tt.comparator+`"}}}`))
			step, err := b.Answered(step.State, protocol.Exchange{Status: 200, Body: []byte(`{"v":` + tt.value + `}`)})
			require.NoError(t, err)
			require.Equal(t, tt.want, step.Outcome == protocol.Canceled)
		})
	}
}

// Smithy 2.0, waiters: output and inputOutput look at answers that succeeded only.
func TestMatchers(t *testing.T) {
	const (
		anyError   = `{"state":"canceled","matcher":{"success":false}}`
		anySuccess = `{"state":"canceled","matcher":{"success":true}}`
		output     = `{"state":"canceled","matcher":{"output":{"path":"state","expected":"GONE","comparator":"stringEquals"}}}`
		both       = `{"state":"canceled","matcher":{"inputOutput":{"path":"input.owner.name == output.by && input.id == ` + "`7`" + `","expected":"true","comparator":"booleanEquals"}}}`
	)
	errorType := func(name string) string { return `{"state":"canceled","matcher":{"errorType":"` + name + `"}}` }
	tests := []struct {
		name, acceptor string
		status         int
		header, body   string
		want           bool
	}{
		// The matcher `success` matches any answer that is no error where it is true,
		// and any error answer where it is false.
		//
		//rule:waiter 1c SMI
		{"success, of a success", anySuccess, 200, "", `{}`, true},
		{"success, of a success without a body", anySuccess, 204, "", ``, true},
		{"success, of an error", anySuccess, 400, "", `{}`, false},
		{"no success, of an error", anyError, 400, "", `{}`, true},
		{"no success, of a success", anyError, 200, "", `{}`, false},
		// The matcher `output` matches an answer that is no error, by what `path`
		// finds in it.
		//
		//rule:waiter 1a SMI
		{"output", output, 200, "", `{"state":"GONE"}`, true},
		{"output of an error", output, 400, "", `{"state":"GONE"}`, false},
		// The matcher `inputOutput` does likewise in `{"input": ..., "output": ...}`:
		// the start's answer and this one.
		//
		//rule:waiter 1b SMI; - for the start's answer as input
		{"input and output", both, 200, "", `{"by":"ada"}`, true},
		{"input and another output", both, 200, "", `{"by":"bob"}`, false},
		{"input and the output of an error", both, 400, "", `{"by":"ada"}`, false},
		// The matcher `errorType` matches an error answer of that name, which is its
		// code, the header `X-Amzn-ErrorType`, the body's `__type` or `code`, or the
		// HTTP status; a namespace before the name counts only where the matcher has
		// one.
		//
		//rule:waiter 1d SMI, waiters and AWS JSON protocols; - for the HTTP status
		{"errorType by code", errorType("Gone"), 400, "", `{"error":{"code":"Gone"}}`, true},
		{"errorType by another code", errorType("Gone"), 400, "", `{"error":{"code":"gone"}}`, false},
		{"errorType by the body's own code", errorType("Gone"), 400, "", `{"code":"Gone"}`, true},
		{"errorType by __type", errorType("Gone"), 400, "", `{"__type":"com.example#Gone"}`, true},
		{"errorType by __type and a code", errorType("Gone"), 400, "", `{"__type":"com.example#Gone","code":"Other"}`, true},
		{"errorType by an absolute shape id", errorType("com.example#Gone"), 400, "", `{"__type":"com.example#Gone"}`, true},
		{"errorType by another shape id", errorType("com.other#Gone"), 400, "", `{"__type":"com.example#Gone"}`, false},
		{"errorType by its header", errorType("Gone"), 400, "Gone:http://internal.example/", ``, true},
		{"errorType by the status", errorType("410"), 410, "", `{"error":{"code":"X"}}`, true},
		{"errorType of a success", errorType("Gone"), 200, "", `{"error":{"code":"Gone"}}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, step := start(t, one(tt.acceptor))
			e := protocol.Exchange{Method: "GET", URL: "https://api.example.com/v1/jobs/7", Status: tt.status, Header: map[string][]string{}, Body: []byte(tt.body)}
			if tt.header != "" {
				e.Header.Set("X-Amzn-ErrorType", tt.header)
			}
			if e.Success() {
				step, err := b.Answered(step.State, e)
				require.NoError(t, err)
				require.Equal(t, tt.want, step.Outcome == protocol.Canceled)
				return
			}
			refuser, ok := b.(protocol.Refuser)
			require.True(t, ok)
			step, decided := refuser.Refused(step.State, e)
			require.True(t, decided)
			require.Equal(t, tt.want, step.Outcome == protocol.Canceled)
			require.NotNil(t, step.Error)
		})
	}
}

// An acceptor may decide on an error answer, within the grace of a 404 too. An
// operation that succeeds by one has no value.
//
//rule:waiter 1j SMI
func TestErrorAnswersThatAreAccepted(t *testing.T) {
	accepts := func(state string) string {
		return one(`{"state":"` + state + `","matcher":{"errorType":"JobNotFound"}}`)
	}
	const body = `{"error":{"code":"JobNotFound","message":"m"}}`
	run(
		t,
		answers("gone is success", accepts("success"), protocoltest.Turn{Status: 404, Body: body, Want: protocoltest.Want{Outcome: protocol.Succeeded, ServiceStatus: "JobNotFound"}}),
		answers("gone is failure", accepts("failure"), protocoltest.Turn{Status: 404, Body: body, Want: protocoltest.Want{Outcome: protocol.Failed, ServiceStatus: "JobNotFound", ErrorCode: "JobNotFound", ErrorMessage: "m"}}),
		answers("gone is canceled", accepts("canceled"), protocoltest.Turn{Status: 404, Body: body, Want: protocoltest.Want{Outcome: protocol.Canceled, ServiceStatus: "JobNotFound", ErrorCode: "JobNotFound", ErrorMessage: "m"}}),
		answers("gone runs", accepts("retry"), protocoltest.Turn{Status: 404, Body: body, Want: protocoltest.Want{ServiceStatus: "JobNotFound"}}),
		answers("another 404 is the question's", accepts("success"), protocoltest.Turn{Status: 404, Body: `{"error":{"code":"NoSuchRoute"}}`, Want: protocoltest.Want{Rejected: true}}),
		answers("who asks may be accepted", one(`{"state":"canceled","matcher":{"errorType":"403"}}`), protocoltest.Turn{Status: 403, Want: protocoltest.Want{Outcome: protocol.Canceled, ServiceStatus: "403", ErrorCode: "403", ErrorMessage: "Forbidden"}}),
	)
}

func TestError(t *testing.T) {
	options := described(words, `,"error":"problem || errors[0]"`)
	failed := func(name, body, code, message string) protocoltest.Scenario {
		return answers(name, options, says(body, protocoltest.Want{Outcome: protocol.Failed, ServiceStatus: "ERROR", ErrorCode: code, ErrorMessage: message, Value: body}))
	}
	run(
		t,
		failed("an object", `{"state":"ERROR","problem":{"code":"Full","message":"no space"}}`, "Full", "no space"),
		failed("a text", `{"state":"ERROR","problem":"no space"}`, "ERROR", "no space"),
		failed("elsewhere", `{"state":"ERROR","errors":[{"message":"no space"}]}`, "ERROR", "no space"),
		failed("nowhere", `{"state":"ERROR"}`, "ERROR", ""),
		failed("null", `{"state":"ERROR","problem":null}`, "ERROR", ""),
	)
	t.Run("without a word", func(t *testing.T) {
		b, step := start(t, one(`{"state":"failure","matcher":{"output":{"path":"broken","expected":"true","comparator":"booleanEquals"}}}`))
		step, err := b.Answered(step.State, protocol.Exchange{Status: 200, Body: []byte(`{"broken":true}`)})
		require.NoError(t, err)
		require.Equal(t, "failure", step.Error.Code)
	})
}

func TestPercentComplete(t *testing.T) {
	for value, want := range map[string]*float64{
		`40`: new(40.0), `0`: new(0.0), `99.5`: new(99.5), `"12"`: new(12.0), `"12%"`: new(12.0),
		`101`: nil, `-1`: nil, `"NaN"`: nil, `true`: nil, `null`: nil, `[1]`: nil, `1e400`: nil,
	} {
		b, step := start(t, described(words, `,"percentComplete":"p"`))
		step, err := b.Answered(step.State, protocol.Exchange{Status: 200, Body: []byte(`{"p":` + value + `}`)})
		require.NoError(t, err)
		require.Equal(t, want, step.Percent, value)
	}
}

func start(t *testing.T, options string) (protocol.Bound, protocol.Step) {
	t.Helper()
	b, err := waiter.Protocol{}.Bind([]byte(options))
	require.NoError(t, err)
	step, err := b.Started(protocol.Exchange{Method: "POST", URL: "https://api.example.com/v1/jobs", Status: 200, Body: []byte(begin)})
	require.NoError(t, err)
	return b, step
}

// `waiter`, which is nothing without options, is never found.
//
//rule:auto 3 -
func TestAutoDoesNotFindIt(t *testing.T) {
	_, err := waiter.Protocol{}.Bind(nil)
	require.Error(t, err)
	b, _ := start(t, described(words, ""))
	require.False(t, b.Recognizes(protocol.Exchange{Status: 202, Body: []byte(begin)}))
}

var badOptions = bad(
	``, "status",
	`"status":null,"acceptors":[`+words+`]`, "status",
	`"status":"","acceptors":[`+words+`]`, "status",
	`"status":{"method":"GET"},"acceptors":[`+words+`]`, "status.url",
	`"status":{"URL":"/x"},"acceptors":[`+words+`]`, "status.URL",
	`"status":{"method":"get","url":"/x"},"acceptors":[`+words+`]`, "status.method",
	`"status":"/jobs/{id","acceptors":[`+words+`]`, "status.url",
	`"status":"/jobs/id}","acceptors":[`+words+`]`, "status.url",
	`"status":"/jobs/{'a}","acceptors":[`+words+`]`, "status.url",
	`"status":"/jobs/{}","acceptors":[`+words+`]`, "status.url",
	`"status":"/jobs/{a..b}","acceptors":[`+words+`]`, "status.url",
	`"status":"https://{h}/jobs","acceptors":[`+words+`]`, "status.url",
	`"status":"https://h{p}/jobs","acceptors":[`+words+`]`, "status.url",
	`"status":"http{s}://h/jobs","acceptors":[`+words+`]`, "status.url",
	`"status":"x{y}","acceptors":[`+words+`]`, "status.url",
	`"status":"//evil.example/{id}","acceptors":[`+words+`]`, "status.url",
	`"status":"ftp://h/{id}","acceptors":[`+words+`]`, "status.url",
	`"status":"/a/../{id}","acceptors":[`+words+`]`, "status.url",
	request+`,"cancel":"/stop/{","acceptors":[`+words+`]`, "cancel.url",
	request, "acceptors",
	request+`,"acceptors":[]`, "acceptors",
	request+`,"acceptors":{}`, "acceptors",
	request+`,"acceptors":[{"state":"retry","matcher":{"success":true}}]`, "acceptors",
	request+`,"acceptors":[`+strings.Repeat(`{"state":"success","matcher":{"success":true}},`, 100)+words+`]`, "acceptors",
	request+`,"acceptors":[`+words+`,{"state":"done","matcher":{"success":true}}]`, "acceptors[4].state",
	request+`,"acceptors":[{"state":"success"}]`, "acceptors[0].matcher",
	// A matcher has exactly one of the four; one acceptor at least has the state
	// `success`. The states are `success`, `failure`, `retry`, and `canceled`.
	//
	//rule:waiter 1f SMI; - for `canceled`
	request+`,"acceptors":[{"state":"success","matcher":{}}]`, "acceptors[0].matcher",
	request+`,"acceptors":[{"state":"success","matcher":{"success":true,"errorType":"x"}}]`, "acceptors[0].matcher",
	request+`,"acceptors":[{"state":"success","matcher":{"success":"true"}}]`, "acceptors[0].matcher.success",
	request+`,"acceptors":[{"state":"success","matcher":{"errorType":""}}]`, "acceptors[0].matcher.errorType",
	request+`,"acceptors":[{"state":"success","Matcher":{"success":true}}]`, "acceptors[0].Matcher",
	request+`,"acceptors":[{"state":"success","matcher":{"output":{"path":"a","expected":"b","comparator":"equals"}}}]`, "acceptors[0].matcher.output.comparator",
	request+`,"acceptors":[{"state":"success","matcher":{"output":{"path":"a","expected":"b","comparator":"booleanEquals"}}}]`, "acceptors[0].matcher.output.expected",
	request+`,"acceptors":[{"state":"success","matcher":{"output":{"path":"a","expected":1,"comparator":"stringEquals"}}}]`, "acceptors[0].matcher.output.expected",
	request+`,"acceptors":[{"state":"success","matcher":{"output":{"path":"a","comparator":"stringEquals"}}}]`, "acceptors[0].matcher.output.expected",
	request+`,"acceptors":[{"state":"success","matcher":{"output":{"path":"a[","expected":"b","comparator":"stringEquals"}}}]`, "acceptors[0].matcher.output.path",
	request+`,"acceptors":[{"state":"success","matcher":{"inputOutput":{"path":"","expected":"b","comparator":"stringEquals"}}}]`, "acceptors[0].matcher.inputOutput.path",
	request+`,"acceptors":[{"state":"success","matcher":{"output":{"pathList":"a"}}}]`, "acceptors[0].matcher.output.pathList",
	request+`,"acceptors":[`+words+`],"result":"a b"`, "result",
	request+`,"acceptors":[`+words+`],"progress":"nosuch("`, "progress",
	request+`,"acceptors":[`+words+`],"percentComplete":"`+strings.Repeat("(", 5000)+`"`, "percentComplete",
	request+`,"acceptors":[`+words+`],"error":"@@"`, "error",
	request+`,"acceptors":[`+words+`],"minDelaySeconds":0`, "minDelaySeconds",
	request+`,"acceptors":[`+words+`],"minDelaySeconds":-1`, "minDelaySeconds",
	request+`,"acceptors":[`+words+`],"maxDelaySeconds":1`, "maxDelaySeconds",
	request+`,"acceptors":[`+words+`],"maxDelaySeconds":1e300`, "maxDelaySeconds",
)

// bad pairs options with the field that their error names.
func bad(pairs ...string) []protocoltest.BadOptions {
	var out []protocoltest.BadOptions
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, protocoltest.BadOptions{Options: "{" + pairs[i] + "}", Field: pairs[i+1]})
	}
	return out
}
