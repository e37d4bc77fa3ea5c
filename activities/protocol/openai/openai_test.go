package openai_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/openai"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

const (
	startURL = "https://api.example.com/v1/things"
	asksOne  = "GET https://api.example.com/v1/things/x_1"
	cancels  = "POST https://api.example.com/v1/things/x_1/cancel"
)

// table is the table of the objects: their words, and whether they can be canceled.
var table = []struct {
	object                              string
	running, succeeded, failed, cancels []string
	cancel                              string
}{
	{"batch", list("validating in_progress finalizing cancelling"), list("completed"), list("failed expired"), list("cancelled"), cancels},
	{"fine_tuning.job", list("validating_files queued running paused"), list("succeeded"), list("failed"), list("cancelled"), cancels},
	{"response", list("queued in_progress"), list("completed"), list("failed incomplete"), list("cancelled"), cancels},
	{"vector_store", list("in_progress"), list("completed"), list("expired"), nil, ""},
	{"vector_store.file", list("in_progress"), list("completed"), list("failed"), list("cancelled"), ""},
	{"vector_store.file_batch", list("in_progress"), list("completed"), list("failed"), list("cancelled"), cancels},
	{"vector_store.files_batch", list("in_progress"), list("completed"), list("failed"), list("cancelled"), cancels},
	{"video", list("queued in_progress"), list("completed"), list("failed"), nil, ""},
	{"thread.run", list("queued in_progress requires_action cancelling"), list("completed"), list("failed incomplete expired"), list("cancelled"), cancels},
}

func list(words string) []string { return strings.Fields(words) }

func body(object, status string) string {
	return fmt.Sprintf(`{"id":"x_1","object":%q,"status":%q}`, object, status)
}

// course is a start in the object's first word, and one answer after it.
func course(object, first, cancel, second string, want protocoltest.Want) protocoltest.Scenario {
	want.ServiceStatus, want.RemoteID = second, "x_1"
	if want.Outcome == protocol.Running {
		want.Cancel = cancel
	} else {
		want.Value = body(object, second)
	}
	if want.Outcome == protocol.Failed {
		want.ErrorCode = second
	}
	return protocoltest.Scenario{
		Name: object + " " + second, Recognized: true,
		Start: protocoltest.Turn{Asks: "POST " + startURL, Body: body(object, first), Want: protocoltest.Want{ServiceStatus: first, RemoteID: "x_1", Cancel: cancel}},
		Then:  []protocoltest.Turn{{Asks: asksOne, Body: body(object, second), Want: want}},
	}
}

func tableScenarios() []protocoltest.Scenario {
	var out []protocoltest.Scenario
	for _, row := range table {
		for outcome, words := range map[protocol.Outcome][]string{
			protocol.Running: row.running, protocol.Succeeded: row.succeeded, protocol.Failed: row.failed, protocol.Canceled: row.cancels,
		} {
			for _, word := range words {
				out = append(out, course(row.object, row.running[0], row.cancel, word, protocoltest.Want{Outcome: outcome}))
			}
		}
	}
	return out
}

// The words that end an object, and whether it can be canceled, are in the table
// above. All other words run: queued, in_progress, validating, finalizing, cancelling,
// paused, requires_action, and those to come.
//
//rule:openai 5 OAI; -
//rule:answers 1
func TestTheTable(t *testing.T) {
	protocoltest.Run(t, protocoltest.Suite{Protocol: openai.Protocol{}, Scenarios: tableScenarios()})
}

// detailed scenarios: bodies as the API gives them, options, odd ids.
var detailed = []protocoltest.Scenario{
	// `file_counts` or `request_counts` is the progress, and completed, failed and
	// cancelled of its `total` the percentage. Else the number `progress` is the
	// percentage, 0 to 100.
	//
	//rule:openai 1 OAI
	{
		Name: "batch with counts and errors", Recognized: true,
		Start: protocoltest.Turn{
			Asks: "POST https://api.openai.com/v1/batches", Body: `{"id":"batch_1","object":"batch","status":"validating","request_counts":{"total":0,"completed":0,"failed":0}}`,
			Want: protocoltest.Want{ServiceStatus: "validating", RemoteID: "batch_1", Progress: `{"total":0,"completed":0,"failed":0}`, Cancel: "POST https://api.openai.com/v1/batches/batch_1/cancel"},
		},
		Then: []protocoltest.Turn{
			{
				Asks: "GET https://api.openai.com/v1/batches/batch_1", Header: map[string]string{"Openai-Poll-After-Ms": "5000"},
				Body: `{"id":"batch_1","object":"batch","status":"in_progress","request_counts":{"total":200,"completed":70,"failed":10}}`,
				Want: protocoltest.Want{ServiceStatus: "in_progress", RemoteID: "batch_1", Percent: new(40.0), Progress: `{"total":200,"completed":70,"failed":10}`, Cancel: "POST https://api.openai.com/v1/batches/batch_1/cancel"},
			},
			{
				Asks: "GET https://api.openai.com/v1/batches/batch_1",
				Body: `{"id":"batch_1","object":"batch","status":"failed","errors":{"object":"list","data":[{"code":"invalid_json_line","message":"Line 3 is not JSON","line":3},{"code":"other","message":"x"}]}}`,
				Want: protocoltest.Want{
					Outcome: protocol.Failed, ServiceStatus: "failed", RemoteID: "batch_1", ErrorCode: "invalid_json_line", ErrorMessage: "Line 3 is not JSON",
					Value: `{"id":"batch_1","object":"batch","status":"failed","errors":{"object":"list","data":[{"code":"invalid_json_line","message":"Line 3 is not JSON","line":3},{"code":"other","message":"x"}]}}`,
				},
			},
		},
	},
	{
		Name: "vector store with files", Recognized: true,
		Start: protocoltest.Turn{
			Asks: "POST https://api.openai.com/v1/vector_stores/", Body: `{"id":"vs_1","object":"vector_store","status":"in_progress","file_counts":{"in_progress":1,"completed":2,"failed":0,"cancelled":1,"total":4}}`,
			Want: protocoltest.Want{ServiceStatus: "in_progress", RemoteID: "vs_1", Percent: new(75.0), Progress: `{"in_progress":1,"completed":2,"failed":0,"cancelled":1,"total":4}`},
		},
		Then: []protocoltest.Turn{{
			Asks: "GET https://api.openai.com/v1/vector_stores/vs_1", Body: `{"id":"vs_1","object":"vector_store","status":"completed","file_counts":null}`,
			Want: protocoltest.Want{Outcome: protocol.Succeeded, ServiceStatus: "completed", RemoteID: "vs_1", Value: `{"id":"vs_1","object":"vector_store","status":"completed","file_counts":null}`},
		}},
	},
	{
		Name: "video with a percentage", Recognized: true,
		Start: protocoltest.Turn{
			Asks: "POST https://api.openai.com/v1/videos", Body: `{"id":"v","object":"video","status":"queued","progress":0}`,
			Want: protocoltest.Want{ServiceStatus: "queued", RemoteID: "v", Percent: new(0.0)},
		},
		Then: []protocoltest.Turn{{
			Asks: "GET https://api.openai.com/v1/videos/v", Body: `{"id":"v","object":"video","status":"in_progress","progress":1e6}`,
			Want: protocoltest.Want{ServiceStatus: "in_progress", RemoteID: "v"},
		}},
	},
	// The error is `error`, `last_error`, `incomplete_details`, or the first of
	// `errors`; the code is the status word where they have none, and always where
	// that word is not `failed`.
	//
	//rule:openai 1a OAI; -
	ended("a word that ends it is the code, beside an error too", "batch", `{"id":"x_1","object":"batch","status":"EXPIRED","errors":{"object":"list","data":[{"code":"late","message":"too late"}]},"output_file_id":"f"}`,
		protocoltest.Want{ServiceStatus: "EXPIRED", ErrorCode: "EXPIRED", ErrorMessage: "too late"}),
	ended("an empty list of errors", "batch", `{"id":"x_1","object":"batch","status":"expired","errors":{"object":"list","data":[]},"output_file_id":"f"}`,
		protocoltest.Want{ServiceStatus: "expired", ErrorCode: "expired"}),
	ended("errors as an array", "batch", `{"id":"x_1","object":"batch","status":"failed","errors":[{"code":"c","message":"m"}]}`,
		protocoltest.Want{ServiceStatus: "failed", ErrorCode: "c", ErrorMessage: "m"}),
	ended("incomplete says why", "response", `{"id":"x_1","object":"response","status":"incomplete","error":null,"incomplete_details":{"reason":"max_output_tokens"},"output":[1]}`,
		protocoltest.Want{ServiceStatus: "incomplete", ErrorCode: "incomplete", ErrorMessage: `{"reason":"max_output_tokens"}`}),
	ended("failed with an error", "response", `{"id":"x_1","object":"response","status":"failed","error":{"code":"server_error","message":"sorry"}}`,
		protocoltest.Want{ServiceStatus: "failed", ErrorCode: "server_error", ErrorMessage: "sorry"}),
	ended("failed with a last error", "thread.run", `{"id":"x_1","object":"thread.run","status":"failed","last_error":{"code":"rate_limit_exceeded","message":"slow"}}`,
		protocoltest.Want{ServiceStatus: "failed", ErrorCode: "rate_limit_exceeded", ErrorMessage: "slow"}),
	ended("failed with a text", "video", `{"id":"x_1","object":"video","status":"failed","error":"moderation"}`,
		protocoltest.Want{ServiceStatus: "failed", ErrorCode: "failed", ErrorMessage: "moderation"}),
	// The value is the whole object, as the answer had it that ended the operation:
	// nothing is fetched after the end, when it may be gone.
	//
	//rule:openai 3 -
	{
		Name: "done with the start, BOM and all", Recognized: true,
		Start: protocoltest.Turn{
			Asks: "POST " + startURL, Status: 201, Body: "\xef\xbb\xbf" + body("response", "completed"),
			Want: protocoltest.Want{Outcome: protocol.Succeeded, ServiceStatus: "completed", RemoteID: "x_1", Value: body("response", "completed")},
		},
		Then: []protocoltest.Turn{{Asks: asksOne, Body: body("response", "completed"), Want: protocoltest.Want{Outcome: protocol.Succeeded, ServiceStatus: "completed", RemoteID: "x_1", Value: body("response", "completed")}}},
	},
	{
		Name:  "an object that is not in the table",
		Start: protocoltest.Turn{Asks: "POST " + startURL, Body: `{"id":"x_1","status":"queued"}`, Want: protocoltest.Want{ServiceStatus: "queued", RemoteID: "x_1", Cancel: cancels}},
		Then: []protocoltest.Turn{
			{Asks: asksOne, Body: `{"id":"x_1","status":"canceled"}`, Want: protocoltest.Want{Outcome: protocol.Canceled, ServiceStatus: "canceled", RemoteID: "x_1", Value: `{"id":"x_1","status":"canceled"}`}},
		},
	},
	{
		Name: "statusURL, cancelURL and statusField", Options: `{"statusURL":"/v2/{id}/state?v=1&of={id}","cancelURL":"https://api.example.com/v2/stop/{id}","statusField":"phase"}`,
		Start: protocoltest.Turn{Asks: "POST " + startURL, Body: `{"id":"a b&c","phase":"new","status":"completed"}`, Want: protocoltest.Want{ServiceStatus: "new", RemoteID: "a b&c", Cancel: "POST https://api.example.com/v2/stop/a%20b&c"}},
		Then: []protocoltest.Turn{
			{Asks: "GET /v2/a%20b&c/state?v=1&of=a%20b%26c", Body: `{"phase":"succeeded"}`, Want: protocoltest.Want{Outcome: protocol.Succeeded, ServiceStatus: "succeeded", RemoteID: "a b&c", Value: `{"phase":"succeeded"}`}},
		},
	},
	{
		Name: "cancel under a statusURL with a query", Options: `{"statusURL":"/jobs/{id}?api-version=1"}`,
		Start: protocoltest.Turn{Asks: "POST " + startURL, Body: `{"id":"7","status":"new"}`, Want: protocoltest.Want{ServiceStatus: "new", RemoteID: "7", Cancel: "POST /jobs/7/cancel?api-version=1"}},
		Then:  []protocoltest.Turn{{Asks: "GET /jobs/7?api-version=1", Body: `{"status":"new"}`, Want: protocoltest.Want{ServiceStatus: "new", RemoteID: "7", Cancel: "POST /jobs/7/cancel?api-version=1"}}},
	},
	{
		Name:  "a start URL with a query",
		Start: protocoltest.Turn{Asks: "POST " + startURL + "?tag=a/b&key=1", Body: `{"id":"x_1","status":"queued"}`, Want: protocoltest.Want{ServiceStatus: "queued", RemoteID: "x_1", Cancel: cancels}},
		Then:  []protocoltest.Turn{{Asks: asksOne, Body: `{"status":"queued"}`, Want: protocoltest.Want{ServiceStatus: "queued", RemoteID: "x_1", Cancel: cancels}}},
	},
	// An `id` is escaped wherever it is put in: it can name no other path and add
	// nothing to a query.
	//
	//rule:openai 7 -
	oddID("slashes", "a/b//c", "a%2Fb%2F%2Fc"),
	oddID("a query and a fragment", "a?b=c#d", "a%3Fb=c%23d"),
	oddID("percent and backslash", `a%2f\b`, "a%252f%5Cb"),
	oddID("three dots", "...", "..."),
	oddID("letters of the world and a semicolon", "ü;→", "%C3%BC%3B%E2%86%92"),
	// An answer that is no JSON object, has no status, or (the start's) has no `id` or
	// one with a dot segment breaks the protocol.
	//
	//rule:openai 6 -
	violation("no id", `{"object":"batch","status":"validating"}`),
	violation("an id that is a number", `{"id":5,"object":"batch","status":"validating"}`),
	violation("an id of one dot", `{"id":".","status":"validating"}`),
	violation("an id of two dots", `{"id":"..","status":"validating"}`),
	violation("an id with dot segments", `{"id":"x/../../admin","status":"validating"}`),
	violation("an id with dot segments and backslashes", `{"id":"x\\..\\admin","status":"validating"}`),
	violation("an id that makes no URL", `{"id":"`+strings.Repeat("x", 17000)+`","status":"validating"}`),
	violation("no status", `{"id":"x_1","other":1}`),
	violation("a status that is a number", `{"id":"x_1","status":5}`),
	violation("an empty body", ``),
	violation("an array", `[{"id":"x_1","status":"validating"}]`),
	violation("no JSON", `<html>`),
	{Name: "violation: a redirect", Start: protocoltest.Turn{Asks: "POST " + startURL, Status: 303, Header: map[string]string{"Location": "/x"}, Want: protocoltest.Want{Violation: true}}},
	{
		Name:  "violation: an answer without a status",
		Start: protocoltest.Turn{Asks: "POST " + startURL, Body: `{"id":"x_1","status":"queued"}`, Want: protocoltest.Want{ServiceStatus: "queued", RemoteID: "x_1", Cancel: cancels}},
		Then:  []protocoltest.Turn{{Asks: asksOne, Body: `{"id":"x_1","deleted":true}`, Want: protocoltest.Want{Violation: true}}},
	},
}

// ended is an operation that ends badly.
func ended(name, object, last string, want protocoltest.Want) protocoltest.Scenario {
	sc := course(object, "queued", "", "", protocoltest.Want{})
	if object != "video" {
		sc.Start.Want.Cancel = cancels
	}
	want.Outcome, want.RemoteID, want.Value = protocol.Failed, "x_1", last
	sc.Name, sc.Then = name, []protocoltest.Turn{{Asks: asksOne, Body: last, Want: want}}
	return sc
}

func oddID(name, id, escaped string) protocoltest.Scenario {
	answer := fmt.Sprintf(`{"id":%q,"status":"queued"}`, id)
	want := protocoltest.Want{ServiceStatus: "queued", RemoteID: id, Cancel: "POST " + startURL + "/" + escaped + "/cancel"}
	return protocoltest.Scenario{
		Name:  "an id with " + name,
		Start: protocoltest.Turn{Asks: "POST " + startURL, Body: answer, Want: want},
		Then:  []protocoltest.Turn{{Asks: "GET " + startURL + "/" + escaped, Body: answer, Want: want}},
	}
}

func violation(name, answer string) protocoltest.Scenario {
	return protocoltest.Scenario{
		Name: "violation: " + name, Recognized: strings.Contains(answer, `"object":"batch"`) && strings.Contains(answer, `"id":"`),
		Start: protocoltest.Turn{Asks: "POST " + startURL, Body: answer, Want: protocoltest.Want{Violation: true}},
	}
}

var suite = protocoltest.Suite{
	Protocol: openai.Protocol{}, Scenarios: detailed,
	BadOptions: []protocoltest.BadOptions{
		{Options: `{"statusURL":"/jobs"}`, Field: "statusURL"},
		{Options: `{"statusURL":"//evil.example/{id}"}`, Field: "statusURL"},
		{Options: `{"statusURL":"https://{id}.example.com/x"}`, Field: "statusURL"},
		{Options: `{"statusURL":"https://h{id}?x"}`, Field: "statusURL"},
		{Options: `{"statusURL":"ftp://h/{id}"}`, Field: "statusURL"},
		{Options: `{"statusURL":"/a/../{id}"}`, Field: "statusURL"},
		{Options: `{"cancelURL":"/stop"}`, Field: "cancelURL"},
		{Options: `{"cancelURL":"/x","statusURL":"/x"}`, Field: "statusURL"},
		{Options: `{"statusField":""}`, Field: "statusField"},
		{Options: `{"statusField":5}`, Field: "statusField"},
		{Options: `{"statusurl":"/other/{id}"}`, Field: "statusurl"},
		{Options: `{"statusURL":"/a/{id}","STATUSURL":"/b/{id}"}`, Field: "STATUSURL"},
	},
}

func TestProtocol(t *testing.T) { protocoltest.Run(t, suite) }

func FuzzProtocol(f *testing.F) { protocoltest.Fuzz(f, suite) }

// The whole object goes into the details of the error, and with it what was done
// before the end.
//
//rule:openai 1b -
func TestTheErrorKeepsWhatWasProduced(t *testing.T) {
	b, err := openai.Protocol{}.Bind(nil)
	require.NoError(t, err)
	answer := `{"id":"x_1","object":"batch","status":"expired","output_file_id":"file_9","n":12345678901234567890}`
	step, err := b.Started(protocol.Exchange{Method: "POST", URL: startURL, Status: 200, Body: []byte(answer)})
	require.NoError(t, err)
	require.Equal(t, protocol.Failed, step.Outcome)
	require.JSONEq(t, answer, string(step.Error.Details))
	require.Contains(t, string(step.Error.Details), "12345678901234567890")
}

func TestOptionsAreMarkedOnTheQuestions(t *testing.T) {
	tests := []struct{ name, options, next, cancel string }{
		{"none", ``, "", ""},
		{"statusURL", `{"statusURL":"/x/{id}"}`, "statusURL", "statusURL"},
		{"cancelURL", `{"cancelURL":"/x/{id}"}`, "", "cancelURL"},
		{"both", `{"statusURL":"/x/{id}","cancelURL":"/y/{id}"}`, "statusURL", "cancelURL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := openai.Protocol{}.Bind([]byte(tt.options))
			require.NoError(t, err)
			step, err := b.Started(protocol.Exchange{Method: "POST", URL: startURL, Status: 200, Body: []byte(body("batch", "validating"))})
			require.NoError(t, err)
			ask, err := b.Next(step.State)
			require.NoError(t, err)
			require.Equal(t, tt.next, ask.Option)
			ask, supported, err := b.Cancel(step.State)
			require.NoError(t, err)
			require.True(t, supported)
			require.Equal(t, tt.cancel, ask.Option)
		})
	}
}

func TestRetry(t *testing.T) {
	tests := []struct {
		name, method string
		status       int
		should       string
		retry, known bool
	}{
		// A GET answered with 409 is asked again.
		//
		//rule:openai 2a OAI SDK, `shouldRetry`
		{"409 on GET", "GET", 409, "", true, true},
		{"409 on POST", "POST", 409, "", false, false},
		{"409 on GET that the service advises against", "GET", 409, "false", false, true},
		{"400", "GET", 400, "", false, false},
		// `x-should-retry: true` has the question asked again whatever error it was
		// answered with. `false` counts for a 409 only: what is transient under "Every
		// protocol" stays so.
		//
		//rule:openai 2b OAI SDK, `shouldRetry`; - for what `false` does not do
		{"400 that the service advises for", "GET", 400, "true", true, true},
		{"429 is transient whatever the service advises", "GET", 429, "false", false, false},
		{"503 is transient whatever the service advises", "GET", 503, "false", false, false},
		{"a word that is neither", "GET", 404, "maybe", false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := openai.Protocol{}.Bind(nil)
			require.NoError(t, err)
			e := protocol.Exchange{Method: tt.method, URL: startURL, Status: tt.status, Header: map[string][]string{}}
			if tt.should != "" {
				e.Header.Set("X-Should-Retry", tt.should)
			}
			r, ok := b.(protocol.Retrier)
			require.True(t, ok)
			retry, known := r.Retry(e)
			require.Equal(t, tt.retry, retry, "retry")
			require.Equal(t, tt.known, known, "known")
		})
	}
}
