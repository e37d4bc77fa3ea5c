package azure_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/azure"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

const host = "https://h.test"

func runs(word string) protocoltest.Want { return protocoltest.Want{ServiceStatus: word} }

func fetches(word string) protocoltest.Want {
	return protocoltest.Want{Outcome: protocol.Succeeded, Fetch: true, ServiceStatus: word}
}

func valueOf(word, body string) protocoltest.Want {
	return protocoltest.Want{Outcome: protocol.Succeeded, ServiceStatus: word, Value: body}
}

func ofResource(w protocoltest.Want, state string) protocoltest.Want {
	w.Progress = `{"provisioningState":"` + state + `"}`
	return w
}

var suite = protocoltest.Suite{
	Protocol: azure.Protocol{},
	Scenarios: []protocoltest.Scenario{
		{
			Name: "PUT with Azure-AsyncOperation", Recognized: true,
			Start: protocoltest.Turn{
				Asks: "PUT " + host + "/r/1?api-version=1", Status: 201, Header: async(host + "/ops/7?sig=a%2fb"), Body: provisioning("Creating"),
				Want: ofResource(runs("Creating"), "Creating"),
			},
			Then: []protocoltest.Turn{
				{
					Asks: "GET " + host + "/ops/7?sig=a%2fb", Body: `{"id":"op7","status":"InProgress","percentComplete":40,"properties":{"provisioningState":"n/a"}}`,
					Want: protocoltest.Want{ServiceStatus: "InProgress", RemoteID: "op7", Percent: new(40.0), Progress: `{"provisioningState":"n/a"}`},
				},
				{
					Asks: "GET " + host + "/ops/7?sig=a%2fb", Body: `{"name":"op7","status":"Succeeded"}`,
					Want: protocoltest.Want{Outcome: protocol.Succeeded, Fetch: true, ServiceStatus: "Succeeded", RemoteID: "op7"},
				},
				{Asks: "GET " + host + "/r/1?api-version=1", Body: provisioning("Succeeded"), Want: valueOf("", provisioning("Succeeded"))},
			},
		},
		{
			Name: "POST with Operation-Location that moves and fails", Recognized: true,
			Start: protocoltest.Turn{
				Asks: "POST " + host + "/r/1:do", Status: 202, Header: and(opLoc(host+"/ops/7"), located(host+"/l")), Body: `{"status":"NotStarted"}`, Want: runs("NotStarted"),
			},
			Then: []protocoltest.Turn{
				{Asks: "GET " + host + "/ops/7", Status: 202, Header: opLoc(host + "/ops/8"), Body: `{"status":"Running"}`, Want: runs("Running")},
				{
					Asks: "GET " + host + "/ops/8", Body: `{"status":"Failed","error":{"code":"Quota","message":"no more"}}`,
					Want: protocoltest.Want{Outcome: protocol.Failed, ServiceStatus: "Failed", ErrorCode: "Quota", ErrorMessage: "no more", Value: `{"status":"Failed","error":{"code":"Quota","message":"no more"}}`},
				},
			},
		},
		{
			Name: "POST with Operation-Location and a value in the status", Options: `{"resultPath":"result","apiVersion":"2","cancelURL":"{operation}:cancel","finalStateVia":"operation-location"}`,
			Start: protocoltest.Turn{
				Asks: "POST " + host + "/r/1:do", Status: 202, Header: opLoc(host + "/ops/7?API-version=1"), Body: `{"status":"NotStarted"}`,
				Want: protocoltest.Want{ServiceStatus: "NotStarted", Cancel: "POST " + host + "/ops/7:cancel?api-version=2"},
			},
			Then: []protocoltest.Turn{
				{Asks: "GET " + host + "/ops/7?api-version=2", Body: `{"status":"Succeeded","result":{"n":1.50}}`, Want: valueOf("Succeeded", `{"n":1.50}`)},
			},
		},
		{
			Name:  "PUT with Operation-Location and a resourceLocation",
			Start: protocoltest.Turn{Asks: "PUT " + host + "/r/1", Status: 202, Header: opLoc(host + "/ops/7"), Want: runs("202")}, Recognized: true,
			Then: []protocoltest.Turn{
				{Asks: "GET " + host + "/ops/7", Body: `{"status":"Succeeded","resourceLocation":"/x/1"}`, Want: fetches("Succeeded")},
				{Asks: "GET " + host + "/x/1", Body: `{"v":1}`, Want: valueOf("", `{"v":1}`)},
			},
		},
		{
			Name:  "DELETE with a Location",
			Start: protocoltest.Turn{Asks: "DELETE " + host + "/r/1", Status: 202, Header: located(host + "/m/1"), Want: runs("202")},
			Then: []protocoltest.Turn{
				{Asks: "GET " + host + "/m/1", Status: 202, Header: located(host + "/m/2"), Want: runs("202")},
				{Asks: "GET " + host + "/m/2", Body: provisioning("Deleting"), Want: ofResource(runs("Deleting"), "Deleting")},
				{Asks: "GET " + host + "/m/2", Status: 204, Want: valueOf("204", "")},
			},
		},
		{
			Name:  "a Location that refuses",
			Start: protocoltest.Turn{Asks: "POST " + host + "/r/1", Status: 202, Header: located(host + "/m/1"), Want: runs("202")},
			Then: []protocoltest.Turn{
				{
					Asks: "GET " + host + "/m/1", Status: 409, Body: `<?xml version="1.0"?><Error><Code>Conflict</Code><Message>in use</Message></Error>`,
					Want: protocoltest.Want{Outcome: protocol.Failed, ServiceStatus: "409", ErrorCode: "Conflict", ErrorMessage: "in use"},
				},
			},
		},
		{
			Name: "PUT that is asked itself, canceled", Recognized: true,
			Start: protocoltest.Turn{Asks: "PUT " + host + "/r/1", Status: 201, Body: provisioning("Creating"), Want: ofResource(runs("Creating"), "Creating")},
			Then: []protocoltest.Turn{
				{Asks: "GET " + host + "/r/1", Body: provisioning("Creating"), Want: ofResource(runs("Creating"), "Creating")},
				{
					Asks: "GET " + host + "/r/1", Body: provisioning("Cancelled"),
					Want: ofResource(protocoltest.Want{Outcome: protocol.Canceled, ServiceStatus: "Cancelled", Value: provisioning("Cancelled")}, "Cancelled"),
				},
			},
		},
		{
			Name:  "a status URL that refuses",
			Start: protocoltest.Turn{Asks: "PUT " + host + "/r/1", Status: 202, Header: async(host + "/ops/7"), Want: runs("202")}, Recognized: true,
			Then: []protocoltest.Turn{{Asks: "GET " + host + "/ops/7", Status: 403, Want: protocoltest.Want{Rejected: true}}},
		},
		{
			Name:  "done at once",
			Start: protocoltest.Turn{Asks: "PATCH " + host + "/r/1", Status: 200, Body: `{"a":1}`, Want: valueOf("200", `{"a":1}`)},
		},
		{
			Name:  "nowhere to ask",
			Start: protocoltest.Turn{Asks: "POST " + host + "/r/1", Status: 202, Body: `{"a":1}`, Want: protocoltest.Want{Violation: true}},
		},
		{
			Name:  "adopted by a resume token",
			Adopt: &perdure.Adoption{Azcore: `{"type":"VM","token":{"asyncURL":"https://h.test/ops/7","locURL":"","origURL":"https://h.test/r/1","method":"PUT","finalState":"","state":"InProgress"}}`},
			Start: protocoltest.Turn{Asks: "PUT " + host + "/r/1", Want: runs("InProgress")},
			Then: []protocoltest.Turn{
				{Asks: "GET " + host + "/ops/7", Body: `{"status":"Succeeded"}`, Want: fetches("Succeeded")},
				{Asks: "GET " + host + "/r/1", Body: `{"v":1}`, Want: valueOf("", `{"v":1}`)},
			},
		},
		{
			Name:  "adopted by a status URL",
			Adopt: &perdure.Adoption{StatusURL: host + "/ops/7", Method: "PUT", Resource: host + "/r/1"},
			Start: protocoltest.Turn{Asks: "PUT " + host + "/r/1"},
			Then: []protocoltest.Turn{
				{Asks: "GET " + host + "/ops/7", Body: `{"status":"Running"}`, Want: runs("Running")},
				{Asks: "GET " + host + "/ops/7", Body: `{"status":"Succeeded"}`, Want: fetches("Succeeded")},
				{Asks: "GET " + host + "/r/1", Body: `{"v":1}`, Want: valueOf("", `{"v":1}`)},
			},
		},
	},
	BadOptions: []protocoltest.BadOptions{
		{Options: `{"finalStateVia":"Location"}`, Field: "finalStateVia"},
		{Options: `{"finalStateVia":5}`, Field: "finalStateVia"},
		{Options: `{"resultPath":"a["}`, Field: "resultPath"},
		{Options: `{"resultPath":"a(@"}`, Field: "resultPath"},
		{Options: `{"resultPath":"A(@())"}`, Field: "resultPath"}, // the library compiles it, and panics on it
		{Options: `{"resultPath":["a"]}`, Field: "resultPath"},
		{Options: `{"resultPath":"` + strings.Repeat("[", 5000) + `"}`, Field: "resultPath"},
		{Options: `{"apiVersion":"a b"}`, Field: "apiVersion"},
		{Options: `{"apiVersion":"` + strings.Repeat("1", 300) + `"}`, Field: "apiVersion"},
		{Options: `{"apiVersion":20240101}`, Field: "apiVersion"},
		{Options: `{"cancelURL":"https://h.test/cancel"}`, Field: "cancelURL"},
		{Options: `{"cancelURL":"{operation}.evil.test"}`, Field: "cancelURL"},
		{Options: `{"cancelURL":"{operation}/../x"}`, Field: "cancelURL"},
		{Options: `{"cancelURL":"{operation}/{id}"}`, Field: "cancelURL"},
		{Options: `{"cancelURL":"{operation}/cancel#x"}`, Field: "cancelURL"},
		{Options: `{"cancelURL":"{operation}/a b"}`, Field: "cancelURL"},
		{Options: `{"cancelURL":true}`, Field: "cancelURL"},
	},
}

// A word is compared without regard to case, but in `waiter`, whose words are yours.
// One that is not known to end an operation means that it runs.
//
//rule:answers 1 -; SMI
func TestProtocol(t *testing.T) { protocoltest.Run(t, suite) }

func FuzzProtocol(f *testing.F) { protocoltest.Fuzz(f, suite) }

// FuzzOptions: no option makes Bind panic, nor a resultPath or a template that it takes
// what comes after it.
func FuzzOptions(f *testing.F) {
	for _, seed := range []string{"result", "A(@())", "a[::0]", "let $0 in $", "sort_by(a,&b)", "a[?n==`7`]", "[@,@]", "{operation}:cancel", "{operation}/x?y=z", "2024-01-01-preview", "location"} {
		f.Add(seed, "https://h.test/ops/7?a=b")
	}
	f.Fuzz(func(t *testing.T, text, monitor string) {
		for _, name := range []string{"resultPath", "cancelURL", "apiVersion", "finalStateVia"} {
			raw, err := json.Marshal(map[string]string{name: text})
			require.NoError(t, err)
			b, err := azure.Protocol{}.Bind(raw)
			if err != nil {
				var bad *perdure.InputError
				require.ErrorAs(t, err, &bad)
				require.Equal(t, name, bad.Field)
				require.NotContains(t, bad.Error(), "\n")
				continue
			}
			if step, err := b.Started(reply{202, opLoc(monitor), ""}.to("POST", resource)); err == nil {
				_, _ = b.Answered(step.State, reply{200, nil, `{"status":"Succeeded","a":[{"n":1},{"b":[]}]}`}.to("GET", resource))
				if ask, supported, err := b.Cancel(step.State); err == nil && supported {
					require.NoError(t, perdure.CheckURL("cancel", withoutDots(ask.URL)))
				}
			}
		}
	})
}

// withoutDots is what CheckURL has to say of the template's part of a URL: the
// service's own may have segments that a caller's may not.
func withoutDots(raw string) string {
	_, after, _ := strings.Cut(raw, "?")
	return "/x?" + after
}

// FuzzResumeToken: a token is adopted, or refused as the caller's input.
func FuzzResumeToken(f *testing.F) {
	for _, seed := range []string{
		`{"type":"VM","token":{"asyncURL":"https://h.test/m","locURL":"/l","origURL":"https://h.test/r","method":"PUT","finalState":"location","state":"InProgress"}}`,
		`{"type":"VM","token":{"oplocURL":"https://h.test/m","locURL":"","origURL":"https://h.test/r","method":"POST","finalState":"","resultPath":"r","state":"InProgress"}}`,
		`{"type":"VM","token":{"type":"loc","pollURL":"https://h.test/m","state":"InProgress"}}`, `{"type":"VM","token":{"type":"body","pollURL":"https://h.test/m","state":"InProgress"}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		b := bind(t, `{"apiVersion":"1"}`)
		step, err := adopt(t, b, perdure.Adoption{Azcore: token})
		if err != nil {
			var bad *perdure.InputError
			require.ErrorAs(t, err, &bad)
			return
		}
		ask, err := b.Next(step.State)
		require.NoError(t, err)
		require.Equal(t, protocol.FromAdoption, ask.Option)
		require.LessOrEqual(t, len(ask.URL), perdure.MaxURLBytes)
		for _, body := range []string{`{"status":"Succeeded","r":1}`, provisioning("Succeeded")} {
			_, _ = b.Answered(step.State, reply{200, nil, body}.to("GET", ask.URL))
		}
	})
}

func TestRecognizes(t *testing.T) {
	for _, tt := range []struct {
		name string
		reply
		want bool
	}{
		{"Azure-AsyncOperation", reply{202, async("/m"), ""}, true},
		{"Operation-Location", reply{201, opLoc("/m"), "no JSON"}, true},
		{"a provisioningState", reply{200, nil, provisioning("Creating")}, true},
		{"a Location", reply{202, located("/m"), `{}`}, false},
		{"a provisioningState that is no string", reply{200, nil, `{"properties":{"provisioningState":5}}`}, false},
		{"nothing", reply{200, nil, `{"a":1}`}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, bind(t, "").Recognizes(tt.to("PUT", resource)))
		})
	}
}

func TestAPIVersionOnEveryRequest(t *testing.T) {
	for _, tt := range []struct{ name, url, want string }{
		{"none yet", "https://h.test/r", "https://h.test/r?api-version=2024-01-01"},
		{"another", "https://h.test/r?api-version=1", "https://h.test/r?api-version=2024-01-01"},
		{"in another case", "https://h.test/r?API-Version=1", "https://h.test/r?api-version=2024-01-01"},
		{"twice", "https://h.test/r?a=1&API-Version=1&b=2&api-version=3", "https://h.test/r?a=1&api-version=2024-01-01&b=2"},
		{"encoded", "https://h.test/r?api%2Dversion=1", "https://h.test/r?api-version=2024-01-01"},
		{"the rest byte for byte", "https://h.test/r?sig=a%2Fb%2fc+d&&x&y=&z=1;2", "https://h.test/r?sig=a%2Fb%2fc+d&&x&y=&z=1;2&api-version=2024-01-01"},
		{"an empty query", "https://h.test/r?", "https://h.test/r?api-version=2024-01-01"},
		{"another name", "https://h.test/r?my-api-version=1", "https://h.test/r?my-api-version=1&api-version=2024-01-01"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := bind(t, `{"apiVersion":"2024-01-01"}`)
			ask := protocol.Ask{Method: "PUT", URL: tt.url}
			b.Prepare(&ask)
			require.Equal(t, tt.want, ask.URL, "the start")
			for name, header := range map[string]map[string]string{"Azure-AsyncOperation": async(tt.url), "Operation-Location": opLoc(tt.url), "Location": located(tt.url)} {
				step, err := b.Started(reply{202, header, ""}.to("POST", resource))
				require.NoError(t, err)
				ask, err := b.Next(step.State)
				require.NoError(t, err)
				require.Equal(t, tt.want, ask.URL, name)
			}
			step, err := b.Started(reply{202, opLoc("/m"), ""}.to("PUT", resource))
			require.NoError(t, err)
			step, err = b.Answered(step.State, reply{200, nil, `{"status":"Succeeded","resourceLocation":"` + tt.url + `"}`}.to("GET", host+"/m"))
			require.NoError(t, err)
			ask, err = b.Next(step.State)
			require.NoError(t, err)
			require.Equal(t, tt.want, ask.URL, "the value")
		})
	}
	t.Run("as it is without the option", func(t *testing.T) {
		ask := protocol.Ask{URL: "https://h.test/r?API-version=1"}
		bind(t, "").Prepare(&ask)
		require.Equal(t, "https://h.test/r?API-version=1", ask.URL)
	})
}

//rule:answers 5
func TestErrorShapes(t *testing.T) {
	const big = `{"id":"/r","type":"Microsoft.X/y","properties":{"provisioningState":"Failed"}}`
	for _, tt := range []struct {
		name, body    string
		header        map[string]string
		code, message string
	}{
		{"error", `{"status":"Failed","error":{"code":"Q","message":"m","details":[1]}}`, nil, "Q", "m"},
		{"a code that is a number", `{"status":"Failed","error":{"code":409,"message":"m"}}`, nil, "409", "m"},
		{"an error that is a string", `{"status":"Failed","error":"m"}`, nil, "Failed", "m"},
		{"an error that is null", `{"status":"Failed","error":null}`, nil, "Failed", ""},
		{"odata.error", `{"status":"Failed","odata.error":{"code":"Q","message":{"lang":"en","value":"m"}}}`, nil, "Q", "m"},
		{"the body itself", `{"status":"Failed","code":"Q","message":"m"}`, nil, "Q", "m"},
		{"the header", `{"status":"Failed","error":{"code":"Q","message":"m"}}`, map[string]string{"x-ms-error-code": "H"}, "H", "m"},
		{"none", `{"status":"Failed"}`, nil, "Failed", ""},
		{"a resource's type is no code", `{"status":"Failed","type":"Microsoft.X/y"}`, nil, "Failed", ""},
		{"the service's own word", `{"status":"FAILED"}`, nil, "FAILED", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := play(t, "", "POST", reply{202, async("/m"), ""}, reply{200, tt.header, tt.body})
			require.Equal(t, protocol.Failed, c.step.Outcome)
			require.Equal(t, perdure.ServiceError{Code: tt.code, Message: tt.message, Details: json.RawMessage(tt.body)}, *c.step.Error)
		})
	}
	for name, start := range map[string]reply{"own URL": {201, nil, ""}, "Location": {202, located("/m"), ""}} {
		c := play(t, "", "PUT", start, reply{200, nil, big})
		require.Equal(t, "Failed", c.step.Error.Code, name)
		require.JSONEq(t, big, string(c.step.Error.Details), name)
	}
	for name, tt := range map[string]struct{ body, code, message string }{
		"XML": {`<Error><Code>C</Code><Message>m</Message></Error>`, "C", "m"}, "empty": {``, "409", "Conflict"},
		"HTML": {`<html>no</html>`, "409", "<html>no</html>"}, "text": {`no`, "409", "no"}, "a number": {`{"error":{"code":7,"message":"m"}}`, "7", "m"},
	} {
		c := play(t, "", "POST", reply{202, located("/m"), ""}, reply{409, nil, tt.body})
		require.Equal(t, tt.code, c.step.Error.Code, name)
		require.Equal(t, tt.message, c.step.Error.Message, name)
	}
}

//rule:out 7
func TestLongHeaders(t *testing.T) {
	long := "/ops/" + strings.Repeat("a", 6<<10) + "?t=" + strings.Repeat("b", 6<<10)
	for _, header := range []map[string]string{async(long), opLoc(long), located(long)} {
		c := play(t, "", "POST", reply{202, header, ""}, reply{404, nil, ""})
		require.Equal(t, []string{"GET " + long}, c.asks)
	}
	tooLong := "/" + strings.Repeat("a", perdure.MaxURLBytes)
	require.Equal(t, "violation", play(t, "", "POST", reply{202, async(tooLong), ""}).end)
	almost := "/" + strings.Repeat("a", perdure.MaxURLBytes-len(host)-1)
	require.Empty(t, play(t, "", "POST", reply{202, async(almost), ""}).end)
	require.Equal(t, "violation", play(t, `{"apiVersion":"1"}`, "POST", reply{202, async(almost), ""}).end)
}

// A body is read as JSON whatever its Content-Type says, also without one; a byte
// order mark before it is dropped.
//
// No answer of these tests has a Content-Type; one that says otherwise does not matter.
//
//rule:answers 3 -; RFC 8259 section 8.1 lets parsers drop the mark
func TestContentTypeDoesNotMatter(t *testing.T) {
	c := play(t, "", "POST", reply{202, async("/m"), ""}, reply{200, map[string]string{"Content-Type": "text/html"}, "\xef\xbb\xbf" + succeeded})
	require.Equal(t, protocol.Succeeded, c.step.Outcome)
	require.Equal(t, succeeded, c.value())
}

//rule:adopt 1
//rule:adopt 2
func TestAdoptByURL(t *testing.T) {
	for _, tt := range []struct {
		name, options string
		adoption      perdure.Adoption
		answers       []reply
		asks          []string
		value, field  string // field: of the error
	}{
		{"PUT", ``, perdure.Adoption{StatusURL: host + "/m", Method: "PUT", Resource: host + "/r"}, []reply{{200, nil, running}, {200, nil, succeeded}, {200, nil, `{"v":1}`}}, []string{"GET /m", "GET /m", "GET /r"}, `{"v":1}`, ""},
		{"POST", ``, perdure.Adoption{StatusURL: host + "/m", Method: "POST"}, []reply{{200, nil, succeeded}}, []string{"GET /m"}, succeeded, ""},
		{"no method", ``, perdure.Adoption{StatusURL: host + "/m"}, []reply{{200, nil, succeeded}}, []string{"GET /m"}, succeeded, ""},
		{"DELETE", ``, perdure.Adoption{StatusURL: host + "/m", Method: "DELETE"}, []reply{{200, nil, succeeded}}, []string{"GET /m"}, ``, ""},
		{"resourceLocation", ``, perdure.Adoption{StatusURL: host + "/m", Method: "POST"}, []reply{{200, nil, `{"status":"Succeeded","resourceLocation":"/x"}`}, {200, nil, `1`}}, []string{"GET /m", "GET /x"}, `1`, ""},
		{"as Azure-AsyncOperation", `{"finalStateVia":"azure-async-operation"}`, perdure.Adoption{StatusURL: host + "/m", Method: "PUT", Resource: host + "/r"}, []reply{{200, nil, `{"status":"Succeeded","resourceLocation":"/x"}`}, {200, nil, `1`}}, []string{"GET /m", "GET /r"}, `1`, ""},
		{"the resource itself", `{"apiVersion":"3"}`, perdure.Adoption{StatusURL: host + "/r", Method: "PUT", Resource: host + "/r"}, []reply{{200, nil, provisioning("Updating")}, {200, nil, provisioning("Succeeded")}}, []string{"GET /r?api-version=3", "GET /r?api-version=3"}, provisioning("Succeeded"), ""},
		{"PUT without a resource", ``, perdure.Adoption{StatusURL: host + "/m", Method: "PUT"}, nil, nil, "", "adopt.resource"},
		{"original-uri without a resource", `{"finalStateVia":"original-uri"}`, perdure.Adoption{StatusURL: host + "/m", Method: "POST"}, nil, nil, "", "adopt.resource"},
		{"a resource without a method", ``, perdure.Adoption{StatusURL: host + "/m", Resource: host + "/r"}, nil, nil, "", "adopt.method"},
		{"another method", ``, perdure.Adoption{StatusURL: host + "/m", Method: "put"}, nil, nil, "", "adopt.method"},
		{"a malformed URL", ``, perdure.Adoption{StatusURL: "ftp:x"}, nil, nil, "", "adopt.statusURL"},
		{"a malformed resource", ``, perdure.Adoption{StatusURL: host + "/m", Method: "PUT", Resource: "//h"}, nil, nil, "", "adopt.resource"},
		{"an operation's name", ``, perdure.Adoption{Operation: "7"}, nil, nil, "", "adopt"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := bind(t, tt.options)
			step, err := adopt(t, b, tt.adoption)
			if tt.field != "" {
				var bad *perdure.InputError
				require.ErrorAs(t, err, &bad)
				require.Equal(t, tt.field, bad.Field)
				return
			}
			require.NoError(t, err)
			c := goOn(t, b, step, nil, tt.answers)
			require.Equal(t, tt.asks, c.asks)
			require.Equal(t, protocol.Succeeded, c.step.Outcome)
			require.Equal(t, tt.value, c.value())
		})
	}
}

// Prepare leaves the caller's request as it is, but for the version.
func TestPrepare(t *testing.T) {
	ask := protocol.Ask{Method: http.MethodPut, URL: host + "/r", Header: http.Header{"A": {"b"}}, Body: []byte("x")}
	want := ask
	bind(t, "").Prepare(&ask)
	require.Equal(t, want, ask)
}
