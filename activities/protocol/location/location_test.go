package location_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/location"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

const (
	start   = "POST https://jobs.example.com/v1/jobs?q=1"
	monitor = "https://jobs.example.com/v1/jobs/7?sig=a%2Fb"
)

func at(location string) map[string]string { return map[string]string{"Location": location} }

// accepted is the start's 202 that names the monitor.
func accepted(cancel string) protocoltest.Turn {
	return protocoltest.Turn{Asks: start, Status: 202, Header: at(monitor), Want: protocoltest.Want{ServiceStatus: "202", Cancel: cancel}}
}

func done(status, value string) protocoltest.Want {
	return protocoltest.Want{Outcome: protocol.Succeeded, ServiceStatus: status, Value: value}
}

var suite = protocoltest.Suite{
	Protocol: location.Protocol{},
	BadOptions: []protocoltest.BadOptions{
		{Options: `{"cancel":"post"}`, Field: "cancel"},
		{Options: `{"cancel":"DELETE"}`, Field: "cancel"},
		{Options: `{"cancel":true}`, Field: "cancel"},
		{Options: `{"prefer":"yes"}`, Field: "prefer"},
	},
	Scenarios: []protocoltest.Scenario{
		// 202 from the monitor: it runs. A Location names another monitor from now on;
		// of a JSON body, `status` is the service's word, `percentComplete`, `percent`
		// or `progress` the percentage, and all of it the progress.
		//
		//rule:location 1b RFC 9110 section 15.3.3; - for the body
		{
			Name: "202, 202, 200", Recognized: true, Start: accepted(""),
			Then: []protocoltest.Turn{
				{Asks: "GET " + monitor, Status: 202, Want: protocoltest.Want{ServiceStatus: "202"}},
				{
					Asks: "GET " + monitor, Status: 202, Body: `{"status":"Working","percentComplete":12.5}`,
					Want: protocoltest.Want{ServiceStatus: "Working", Percent: new(12.5), Progress: `{"status":"Working","percentComplete":12.5}`},
				},
				{
					Asks: "GET " + monitor, Status: 202, Body: `{"status":"succeeded","percent":101,"progress":99}`,
					Want: protocoltest.Want{ServiceStatus: "succeeded", Percent: new(99.0), Progress: `{"status":"succeeded","percent":101,"progress":99}`},
				},
				{Asks: "GET " + monitor, Body: `{"n":12345678901234567890}`, Want: done("200", `{"n":12345678901234567890}`)},
			},
		},
		// 303 with Location, from the start or the monitor: succeeded, and the value
		// is there.
		//
		//rule:location 1c RFC 9110 section 15.4.4
		{
			Name: "303 to the value", Recognized: true, Start: accepted(""),
			Then: []protocoltest.Turn{
				{Asks: "GET " + monitor, Status: 303, Header: at("/v1/results/7"), Want: protocoltest.Want{Outcome: protocol.Succeeded, Fetch: true, ServiceStatus: "303"}},
				{Asks: "GET https://jobs.example.com/v1/results/7", Body: "not, JSON", Want: done("200", "not, JSON")},
			},
		},
		{
			Name:  "303 to the start",
			Start: protocoltest.Turn{Asks: start, Status: 303, Header: at("https://files.example.com/7"), Want: protocoltest.Want{Outcome: protocol.Succeeded, Fetch: true, ServiceStatus: "303"}},
			Then:  []protocoltest.Turn{{Asks: "GET https://files.example.com/7", Body: "x", Want: done("200", "x")}},
		},
		// Any other 2xx, from the start or the monitor: succeeded, and its body is the
		// value.
		//
		//rule:location 1d RFC 9110 section 15.3
		{
			Name:  "200 to the start",
			Start: protocoltest.Turn{Asks: start, Body: `{"a":1}`, Want: done("200", `{"a":1}`)},
		},
		{
			Name:  "201 with a Location to the start is done",
			Start: protocoltest.Turn{Asks: start, Status: 201, Header: at("/v1/jobs/7"), Want: done("201", "")},
		},
		{
			Name:  "204 to the start",
			Start: protocoltest.Turn{Asks: start, Status: 204, Want: done("204", "")},
		},
		{
			Name: "204 from the monitor", Recognized: true, Start: accepted(""),
			Then: []protocoltest.Turn{{Asks: "GET " + monitor, Status: 204, Want: done("204", "")}},
		},
		{
			Name: "relative, to the directory", Recognized: true,
			Start: protocoltest.Turn{Asks: start, Status: 202, Header: at("jobs/7?sig=a,b;c#part"), Want: protocoltest.Want{ServiceStatus: "202"}},
			Then:  []protocoltest.Turn{{Asks: "GET https://jobs.example.com/v1/jobs/7?sig=a,b;c", Status: 202, Want: protocoltest.Want{ServiceStatus: "202"}}},
		},
		{
			Name: "relative, with dots and a query only", Recognized: true,
			Start: protocoltest.Turn{Asks: start, Status: 202, Header: at("../../x/./y"), Want: protocoltest.Want{ServiceStatus: "202"}},
			Then: []protocoltest.Turn{
				{Asks: "GET https://jobs.example.com/x/y", Status: 202, Header: at("?page=2"), Want: protocoltest.Want{ServiceStatus: "202"}},
				{Asks: "GET https://jobs.example.com/x/y?page=2", Status: 202, Want: protocoltest.Want{ServiceStatus: "202"}},
			},
		},
		{
			Name: "a query that is no UTF-8 goes on as it was meant", Recognized: true,
			Start: protocoltest.Turn{Asks: start, Status: 202, Header: at("/j?q=\xff&a=%41 b"), Want: protocoltest.Want{ServiceStatus: "202"}},
			Then:  []protocoltest.Turn{{Asks: "GET https://jobs.example.com/j?q=%FF&a=%41%20b", Status: 202, Want: protocoltest.Want{ServiceStatus: "202"}}},
		},
		{
			Name: "a monitor that moves, to another host too; a 202 without Location stays", Recognized: true, Options: ``, Start: accepted(""),
			Then: []protocoltest.Turn{
				{Asks: "GET " + monitor, Status: 202, Header: at("//west.example.com/jobs/7"), Want: protocoltest.Want{ServiceStatus: "202"}},
				{Asks: "GET https://west.example.com/jobs/7", Status: 202, Want: protocoltest.Want{ServiceStatus: "202"}},
				{Asks: "GET https://west.example.com/jobs/7", Status: 202, Header: at("/jobs/8"), Want: protocoltest.Want{ServiceStatus: "202"}},
				{Asks: "GET https://west.example.com/jobs/8", Body: "1", Want: done("200", "1")},
			},
		},
		// With option `cancel`, cancel is DELETE on the monitor, wherever it is by
		// then. Otherwise there is none. A caller who gives the option, or has named the
		// monitor, is held to the service's own origin and its `allow`.
		//
		//rule:location 2 -
		{
			Name: "cancel by DELETE on where the monitor is now", Options: `{"cancel":"delete","prefer":true}`, Start: accepted("DELETE " + monitor),
			Then: []protocoltest.Turn{
				{Asks: "GET " + monitor, Status: 202, Header: at("/v1/jobs/8"), Want: protocoltest.Want{ServiceStatus: "202", Cancel: "DELETE https://jobs.example.com/v1/jobs/8"}},
				{Asks: "GET https://jobs.example.com/v1/jobs/8", Body: "{}", Want: done("200", "{}")},
			},
		},
		{
			Name: "not there", Recognized: true, Start: accepted(""),
			Then: []protocoltest.Turn{{Asks: "GET " + monitor, Status: 404, Want: protocoltest.Want{Rejected: true}}},
		},
		// 404 from the monitor is not there yet, within its grace; later, as 410 and
		// other errors are at once, it is `PollRejected`.
		//
		//rule:location 1e -
		{
			Name: "gone", Recognized: true, Start: accepted(""),
			Then: []protocoltest.Turn{{Asks: "GET " + monitor, Status: 410, Want: protocoltest.Want{Rejected: true}}},
		},
		// 202 to the start, with Location: the monitor. Without one the protocol is
		// broken.
		//
		//rule:location 1a RFC 7240 section 4.1; RFC 9110 section 15.3.3
		{Name: "violation: 202 without Location", Start: protocoltest.Turn{Asks: start, Status: 202, Want: protocoltest.Want{Violation: true}}},
		{Name: "violation: 303 without Location", Start: protocoltest.Turn{Asks: start, Status: 303, Want: protocoltest.Want{Violation: true}}},
		// Any other 3xx is `StartRejected` from the start, and from the monitor
		// followed where it names a URL.
		//
		//rule:location 1f RFC 9110 section 15.4
		{Name: "violation: 302", Start: protocoltest.Turn{Asks: start, Status: 302, Header: at("/x"), Want: protocoltest.Want{Violation: true}}},
		{Name: "violation: another scheme", Recognized: true, Start: protocoltest.Turn{Asks: start, Status: 202, Header: at("ftp://jobs.example.com/7"), Want: protocoltest.Want{Violation: true}}},
		{Name: "violation: a malformed Location", Recognized: true, Start: protocoltest.Turn{Asks: start, Status: 202, Header: at("https://[::1"), Want: protocoltest.Want{Violation: true}}},
		{
			Name: "violation: the monitor's 303 without Location", Recognized: true, Start: accepted(""),
			Then: []protocoltest.Turn{{Asks: "GET " + monitor, Status: 303, Want: protocoltest.Want{Violation: true}}},
		},
		{
			Name: "violation: the value's 303", Recognized: true, Start: accepted(""),
			Then: []protocoltest.Turn{
				{Asks: "GET " + monitor, Status: 303, Header: at("/r"), Want: protocoltest.Want{Outcome: protocol.Succeeded, Fetch: true, ServiceStatus: "303"}},
				{Asks: "GET https://jobs.example.com/r", Status: 303, Header: at("/r2"), Want: protocoltest.Want{Violation: true}},
			},
		},
	},
}

//rule:answers 1
func TestProtocol(t *testing.T) { protocoltest.Run(t, suite) }

func FuzzProtocol(f *testing.F) { protocoltest.Fuzz(f, suite) }

// With `prefer` the start says `Prefer: respond-async`, beside preferences that the
// caller gave.
//
//rule:location 1 RFC 7240 section 4.1
func TestPrefer(t *testing.T) {
	tests := []struct {
		name, options string
		given, want   http.Header
	}{
		{"not asked for", ``, http.Header{}, http.Header{}},
		{"asked for", `{"prefer":true}`, http.Header{}, http.Header{"Prefer": {"respond-async"}}},
		{"without headers", `{"prefer":true}`, nil, http.Header{"Prefer": {"respond-async"}}},
		{"beside the caller's", `{"prefer":true}`, http.Header{"Prefer": {"wait=10"}}, http.Header{"Prefer": {"wait=10", "respond-async"}}},
		{"once", `{"prefer":true}`, http.Header{"Prefer": {"Respond-Async, wait=10"}}, http.Header{"Prefer": {"Respond-Async, wait=10"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := location.Protocol{}.Bind([]byte(tt.options))
			require.NoError(t, err)
			ask := protocol.Ask{Method: "POST", URL: "/jobs", Header: tt.given}
			b.Prepare(&ask)
			require.Equal(t, tt.want, ask.Header)
		})
	}
}

//rule:later 2
func TestQuestionsReadTheir303(t *testing.T) {
	b, err := location.Protocol{}.Bind(nil)
	require.NoError(t, err)
	ask, err := b.Next([]byte(`{"monitor":"https://h/m"}`))
	require.NoError(t, err)
	require.True(t, ask.SeeOther, "the monitor's 303 names the value")
	ask, err = b.Next([]byte(`{"monitor":"https://h/m","value":"https://h/v"}`))
	require.NoError(t, err)
	require.False(t, ask.SeeOther, "the value's redirects are followed")
}
