package azure_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// 204 to the start: succeeded, without a value.
//
//rule:azure 1 ARM; azcore
func TestRule1NoContentIsASuccessWithoutValue(t *testing.T) {
	for _, method := range []string{"PUT", "PATCH", "POST", "DELETE"} {
		for name, header := range map[string]map[string]string{
			"no header": nil, "Azure-AsyncOperation": async("/m"), "Operation-Location": opLoc("/m"), "Location": located("/m"),
		} {
			t.Run(method+" "+name, func(t *testing.T) {
				c := play(t, "", method, reply{status: 204, header: header})
				require.Equal(t, protocol.Succeeded, c.step.Outcome)
				require.True(t, c.step.Ended())
				require.False(t, c.step.HasValue)
			})
		}
	}
}

// A 200 or 201 to the start with a terminal `properties.provisioningState` is the end,
// and its body the value: nothing is asked, and headers do not matter. The body of a
// 202 ends nothing, nor does another property. Beside a polling header the body need
// not be JSON.
//
//rule:azure 2 ARM; -
func TestRule2TheStartsBodyMayEndIt(t *testing.T) {
	ended := map[string]protocol.Outcome{"Succeeded": protocol.Succeeded, "Failed": protocol.Failed, "Canceled": protocol.Canceled}
	headers := map[string]map[string]string{
		"no header": nil, "Azure-AsyncOperation": async("/m"), "Operation-Location": opLoc("/m"), "Location": located("/m"), "malformed headers": and(async("::"), located("::")),
	}
	for name, header := range headers {
		for word, want := range ended {
			for _, status := range []int{200, 201} {
				c := play(t, "", "PUT", reply{status, header, provisioning(word)})
				require.Empty(t, c.end, "%s %d %s", name, status, word)
				require.True(t, c.step.Ended(), "%s %d %s: no poll, no final GET", name, status, word)
				require.Equal(t, want, c.step.Outcome)
				require.Equal(t, word, c.step.ServiceStatus)
				require.JSONEq(t, provisioning(word), c.value())
			}
		}
	}
	t.Run("the body of a 202 does not", func(t *testing.T) {
		for _, header := range []map[string]string{async("/m"), opLoc("/m"), located("/m"), nil} {
			c := play(t, "", "PUT", reply{202, header, provisioning("Succeeded")})
			require.Equal(t, protocol.Running, c.step.Outcome)
		}
	})
	t.Run("no other property does", func(t *testing.T) {
		for _, body := range []string{succeeded, `{"provisioningState":"Succeeded"}`, `{"properties":{"status":"Succeeded"}}`, `{"properties":{"ProvisioningState":"Succeeded"}}`} {
			c := play(t, "", "PUT", reply{201, opLoc("/m"), body})
			require.Equal(t, protocol.Running, c.step.Outcome, body)
		}
	})
	t.Run("a body that is no JSON, beside a polling header", func(t *testing.T) {
		for _, header := range []map[string]string{async("/m"), opLoc("/m"), located("/m")} {
			for _, status := range []int{200, 201, 202} {
				c := play(t, "", "POST", reply{status, header, "<html>"})
				require.Empty(t, c.end)
				require.Equal(t, protocol.Running, c.step.Outcome)
			}
		}
	})
}

// The monitor is the first of `Azure-AsyncOperation`, `Operation-Location` and
// `Location`; else, for PUT and PATCH, the request's own URL. It may be relative. What
// Location says beside a status URL is looked at only when rule 10 needs it.
//
//rule:azure 3 ARM; - for relative ones
func TestRule3WhereToAsk(t *testing.T) {
	all := and(async("/a"), opLoc("/o"), located("/l"))
	for _, tt := range []struct {
		name, method string
		header       map[string]string
		want         string
	}{
		{"Azure-AsyncOperation first", "POST", all, "GET /a"},
		{"then Operation-Location", "POST", and(opLoc("/o"), located("/l")), "GET /o"},
		{"then Location", "POST", located("/l"), "GET /l"},
		{"PUT: the own URL", "PUT", nil, "GET /r/1?api-version=7"},
		{"PATCH: the own URL", "PATCH", nil, "GET /r/1?api-version=7"},
		{"relative to the request", "PUT", async("../ops/7?x=%2f"), "GET /ops/7?x=%2f"},
		{"another host", "PUT", async("https://other.test/ops"), "GET https://other.test/ops"},
		{"a Location that is malformed beside a status header", "POST", and(async("/a"), located("http://[::1")), "GET /a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := play(t, "", tt.method, reply{202, tt.header, ""}, reply{status: 404})
			require.Equal(t, []string{tt.want}, c.asks)
		})
	}
	t.Run("malformed", func(t *testing.T) {
		for _, header := range []map[string]string{async("::"), opLoc("ftp://h/x"), located("http://[::1")} {
			require.Equal(t, "violation", play(t, "", "POST", reply{202, header, ""}).end)
		}
	})
	t.Run("the malformed Location, when the value is there", func(t *testing.T) {
		c := play(t, "", "POST", reply{202, and(async("/a"), located("http://[::1")), ""}, reply{200, nil, running}, reply{200, nil, succeeded})
		require.Equal(t, "violation", c.end)
		c = play(t, "", "PUT", reply{202, and(async("/a"), located("http://[::1")), ""}, reply{200, nil, succeeded}, reply{200, nil, `{}`})
		require.Equal(t, protocol.Succeeded, c.step.Outcome)
	})
}

// No header: a PUT or PATCH answered with 200 and no provisioningState has succeeded,
// with 201 or 202 it runs; a body that is not JSON breaks the protocol, but for a 202.
// POST and DELETE: 202 breaks the protocol, any other 2xx has succeeded, its body the
// value.
//
//rule:azure 4 ARM; azcore
func TestRule4NoPollingHeader(t *testing.T) {
	for _, tt := range []struct {
		name, method string
		status       int
		body         string
		want         protocol.Outcome
		value, end   string
	}{
		{"PUT 200 without the property", "PUT", 200, `{"properties":{}}`, protocol.Succeeded, `{"properties":{}}`, ""},
		{"PATCH 200 without a body", "PATCH", 200, ``, protocol.Succeeded, ``, ""},
		{"PUT 200 with it", "PUT", 200, provisioning("Creating"), protocol.Running, "", ""},
		{"PUT 201 without it", "PUT", 201, `{"a":1}`, protocol.Running, "", ""},
		{"PATCH 201 without a body", "PATCH", 201, ``, protocol.Running, "", ""},
		{"PUT 202", "PUT", 202, `<a>`, protocol.Running, "", ""},
		{"PUT 200, no JSON", "PUT", 200, `<a>`, 0, "", "violation"},
		{"POST 202", "POST", 202, `{}`, 0, "", "violation"},
		{"DELETE 202", "DELETE", 202, ``, 0, "", "violation"},
		{"POST 200", "POST", 200, `{"a":1}`, protocol.Succeeded, `{"a":1}`, ""},
		{"POST 200 with a property that is not terminal", "POST", 200, provisioning("Creating"), protocol.Succeeded, provisioning("Creating"), ""},
		{"POST 201", "POST", 201, `text`, protocol.Succeeded, `text`, ""},
		{"DELETE 200", "DELETE", 200, ``, protocol.Succeeded, ``, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := play(t, "", tt.method, reply{tt.status, nil, tt.body})
			require.Equal(t, tt.end, c.end)
			require.Equal(t, tt.want, c.step.Outcome)
			require.Equal(t, tt.value, c.value())
		})
	}
	t.Run("a redirect", func(t *testing.T) {
		require.Equal(t, "violation", play(t, "", "PUT", reply{307, located("/l"), ""}).end)
	})
}

// Succeeded and Completed mean that it succeeded, Failed that it failed, Canceled and
// Cancelled that it was canceled; every other word runs.
//
//rule:azure 5 AG; ARM; azcore for Completed and Cancelled
func TestRule5TerminalWords(t *testing.T) {
	for word, want := range map[string]protocol.Outcome{
		"Succeeded": protocol.Succeeded, "succeeded": protocol.Succeeded, "COMPLETED": protocol.Succeeded, "Completed": protocol.Succeeded,
		"Failed": protocol.Failed, "fAiLeD": protocol.Failed,
		"Canceled": protocol.Canceled, "cancelled": protocol.Canceled, "CANCELLED": protocol.Canceled,
		"Running": protocol.Running, "InProgress": protocol.Running, "Accepted": protocol.Running, "done": protocol.Running, "success": protocol.Running, "expired": protocol.Running, "Succeeded ": protocol.Running,
	} {
		t.Run(word, func(t *testing.T) {
			for name, answers := range map[string][]reply{
				"status URL": {{202, async("/m"), ""}, {200, nil, `{"status":"` + word + `"}`}},
				"Location":   {{202, located("/m"), ""}, {200, nil, provisioning(word)}},
			} {
				c := play(t, "", "POST", answers...)
				require.Equal(t, want, c.step.Outcome, name)
				require.Equal(t, word, c.step.ServiceStatus, name)
			}
		})
	}
}

// Of a status URL's answer only the top-level `status` decides, with 200 as with 202.
// Without it, or where the body is no JSON object, the protocol is broken.
//
//rule:azure 6 AG; ARM
func TestRule6OnlyTheStatusOfAStatusURLDecides(t *testing.T) {
	for name, header := range map[string]map[string]string{"Azure-AsyncOperation": async("/m"), "Operation-Location": opLoc("/m")} {
		t.Run(name, func(t *testing.T) {
			start := reply{202, header, ""}
			for _, status := range []int{200, 202} {
				c := play(t, "", "POST", start, reply{status, nil, running}, reply{status, nil, `{"id":"op7","status":"Succeeded","properties":{"provisioningState":"Failed"}}`})
				require.Equal(t, protocol.Succeeded, c.step.Outcome)
				require.Equal(t, []string{"GET /m", "GET /m"}, c.asks)
				require.Equal(t, "op7", c.step.RemoteID)
			}
			for _, body := range []string{``, ` `, `<a>`, `[]`, `null`, `{}`, `{"status":""}`, `{"status":7}`, `{"Status":"Succeeded"}`, provisioning("Succeeded")} {
				require.Equal(t, "violation", play(t, "", "POST", start, reply{200, nil, body}).end, body)
			}
			require.Equal(t, "violation", play(t, "", "POST", start, reply{status: 204}).end)
			for body, want := range map[string]*float64{
				`40`: new(40.0), `0`: new(0.0), `100`: new(100.0), `99.5`: new(99.5), `-1`: nil, `101`: nil, `"40"`: nil, `null`: nil,
			} {
				c := play(t, "", "POST", start, reply{200, nil, `{"status":"Running","percentComplete":` + body + `,"properties":{"a":1}}`})
				require.Equal(t, want, c.step.Percent, body)
				require.JSONEq(t, `{"a":1}`, string(c.step.Progress))
				begun := play(t, "", "POST", reply{202, header, `{"status":"Running","percentComplete":` + body + `}`})
				require.Equal(t, want, begun.step.Percent, body)
			}
		})
	}
}

// Of a Location's answer `properties.provisioningState` decides; without one 202 runs,
// and any other 2xx has succeeded. The body is the value.
//
//rule:azure 7 ARM; azcore
func TestRule7Location(t *testing.T) {
	start := reply{202, located("/m"), ""}
	for _, tt := range []struct {
		name   string
		answer reply
		want   protocol.Outcome
		value  string
	}{
		{"202", reply{202, nil, ``}, protocol.Running, ``},
		{"202 with a status", reply{202, nil, succeeded}, protocol.Running, ``},
		{"202 with a provisioningState", reply{202, nil, provisioning("Succeeded")}, protocol.Succeeded, provisioning("Succeeded")},
		{"200", reply{200, nil, `{"a":1}`}, protocol.Succeeded, `{"a":1}`},
		{"200 with a status", reply{200, nil, running}, protocol.Succeeded, running},
		{"200 with a provisioningState", reply{200, nil, provisioning("Updating")}, protocol.Running, ``},
		{"200 that failed", reply{200, nil, provisioning("Failed")}, protocol.Failed, provisioning("Failed")},
		{"201", reply{201, nil, `text`}, protocol.Succeeded, `text`},
		{"204", reply{204, nil, ``}, protocol.Succeeded, ``},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := play(t, "", "POST", start, tt.answer)
			require.Equal(t, tt.want, c.step.Outcome)
			require.Equal(t, tt.value, c.value())
			require.False(t, c.step.Fetch)
		})
	}
}

// Of the own URL's answer `properties.provisioningState` decides; without one, or with
// 204, it has succeeded. Another answer without a body, or one that is not JSON,
// breaks the protocol.
//
//rule:azure 8 ARM; azcore; - for no JSON
func TestRule8TheResourceItself(t *testing.T) {
	start := reply{201, nil, provisioning("Creating")}
	for _, tt := range []struct {
		name       string
		answer     reply
		want       protocol.Outcome
		value, end string
	}{
		{"running", reply{200, nil, provisioning("Creating")}, protocol.Running, ``, ``},
		{"succeeded", reply{200, nil, provisioning("Succeeded")}, protocol.Succeeded, provisioning("Succeeded"), ``},
		{"202 that succeeded", reply{202, nil, provisioning("Succeeded")}, protocol.Succeeded, provisioning("Succeeded"), ``},
		{"failed", reply{200, nil, provisioning("Failed")}, protocol.Failed, provisioning("Failed"), ``},
		{"absent", reply{200, nil, `{"properties":{}}`}, protocol.Succeeded, `{"properties":{}}`, ``},
		{"an array", reply{200, nil, `[]`}, protocol.Succeeded, `[]`, ``},
		{"204", reply{204, nil, ``}, protocol.Succeeded, ``, ``},
		{"200 without a body", reply{200, nil, ``}, 0, ``, `violation`},
		{"202 without a body", reply{202, nil, " \n"}, 0, ``, `violation`},
		{"no JSON", reply{200, nil, `<html>`}, 0, ``, `violation`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := play(t, "", "PUT", start, tt.answer)
			require.Equal(t, []string{"GET /r/1?api-version=7"}, c.asks)
			require.Equal(t, tt.end, c.end)
			if tt.end == "" {
				require.Equal(t, tt.want, c.step.Outcome)
				require.Equal(t, tt.value, c.value())
			}
		})
	}
}

// An answer that says "running" may name another monitor from now on: a Location's by
// Location, a status URL's by either of its two headers. A Location in a status URL's
// answer is for the value only.
//
//rule:azure 9 AG; ARM; - for status URLs
func TestRule9APollMayNameANewURL(t *testing.T) {
	last := reply{404, nil, ""}
	for _, tt := range []struct {
		name         string
		start, moves map[string]string
		want         string // the second question
	}{
		{"Location", located("/ops/m"), located("n?x=1"), "GET /ops/n?x=1"},
		{"Azure-AsyncOperation", async("/ops/m"), async("n"), "GET /ops/n"},
		{"Operation-Location", opLoc("/ops/m"), opLoc("n"), "GET /ops/n"},
		{"the other status header", async("/m"), opLoc("/n"), "GET /n"},
		{"the other status header, the other way", opLoc("/m"), async("/n"), "GET /n"},
		{"both status headers: by the same", opLoc("/m"), and(async("/a"), opLoc("/o")), "GET /o"},
		{"a Location from a status URL", async("/m"), located("/l"), "GET /m"},
		{"a status header from a Location", located("/m"), async("/a"), "GET /m"},
		{"none", async("/m"), nil, "GET /m"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := running
			if tt.start["Location"] != "" {
				body = provisioning("Updating")
			}
			c := play(t, "", "POST", reply{202, tt.start, ""}, reply{202, tt.moves, body}, last)
			require.Equal(t, tt.want, c.asks[1])
		})
	}
	t.Run("it stays where it went", func(t *testing.T) {
		c := play(t, "", "POST", reply{202, located("/1"), ""}, reply{202, located("/2"), ""}, reply{202, nil, ""}, last)
		require.Equal(t, []string{"GET /1", "GET /2", "GET /2"}, c.asks)
	})
	t.Run("a Location from a status URL is for the value", func(t *testing.T) {
		c := play(t, "", "POST", reply{202, and(async("/m"), located("/old")), ""}, reply{200, located("/new"), running}, reply{200, nil, succeeded}, reply{200, nil, `{"v":1}`})
		require.Equal(t, []string{"GET /m", "GET /m", "GET /new"}, c.asks)
		c = play(t, "", "POST", reply{202, async("/m"), ""}, reply{200, located("/new"), succeeded}, reply{200, nil, `{"v":1}`})
		require.Equal(t, []string{"GET /m", "GET /new"}, c.asks)
	})
	t.Run("malformed", func(t *testing.T) {
		require.Equal(t, "violation", play(t, "", "POST", reply{202, located("/1"), ""}, reply{202, located("::"), ""}).end)
		require.Equal(t, "violation", play(t, "", "POST", reply{202, async("/1"), ""}, reply{202, async("::"), running}).end)
	})
}

// After a status URL has said that it succeeded, the value is in the first of these
// that applies; otherwise it is the last answer.
//
//rule:azure 10 AG; ARM; azcore
func TestRule10WhereTheValueIs(t *testing.T) {
	const own, atEnd = "GET /r/1?api-version=7", `{"status":"Succeeded","result":{"n":12345678901234567890}}`
	at := func(url string) string { return `{"status":"Succeeded","resourceLocation":"` + url + `"}` }
	for _, tt := range []struct {
		name, options, method string
		header                map[string]string
		last                  string
		get, value            string // "": none
	}{
		// PUT and PATCH: GET the request's own URL, whatever `finalStateVia` says.
		//
		//rule:azure 10c AG; ARM
		{"PUT", ``, "PUT", async("/m"), atEnd, own, `{"v":1}`},
		{"PATCH", ``, "PATCH", async("/m"), atEnd, own, `{"v":1}`},
		{"PUT with a Location", ``, "PUT", and(async("/m"), located("/l")), atEnd, own, `{"v":1}`},
		{"PUT, via azure-async-operation", `{"finalStateVia":"azure-async-operation"}`, "PUT", and(async("/m"), located("/l")), atEnd, own, `{"v":1}`},
		{"PUT, via location", `{"finalStateVia":"location"}`, "PUT", and(async("/m"), located("/l")), atEnd, own, `{"v":1}`},
		{"PUT, a resourceLocation that Azure-AsyncOperation does not have", ``, "PUT", async("/m"), at("/x"), own, `{"v":1}`},
		// DELETE: none; with `resultPath`, what that finds in the status body.
		//
		//rule:azure 10d -
		{"DELETE", ``, "DELETE", and(async("/m"), located("/l")), atEnd, "", ``},
		{"DELETE, Operation-Location", ``, "DELETE", and(opLoc("/m"), located("/l")), atEnd, "", ``},
		{"DELETE, via original-uri", `{"finalStateVia":"original-uri"}`, "DELETE", async("/m"), atEnd, "", ``},
		// POST otherwise: GET the Location, if there is one; else the status body, or
		// its `resultPath`.
		//
		//rule:azure 10g azcore
		{"POST", ``, "POST", async("/m"), atEnd, "", atEnd},
		{"POST with a Location", ``, "POST", and(async("/m"), located("/l")), atEnd, "GET /l", `{"v":1}`},
		// POST with `finalStateVia` `azure-async-operation` or `operation-location`:
		// the status body, or its `resultPath`.
		//
		//rule:azure 10e AG; - beside a Location
		{"POST, via azure-async-operation", `{"finalStateVia":"azure-async-operation"}`, "POST", and(async("/m"), located("/l")), atEnd, "", atEnd},
		{"POST, via operation-location", `{"finalStateVia":"operation-location"}`, "POST", and(async("/m"), located("/l")), atEnd, "", atEnd},
		// POST with `original-uri`: GET the request's own URL.
		//
		//rule:azure 10f AG; azcore
		{"POST, via original-uri", `{"finalStateVia":"original-uri"}`, "POST", and(async("/m"), located("/l")), atEnd, own, `{"v":1}`},
		{"POST, via location", `{"finalStateVia":"location"}`, "POST", and(async("/m"), located("/l")), atEnd, "GET /l", `{"v":1}`},
		{"POST, via location, none given", `{"finalStateVia":"location"}`, "POST", async("/m"), atEnd, "", atEnd},
		{"Operation-Location: PUT", ``, "PUT", opLoc("/m"), atEnd, own, `{"v":1}`},
		// `Operation-Location` only: GET the Location, if there is one and
		// `finalStateVia` is `location`.
		//
		//rule:azure 10a azcore
		{"Operation-Location: PUT, via location", `{"finalStateVia":"location"}`, "PUT", and(opLoc("/m"), located("/l")), at("/x"), "GET /l", `{"v":1}`},
		{"Operation-Location: PUT, via location, none given", `{"finalStateVia":"location"}`, "PUT", opLoc("/m"), at("/x"), "GET /x", `{"v":1}`},
		// `Operation-Location` only: GET the body's `resourceLocation`.
		//
		//rule:azure 10b AG
		{"Operation-Location: resourceLocation", ``, "PUT", and(opLoc("/m"), located("/l")), at("/x?a=b"), "GET /x?a=b", `{"v":1}`},
		{"Operation-Location: resourceLocation of a DELETE", ``, "DELETE", opLoc("/m"), at("/x"), "GET /x", `{"v":1}`},
		{"Operation-Location: resourceLocation null", ``, "POST", opLoc("/m"), `{"status":"Succeeded","resourceLocation":null}`, "", `{"status":"Succeeded","resourceLocation":null}`},
		{"Operation-Location: POST with a Location", ``, "POST", and(opLoc("/m"), located("/l")), atEnd, "GET /l", `{"v":1}`},
		{"Operation-Location: POST, via operation-location", `{"finalStateVia":"operation-location"}`, "POST", and(opLoc("/m"), located("/l")), atEnd, "", atEnd},
		{"Operation-Location: POST, via original-uri", `{"finalStateVia":"original-uri"}`, "POST", and(opLoc("/m"), located("/l")), atEnd, own, `{"v":1}`},
		{"resultPath", `{"resultPath":"result"}`, "POST", opLoc("/m"), atEnd, "", `{"n":12345678901234567890}`},
		{"resultPath of Azure-AsyncOperation", `{"resultPath":"result.n"}`, "POST", async("/m"), atEnd, "", `12345678901234567890`},
		{"resultPath to nothing", `{"resultPath":"result.x"}`, "POST", async("/m"), atEnd, "", ``},
		{"resultPath to null", `{"resultPath":"result"}`, "POST", async("/m"), `{"status":"Succeeded","result":null}`, "", ``},
		{"resultPath that is not for this body", `{"resultPath":"length(status)"}`, "POST", async("/m"), `{"status":"Succeeded"}`, "", `9`},
		{"resultPath that compares", `{"resultPath":"a[?n==` + "`7`" + `].v | [0]"}`, "POST", async("/m"), `{"status":"Succeeded","a":[{"n":6,"v":1},{"n":7,"v":"<&>"}]}`, "", `"<&>"`},
		{"resultPath and a final GET", `{"resultPath":"result"}`, "PUT", opLoc("/m"), atEnd, own, `{"v":1}`},
		{"resultPath of a DELETE", `{"resultPath":"result"}`, "DELETE", opLoc("/m"), atEnd, "", `{"n":12345678901234567890}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answers := []reply{{202, tt.header, ""}, {200, nil, tt.last}}
			want := []string{"GET /m"}
			if tt.get != "" {
				answers, want = append(answers, reply{200, nil, `{"v":1}`}), append(want, tt.get)
			}
			c := play(t, tt.options, tt.method, answers...)
			require.Empty(t, c.end)
			require.Equal(t, want, c.asks)
			require.Equal(t, protocol.Succeeded, c.step.Outcome)
			require.Equal(t, tt.value, c.value())
			require.Equal(t, tt.value != "", c.step.HasValue)
		})
	}
	t.Run("a resourceLocation that is not a string", func(t *testing.T) {
		require.Equal(t, "violation", play(t, "", "PUT", reply{202, opLoc("/m"), ""}, reply{200, nil, `{"status":"Succeeded","resourceLocation":7}`}).end)
		require.Equal(t, "violation", play(t, "", "PUT", reply{202, opLoc("/m"), ""}, reply{200, nil, at("ftp://h/x")}).end)
	})
	t.Run("none after a failure", func(t *testing.T) {
		c := play(t, "", "PUT", reply{202, async("/m"), ""}, reply{200, nil, `{"status":"Failed","error":{"code":"Q"}}`})
		require.Equal(t, protocol.Failed, c.step.Outcome)
	})
	t.Run("the value is refused", func(t *testing.T) {
		c := play(t, "", "POST", reply{202, and(async("/m"), located("/l")), ""}, reply{200, nil, succeeded}, reply{403, nil, ""})
		require.Equal(t, "refused", c.end)
	})
}

// An error from a status URL, the own URL, or where the value is, is a refused
// question whatever its body says. One from a Location, but for 401, 403 and 404, is
// the operation's own answer: it failed, unless a provisioningState in it runs or is
// canceled.
//
//rule:azure 11 azcore; - for 401 and 403
//rule:later 4
func TestRule11Refusals(t *testing.T) {
	for _, status := range []int{400, 401, 403, 409, 410, 412, 418, 501} {
		for name, start := range map[string]reply{
			"status URL": {202, async("/m"), ""}, "Operation-Location": {202, opLoc("/m"), ""}, "own URL": {201, nil, ""},
		} {
			c := play(t, "", "PUT", start, reply{status, nil, `{"status":"Failed","properties":{"provisioningState":"Failed"},"error":{"code":"Q"}}`})
			require.Equal(t, "refused", c.end, "%s %d", name, status)
		}
	}
	for _, status := range []int{400, 409, 410, 412, 418, 501} {
		c := play(t, "", "PUT", reply{202, located("/m"), ""}, reply{status, nil, `{"error":{"code":"Q","message":"no more"}}`})
		require.Empty(t, c.end)
		require.Equal(t, protocol.Failed, c.step.Outcome)
		require.Equal(t, "Q", c.step.Error.Code)
		require.Equal(t, "no more", c.step.Error.Message)
		require.Equal(t, status, c.step.Error.HTTPStatus)
	}
	location := reply{202, located("/m"), ""}
	require.Equal(t, "refused", play(t, "", "DELETE", location, reply{404, nil, `{"error":{"code":"NotFound"}}`}).end)
	require.Equal(t, protocol.Running, play(t, "", "DELETE", location, reply{409, nil, provisioning("Deleting")}).step.Outcome)
	require.Equal(t, protocol.Canceled, play(t, "", "DELETE", location, reply{409, nil, provisioning("Canceled")}).step.Outcome)
	require.Equal(t, protocol.Failed, play(t, "", "DELETE", location, reply{409, nil, provisioning("Succeeded")}).step.Outcome)
}

// Cancel is POST to `cancelURL`. Without the option there is none, because nothing
// says that a service has one.
//
//rule:azure 13 AG; ARM
func TestRule13Cancel(t *testing.T) {
	for _, tt := range []struct {
		name, options, monitor string
		want                   string // "": unsupported
	}{
		{"by default there is none", ``, "/ops/7", ""},
		{"a verb", `{"cancelURL":"{operation}:cancel"}`, "/ops/7", "https://h.test/ops/7:cancel"},
		{"a segment", `{"cancelURL":"{operation}/cancel"}`, "/ops/7", "https://h.test/ops/7/cancel"},
		{"before the query", `{"cancelURL":"{operation}:cancel"}`, "/ops/7?api-version=1&sig=%2f", "https://h.test/ops/7:cancel?api-version=1&sig=%2f"},
		{"with a query of its own", `{"cancelURL":"{operation}/cancel?force=true"}`, "/ops/7?a=b", "https://h.test/ops/7/cancel?a=b&force=true"},
		{"a slash at the end", `{"cancelURL":"{operation}/cancel"}`, "/ops/7/", "https://h.test/ops/7/cancel"},
		{"no path", `{"cancelURL":"{operation}:80"}`, "https://h.test", "https://h.test/:80"},
		{"the version", `{"cancelURL":"{operation}:cancel","apiVersion":"2"}`, "/ops/7", "https://h.test/ops/7:cancel?api-version=2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, header := range []map[string]string{async(tt.monitor), opLoc(tt.monitor), located(tt.monitor)} {
				step := play(t, tt.options, "POST", reply{202, header, ""}).step
				ask, supported, err := bind(t, tt.options).Cancel(step.State)
				require.NoError(t, err)
				require.Equal(t, tt.want != "", supported)
				require.Equal(t, tt.want, ask.URL)
				if supported {
					require.Equal(t, http.MethodPost, ask.Method)
					require.Equal(t, "cancelURL", ask.Option)
				}
			}
		})
	}
}

// A monitor may be bound to whoever started the operation: another's question is
// refused, ends nothing, and the state holds for the right one.
//
//rule:azure 14 ARM
func TestRule14AnotherPrincipal(t *testing.T) {
	for name, start := range map[string]reply{"status URL": {202, async("/m"), ""}, "Location": {202, located("/m"), ""}, "own URL": {201, nil, ""}} {
		t.Run(name, func(t *testing.T) {
			for _, status := range []int{401, 403, 404} {
				c := play(t, "", "PUT", start, reply{status, nil, `{"error":{"code":"AuthorizationFailed"}}`})
				require.Equal(t, "refused", c.end)
			}
			b := bind(t, "")
			step := play(t, "", "PUT", start).step
			_, end := refused(t, b, step.State, reply{status: 403}.to("GET", resource))
			require.False(t, end)
			c := goOn(t, b, step, nil, []reply{{200, nil, `{"status":"Running","properties":{"provisioningState":"Creating"}}`}})
			require.Equal(t, protocol.Running, c.step.Outcome)
		})
	}
}

// Resume tokens of Azure's SDK for Go are taken over, of all four of its pollers.
//
//rule:azure 15 azcore
func TestRule15ResumeTokens(t *testing.T) {
	for _, tt := range []struct {
		name, options, token string
		answers              []reply
		asks                 []string
		value                string
	}{
		{
			"async", ``, `{"type":"VM","token":{"asyncURL":"https://h.test/m","locURL":"","origURL":"https://h.test/r","method":"PUT","finalState":"","state":"InProgress"}}`,
			[]reply{{200, nil, running}, {200, nil, succeeded}, {200, nil, `{"v":1}`}},
			[]string{"GET /m", "GET /m", "GET /r"},
			`{"v":1}`,
		},
		{
			"async, POST with a Location", ``, `{"type":"*VM","token":{"asyncURL":"https://h.test/m","locURL":"/l","origURL":"https://h.test/r","method":"POST","finalState":"location","state":"InProgress"}}`,
			[]reply{{200, nil, succeeded}, {200, nil, `{"v":1}`}},
			[]string{"GET /m", "GET /l"},
			`{"v":1}`,
		},
		{
			"the token's finalState goes before the option", `{"finalStateVia":"location"}`, `{"type":"VM","token":{"asyncURL":"https://h.test/m","locURL":"/l","origURL":"https://h.test/r","method":"POST","finalState":"azure-async-operation","state":"InProgress"}}`,
			[]reply{{200, nil, succeeded}},
			[]string{"GET /m"},
			succeeded,
		},
		{
			"op", ``, `{"type":"VM","token":{"oplocURL":"https://h.test/m","locURL":"","origURL":"https://h.test/r","method":"POST","finalState":"","resultPath":"my-result","state":"InProgress"}}`,
			[]reply{{200, nil, `{"status":"Succeeded","my-result":{"n":12345678901234567890}}`}},
			[]string{"GET /m"},
			`{"n":12345678901234567890}`,
		},
		{
			"op, resourceLocation", ``, `{"type":"VM","token":{"oplocURL":"https://h.test/m","locURL":"","origURL":"https://h.test/r","method":"PUT","finalState":"","resultPath":"","state":"InProgress"}}`,
			[]reply{{200, nil, `{"status":"Succeeded","resourceLocation":"/x"}`}, {200, nil, `{"v":1}`}},
			[]string{"GET /m", "GET /x"},
			`{"v":1}`,
		},
		{
			"loc", ``, `{"type":"VM","token":{"type":"loc","pollURL":"https://h.test/m","state":"InProgress"}}`,
			[]reply{{202, located("/n"), ""}, {200, nil, `{"v":1}`}},
			[]string{"GET /m", "GET /n"},
			`{"v":1}`,
		},
		{
			"body", `{"apiVersion":"9"}`, `{"type":"VM","token":{"type":"body","pollURL":"https://h.test/r?Api-Version=1","state":"Updating"}}`,
			[]reply{{200, nil, provisioning("Updating")}, {200, nil, provisioning("Succeeded")}},
			[]string{"GET /r?api-version=9", "GET /r?api-version=9"},
			provisioning("Succeeded"),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := bind(t, tt.options)
			step, err := adopt(t, b, perdure.Adoption{Azcore: tt.token})
			require.NoError(t, err)
			require.Equal(t, protocol.Running, step.Outcome)
			ask, err := b.Next(step.State)
			require.NoError(t, err)
			require.Equal(t, protocol.FromAdoption, ask.Option)
			c := goOn(t, b, step, nil, tt.answers)
			require.Equal(t, tt.asks, c.asks)
			require.Equal(t, protocol.Succeeded, c.step.Outcome)
			require.Equal(t, tt.value, c.value())
		})
	}
	t.Run("what the service names is not the adoption's", func(t *testing.T) {
		b := bind(t, "")
		step, err := adopt(t, b, perdure.Adoption{Azcore: `{"type":"VM","token":{"type":"loc","pollURL":"https://h.test/m","state":""}}`})
		require.NoError(t, err)
		step = goOn(t, b, step, nil, []reply{{202, located("/n"), ""}}).step
		ask, err := b.Next(step.State)
		require.NoError(t, err)
		require.Equal(t, protocol.Ask{Method: "GET", URL: "https://h.test/n"}, ask)
	})
	for name, token := range map[string]string{
		"no JSON": `x`, "no object": `[]`, "no token": `{"type":"VM"}`, "token is a string": `{"type":"VM","token":"x"}`, "none of the four": `{"type":"VM","token":{"type":"other","pollURL":"https://h.test/m"}}`,
		"fake": `{"type":"VM","token":{"apiName":"x","fakeURL":"https://h.test/m","status":"x"}}`, "another case": `{"Token":{"type":"loc","pollURL":"https://h.test/m"}}`,
		"relative": `{"token":{"type":"loc","pollURL":"/m"}}`, "malformed": `{"token":{"type":"loc","pollURL":"https://[::1"}}`, "another scheme": `{"token":{"asyncURL":"ftp://h.test/m","method":"POST"}}`,
		"no URL": `{"token":{"type":"body"}}`, "URL is a number": `{"token":{"oplocURL":7}}`, "PUT without origURL": `{"token":{"asyncURL":"https://h.test/m","method":"PUT"}}`,
		"original-uri without origURL": `{"token":{"asyncURL":"https://h.test/m","method":"POST","finalState":"original-uri"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := adopt(t, bind(t, ""), perdure.Adoption{Azcore: token})
			var bad *perdure.InputError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, "adopt.azcore", bad.Field)
			require.NotContains(t, bad.Message, "h.test")
		})
	}
}
