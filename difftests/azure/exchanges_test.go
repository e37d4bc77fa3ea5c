package azure_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// malformed is no URL.
const malformed = "http://[::1"

const resourcePath = "/r/1?api-version=7"

// exchange is one operation: what the service answers, and how the client was told to
// read it.
type exchange struct {
	name            string
	method          string
	start           reply
	polls           []reply // of the monitor
	value           reply   // of every URL that may have the value
	via, resultPath string
	grace           float64 // seconds in which a 404 is "not there yet", for us
}

// kind is what the start's headers lead to.
func (x exchange) kind() string {
	for _, k := range []struct{ header, kind string }{
		{"Azure-AsyncOperation", "async"}, {"Operation-Location", "op"}, {"Location", "location"},
	} {
		if x.start.header[k.header] != "" {
			return k.kind
		}
	}
	if x.method == "PUT" || x.method == "PATCH" {
		return "own"
	}
	return "none"
}

// Where the headers lead: the status monitor, where it may move to, a Location, and
// another place for the value.
const monitorPath, movedPath, locationPath, otherPath = "/m", "/new", "/l", "/x"

// script is what the service answers: the monitor's answers, wherever it is asked; at
// the other URLs the value.
func (x exchange) script() script {
	own, loc := []reply{x.value}, []reply{x.value}
	switch x.kind() {
	case "own":
		own = x.polls
	case "location":
		loc = x.polls
	}
	return script{
		x.method + " /r/1": {x.start}, "GET /r/1": own, "GET " + locationPath: loc,
		"GET " + monitorPath: x.polls, "GET " + movedPath: {{200, nil, `{"status":"Succeeded","from":"moved","properties":{"provisioningState":"Succeeded"}}`}}, "GET " + otherPath: {x.value},
	}
}

var (
	methods = []string{"PUT", "PATCH", "POST", "DELETE"}
	vias    = []string{"", "azure-async-operation", "operation-location", "location", "original-uri"}
	headers = []map[string]string{
		nil,
		{"Azure-AsyncOperation": "$" + monitorPath},
		{"Azure-AsyncOperation": "$" + monitorPath, "Location": "$" + locationPath},
		{"Operation-Location": "$" + monitorPath},
		{"Operation-Location": "$" + monitorPath, "Location": "$" + locationPath},
		{"Location": "$" + locationPath},
		{"Azure-AsyncOperation": "$" + monitorPath, "Operation-Location": "$" + otherPath, "Location": "$" + locationPath},
		{"Azure-AsyncOperation": ".." + monitorPath},
		{"Operation-Location": "$" + monitorPath, "Location": ".." + locationPath},
		{"Operation-Location": "$" + monitorPath, "Location": malformed},
	}
	// bodies of starts; a 204 has the first.
	startBodies = []string{
		``, `{"a":1}`, ps("Creating"), ps("Succeeded"), ps("Failed"), ps("canceled"), `{"status":"Succeeded"}`, `{"status":"NotStarted"}`, `<html>`, `[1]`,
	}
	values = []reply{
		{200, nil, `{"v":12345678901234567890}`},
		{200, nil, `{"v":12345678901234567890}`},
		{200, nil, ps("Succeeded")},
		{201, nil, `{"v":1}`},
		{202, nil, `{"v":2}`},
		{204, nil, ``},
		{200, nil, ``},
		{200, nil, `text`},
		{404, nil, `{"error":{"code":"NotFound"}}`},
		{403, nil, `{"error":{"code":"Forbidden"}}`},
	}
)

func ps(word string) string {
	return `{"id":"/r/1","properties":{"provisioningState":"` + word + `"}}`
}

// Both a status and a provisioningState, so that the same answer means the same to each
// kind of monitor.
func both(word, more string) string {
	return `{"status":"` + word + `","properties":{"provisioningState":"` + word + `"}` + more + `}`
}

var (
	stillRunning = []reply{
		{200, nil, both("Running", "")},
		{202, nil, both("InProgress", `,"percentComplete":40`)},
		{200, nil, both("whatever", "")},
		{202, map[string]string{"Location": "$" + movedPath}, both("Running", "")},
		{202, map[string]string{"Azure-AsyncOperation": "$" + movedPath}, both("Running", "")},
		{202, map[string]string{"Operation-Location": "$" + movedPath}, both("Running", "")},
		{202, nil, ``},
	}
	faults = []reply{
		{429, map[string]string{"Retry-After-Ms": "1"}, ``},
		{500, map[string]string{"Retry-After-Ms": "1"}, `oops`},
		{503, map[string]string{"Retry-After-Ms": "1"}, both("Failed", "")},
		{408, map[string]string{"Retry-After-Ms": "1"}, ``},
	}
	lastPolls = []reply{
		{200, nil, both("Succeeded", "")},
		{200, nil, both("succeeded", `,"result":{"n":12345678901234567890}`)},
		{200, nil, both("Completed", "")},
		{202, nil, both("SUCCEEDED", "")},
		{200, nil, both("Succeeded", `,"resourceLocation":"$`+otherPath+`"`)},
		{200, nil, both("Succeeded", `,"resourceLocation":".`+otherPath+`"`)},
		{200, nil, both("Succeeded", `,"resourceLocation":null`)},
		{200, nil, both("Succeeded", `,"resourceLocation":7`)},
		{200, map[string]string{"Location": "$" + otherPath}, both("Succeeded", "")},
		{200, nil, both("Failed", `,"error":{"code":"Quota"}`)},
		{200, nil, both("Canceled", "")},
		{200, nil, both("cancelled", "")},
		{200, nil, `{"v":3}`},
		{200, nil, `[3]`},
		{200, nil, `<html>`},
		{200, nil, ``},
		{201, nil, `{"v":4}`},
		{204, nil, ``},
		{400, nil, `{"error":{"code":"Bad"}}`},
		{403, nil, ``},
		{404, nil, `{"error":{"code":"NotFound"}}`},
		{409, nil, both("Running", "")},
		{409, nil, both("Canceled", "")},
		{501, nil, `<Error><Code>X</Code></Error>`},
	}
)

// generate gives exchanges: every start there is, each with a course of its own; and
// every way to the value. The same ones each time.
func generate() []exchange {
	random := rand.New(rand.NewPCG(1, 2))
	var out []exchange
	for _, method := range methods {
		for _, status := range []int{200, 201, 202, 204} {
			for _, header := range headers {
				bodies := startBodies
				if status == 204 {
					bodies = bodies[:1]
				}
				for _, body := range bodies {
					out = append(out, course(random, exchange{method: method, start: reply{status, header, body}}))
				}
			}
		}
		for _, status := range []int{400, 409} {
			out = append(out, course(random, exchange{method: method, start: reply{status, headers[1], ``}}))
		}
	}
	out = append(out, waysToTheValue(random)...)
	out = append(out, faultsInARow(random)...)
	for i := range out {
		x := &out[i]
		x.name = fmt.Sprintf("%04d %s %d %s", i, x.method, x.start.status, x.kind())
	}
	return out
}

// course adds what happens after the start.
func course(random *rand.Rand, x exchange) exchange {
	for range random.IntN(3) {
		x.polls = append(x.polls, pick(random, stillRunning))
	}
	if random.IntN(3) == 0 {
		x.polls = append(x.polls, pick(random, faults))
	}
	if random.IntN(8) == 0 {
		x.polls = append(x.polls, reply{404, nil, `{"error":{"code":"NotFound"}}`})
	}
	// A poll that was to be the last, and to some kind of monitor is not.
	x.polls = append(x.polls, pick(random, lastPolls), lastPolls[0])
	return ways(random, x)
}

// ways adds how the client is told to read the value, and what it is.
func ways(random *rand.Rand, x exchange) exchange {
	x.value = pick(random, values)
	x.via = pick(random, vias)
	x.resultPath = pick(random, []string{"", "", "", "result", "nothing"})
	x.grace = float64(30 * random.IntN(2))
	if x.value.status == 404 || x.polls[len(x.polls)-2].status == 404 {
		x.grace = 0 // it is never there
	}
	return x
}

func waysToTheValue(random *rand.Rand) []exchange {
	var out []exchange
	for _, method := range methods {
		for _, header := range headers[1:7] {
			for _, via := range vias {
				for _, last := range lastPolls[:9] {
					x := ways(random, exchange{method: method, start: reply{202, header, ``}, polls: []reply{stillRunning[0], last}})
					x.via = via
					out = append(out, x)
				}
			}
		}
	}
	return out
}

// faultsInARow are more than azcore asks again after, and connections that break.
func faultsInARow(random *rand.Rand) []exchange {
	var out []exchange
	for _, header := range headers[:6] {
		for _, fault := range []reply{faults[0], faults[2]} {
			polls := []reply{fault, fault, fault, fault, fault, fault, lastPolls[0]}
			out = append(out, ways(random, exchange{method: "PUT", start: reply{201, header, ``}, polls: polls}))
		}
		out = append(out, ways(random, exchange{method: "PUT", start: reply{201, header, ``}, polls: []reply{{status: dropped}, lastPolls[0]}}))
	}
	for i := range out {
		out[i].value = values[0]
	}
	return out
}

func pick[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }

// String tells an exchange in full.
func (x exchange) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s via %q resultPath %q grace %v\n  start %v\n", x.name, x.via, x.resultPath, x.grace, x.start)
	for _, p := range x.polls {
		fmt.Fprintf(&out, "  poll  %v\n", p)
	}
	fmt.Fprintf(&out, "  value %v", x.value)
	return out.String()
}
