package azure_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/perdure-dev/perdure"
)

// explanation is a way in which we mean to differ from azcore. It proves itself: azcore
// does on a changed exchange what we did on the original, or ended in what can be
// turned into our ending.
type explanation struct {
	why string
	// change makes the exchange one in which the difference does not show; false: it is
	// none in which it does.
	change func(exchange) (exchange, bool)
	// settle turns azcore's ending into ours; nil: it is taken as it is.
	settle func(x exchange, theirs, ours ending) ending
}

// explanations, the rules as docs/protocols.md numbers them; with a star they are not
// those of azcore.
var explanations = []explanation{
	{why: "rule 1: a 204 to the start has ended it, also beside a polling header", change: noContent},
	{why: "rule 2*: a terminal provisioningState in a 200 or 201 ends it at once, whatever the headers and the method", change: endedAtOnce},
	{why: "rule 2*: no other body of a start counts, neither a 202's nor a status beside a header, nor one that is no JSON", change: noStartBody},
	{why: "rule 3*: relative URLs are resolved", change: absoluteHeaders},
	{why: "rule 3*: a Location beside a status header is not looked at before it is needed", change: noLocationBeside, settle: faultyLocation},
	{why: "rule 4: an array has no provisioningState", change: startArray, settle: ourArray},
	{why: "rule 9: a Location in the answer of a status URL is where the value may be", change: laterLocation},
	{why: "rule 9*: a status URL may move", change: statusMoved},
	{why: "rule 10*: a resourceLocation may be relative", change: absoluteResourceLocation},
	{why: "decision: a resourceLocation that is null is none", change: noNullResourceLocation, settle: ourValue},
	{why: "rule 10*: finalStateVia holds for a POST", change: viaForPost},
	{why: "rule 10: resultPath, which azcore has for Operation-Location only", change: always, settle: resultPathOfAsync},
	{why: "rule 10: a DELETE has no value unless resultPath names one", change: always, settle: noValueOfDelete},
	{why: "decision: the value of an operation that failed is not asked for", change: always, settle: noFinalGetAfterFailure},
	{why: "rule 11*: 401 and 403 from a Location are about who asks", change: always, settle: whoAsks},
	{why: "every protocol: what is transient is asked again until it is not", change: fewerFaults},
	{why: "every protocol: a 404 within the grace is not there yet", change: lateThere},
	{why: "contract: a value that is not JSON is a valueBody", change: always, settle: valueBody},
}

const (
	identical   = "same"
	unexplained = "UNEXPLAINED"
)

// explain says why two endings differ: the fewest explanations that together hold.
func explain(t *testing.T, x exchange, ours ending, replay func(exchange) ending) []string {
	t.Helper()
	holds := func(some []explanation) bool {
		changed := x
		for _, e := range some {
			if c, applies := e.change(changed); applies {
				changed = c
			}
		}
		theirs := replay(changed)
		for _, e := range some {
			if e.settle != nil {
				theirs = e.settle(changed, theirs, ours)
			}
		}
		return same(alike(theirs), alike(ours))
	}
	var some []explanation
	for _, e := range explanations {
		if _, applies := e.change(x); applies {
			some = append(some, e)
		}
	}
	if !holds(some) {
		return []string{unexplained}
	}
	for i := range slices.Backward(some) {
		if fewer := slices.Delete(slices.Clone(some), i, i+1); holds(fewer) {
			some = fewer
		}
	}
	var why []string
	for _, e := range some {
		why = append(why, e.why)
	}
	return why
}

// alike leaves out what a changed exchange changes too: the start's method, how
// often a fault was met, and the URL to which a status monitor has moved.
func alike(e ending) ending {
	var requests []string
	for _, r := range e.requests[1:] {
		requests = append(requests, strings.Replace(r, "GET "+movedPath, "GET "+monitorPath, 1))
	}
	e.requests = slices.Compact(requests)
	return e
}

func always(x exchange) (exchange, bool) { return x, true }

func (x exchange) hasStatusURL() bool { return x.kind() == "async" || x.kind() == "op" }

// withHeader is x with another header of its start.
func (x exchange) withHeader(header map[string]string) exchange {
	x.start.header = header
	return x
}

func noContent(x exchange) (exchange, bool) {
	return x.withHeader(nil), x.start.status == http.StatusNoContent && x.start.header != nil
}

func endedAtOnce(x exchange) (exchange, bool) {
	applies := (x.start.status == http.StatusOK || x.start.status == http.StatusCreated) && terminal(x.start.body, "properties")
	x.method = "PUT"
	return x.withHeader(nil), applies
}

func noStartBody(x exchange) (exchange, bool) {
	applies := x.start.body != "" && x.start.status < http.StatusBadRequest &&
		(x.start.header != nil || x.start.status == http.StatusAccepted) &&
		(x.start.status == http.StatusAccepted || !terminal(x.start.body, "properties"))
	x.start.body = ""
	return x, applies
}

func absoluteHeaders(x exchange) (exchange, bool) {
	header, applies := map[string]string{}, false
	for name, value := range x.start.header {
		if rest, relative := strings.CutPrefix(value, ".."); relative {
			value, applies = "$"+rest, true
		}
		header[name] = value
	}
	return x.withHeader(header), applies
}

// noLocationBeside has a Location at which there is nothing in place of one that is
// none.
func noLocationBeside(x exchange) (exchange, bool) {
	header := maps.Clone(x.start.header)
	if x.hasStatusURL() && header["Location"] == malformed {
		header["Location"] = "$" + nothingPath
		return x.withHeader(header), true
	}
	return x, false
}

const nothingPath = "/nothing"

// faultyLocation: we end where azcore asks for nothing.
func faultyLocation(_ exchange, theirs, ours ending) ending {
	if n := len(theirs.requests); theirs.requests[n-1] == "GET "+nothingPath && theirs.outcome == "error" && ours.outcome == "error" {
		theirs.requests = theirs.requests[:n-1]
	}
	return theirs
}

func startArray(x exchange) (exchange, bool) {
	applies := x.kind() == "own" && x.start.status < http.StatusAccepted && strings.HasPrefix(x.start.body, "[")
	x.start.body = `{}`
	return x, applies
}

// ourArray: the value is the start's body, which was changed.
func ourArray(x exchange, theirs, ours ending) ending {
	if x.start.status == http.StatusOK && string(ours.value) == `[1]` && string(theirs.value) == `{}` {
		theirs.value = ours.value
	}
	return theirs
}

// ourValue: only the value differs, by the piece that was left out.
func ourValue(_ exchange, theirs, ours ending) ending {
	if theirs.outcome == ours.outcome && strings.Contains(string(ours.value), `,"resourceLocation":null`) {
		theirs.value = ours.value
	}
	return theirs
}

// asked are the answers of a status URL that we read, until it moves or ends.
func (x exchange) asked() []reply {
	for i, p := range x.polls {
		if p.status >= http.StatusBadRequest || p.status == dropped {
			continue
		}
		if terminal(p.body, "") || movedTo(p) != "" || statusIn(p.body, "") == "" {
			return x.polls[:i+1]
		}
	}
	return x.polls
}

func movedTo(p reply) string {
	if statusIn(p.body, "") == "" || terminal(p.body, "") {
		return ""
	}
	return p.header["Azure-AsyncOperation"] + p.header["Operation-Location"]
}

func laterLocation(x exchange) (exchange, bool) {
	applies := false
	if x.hasStatusURL() {
		for _, p := range x.asked() {
			if to := p.header["Location"]; to != "" && p.status < http.StatusBadRequest {
				header := maps.Clone(x.start.header)
				header["Location"] = to
				x, applies = x.withHeader(header), true
			}
		}
	}
	return x, applies
}

func statusMoved(x exchange) (exchange, bool) {
	asked := x.asked()
	if !x.hasStatusURL() || len(asked) == 0 || movedTo(asked[len(asked)-1]) == "" {
		return x, false
	}
	moves := asked[len(asked)-1]
	moves.header = nil
	x.polls = append(slices.Clone(asked[:len(asked)-1]), moves, x.script()["GET "+movedPath][0])
	return x, true
}

func absoluteResourceLocation(x exchange) (exchange, bool) {
	return x.inPolls(`"resourceLocation":"./`, `"resourceLocation":"$/`)
}

func noNullResourceLocation(x exchange) (exchange, bool) {
	return x.inPolls(`,"resourceLocation":null`, ``)
}

// inPolls is x with a piece of its polls' bodies replaced.
func (x exchange) inPolls(old, other string) (exchange, bool) {
	applies := false
	x.polls = slices.Clone(x.polls)
	for i, p := range x.polls {
		if strings.Contains(p.body, old) {
			x.polls[i].body, applies = strings.ReplaceAll(p.body, old, other), true
		}
	}
	return x, applies && x.kind() == "op"
}

// viaForPost: azcore's Operation-Location knows location only, and its
// Azure-AsyncOperation no operation-location.
func viaForPost(x exchange) (exchange, bool) {
	if x.method != http.MethodPost || !x.hasStatusURL() {
		return x, false
	}
	switch {
	case x.kind() == "async" && x.via == "operation-location":
		x.via = "azure-async-operation"
	case x.kind() == "op" && x.via == "original-uri":
		x.method = http.MethodPut
	case x.kind() == "op" && (x.via == "azure-async-operation" || x.via == "operation-location"):
		header := maps.Clone(x.start.header)
		delete(header, "Location")
		x = x.withHeader(header)
	default:
		return x, false
	}
	return x, true
}

// inStatus: the value of theirs is the status body, or what is in it.
func inStatus(x exchange, theirs ending) bool {
	path, _, _ := strings.Cut(theirs.requests[len(theirs.requests)-1], "?")
	return x.hasStatusURL() && theirs.outcome == "succeeded" && path == "GET "+monitorPath
}

func resultPathOfAsync(x exchange, theirs, _ ending) ending {
	if x.kind() != "async" || x.resultPath == "" || !inStatus(x, theirs) {
		return theirs
	}
	var body map[string]json.RawMessage
	_ = json.Unmarshal(theirs.value, &body)
	theirs.value = body[x.resultPath]
	return theirs
}

func noValueOfDelete(x exchange, theirs, _ ending) ending {
	if x.method == http.MethodDelete && x.resultPath == "" && inStatus(x, theirs) {
		theirs.value = nil
	}
	return theirs
}

// noFinalGetAfterFailure: azcore's Operation-Location asks for the value of whatever
// has ended, and then gives an error of that answer: a canceled operation is not to be
// told from one that failed, and where the answer is a 204, neither from one that
// succeeded (internal/pollers/op: Result).
func noFinalGetAfterFailure(x exchange, theirs, ours ending) ending {
	if x.kind() != "op" || ours.outcome != "failed" && ours.outcome != "canceled" {
		return theirs
	}
	if n := len(theirs.requests); n == len(ours.requests)+1 {
		theirs.outcome, theirs.value, theirs.requests = ours.outcome, nil, theirs.requests[:n-1]
	}
	return theirs
}

// whoAsks: to azcore's Location every error but a 404 is the operation's failure.
func whoAsks(x exchange, theirs, ours ending) ending {
	forbidden := func(p reply) bool { return p.status == http.StatusUnauthorized || p.status == http.StatusForbidden }
	refused := strings.HasPrefix(ours.detail, perdure.ErrorPollRejected)
	if x.kind() == "location" && slices.ContainsFunc(x.polls, forbidden) && theirs.outcome == "failed" && refused {
		theirs.outcome = ours.outcome
	}
	return theirs
}

func isFault(p reply) bool {
	switch p.status {
	case dropped, http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable:
		return true
	}
	return false
}

func fewerFaults(x exchange) (exchange, bool) {
	var polls []reply
	row, applies := 0, false
	for _, p := range x.polls {
		if row++; !isFault(p) {
			row = 0
		}
		if row > retries {
			applies = true
			continue
		}
		polls = append(polls, p)
	}
	x.polls = polls
	return x, applies
}

// lateThere: what is not there yet is, to azcore, a fault that it asks again after.
func lateThere(x exchange) (exchange, bool) {
	applies := false
	x.polls = slices.Clone(x.polls)
	for i, p := range x.polls {
		if p.status == http.StatusNotFound && x.grace > 0 {
			x.polls[i], applies = faults[0], true
		}
	}
	return x, applies
}

// valueBody: azcore gives the value as JSON or not at all.
func valueBody(_ exchange, theirs, ours ending) ending {
	if ours.detail == notJSON && theirs.outcome == "error" && strings.Contains(theirs.detail, "invalid character") {
		theirs.outcome = ours.outcome
	}
	return theirs
}

// statusIn is the word in a body: its status, or with below its provisioningState.
func statusIn(body, below string) string {
	var b struct {
		Status     string `json:"status"`
		Properties struct {
			ProvisioningState string `json:"provisioningState"`
		} `json:"properties"`
	}
	_ = json.Unmarshal([]byte(body), &b)
	if below != "" {
		return b.Properties.ProvisioningState
	}
	return b.Status
}

func terminal(body, below string) bool {
	return slices.Contains([]string{"succeeded", "completed", "failed", "canceled", "cancelled"}, strings.ToLower(statusIn(body, below)))
}
