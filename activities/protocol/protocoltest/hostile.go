package protocoltest

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/stretchr/testify/assert"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// hostileBodies are bodies that no service should send, and that some do.
func hostileBodies() []string {
	const nested = 500
	return []string{
		"", " ", "\n", "\x00", "null", "true", "false", "0", "-1", "1e999", `""`, `"text"`, "[]", "{}", "[[]]", "[null]", `[{"status":"completed"}]`,
		"{", "}", `{"`, `{"status"`, `{"status":`, `{"status":"completed"`, `{"status":"completed"}}`, `{"status":"completed"} trailing`, `{"status":"completed"}{"status":"failed"}`,
		`{"status":"failed","status":"completed","id":"a","id":"b"}`, `{"STATUS":"completed","Id":"x","NAME":"y"}`, `{"":""}`, `{"id":"x"}`, `{"status":"x"}`,
		"\xef\xbb\xbf{}", "\xef\xbb\xbf" + `{"id":"x","status":"completed"}`, "\xff\xfe{\x00}\x00", "\xc3\x28", `{"id":"` + "\xff\xfe" + `","status":"` + "\xc0\xaf" + `"}`,
		`{"id":"\u0000","status":"\ud800"}`, `{"id":"..","status":"queued"}`, `{"id":"../../x","status":"queued"}`, `{"id":"a/b?c#d%2f\\","status":"queued"}`,
		`{"id":"//evil.example/","name":"operations/../../x","status":"queued"}`,
		`{"id":"` + strings.Repeat("x", perdure.MaxURLBytes) + `","name":"operations/` + strings.Repeat("y", perdure.MaxURLBytes) + `","status":"queued"}`,
		`{"id":1e400,"status":1e400,"percentComplete":1e400,"progress":-1e308}`, `{"id":123456789012345678901234567890,"status":123456789012345678901234567890}`,
		`{"id":"x","status":"in_progress","progress":1e308,"percentComplete":-5,"percent":1e300,"file_counts":{"total":1e-308,"completed":1e308,"failed":1e308,"cancelled":-1e308}}`,
		`{"id":"x","status":"failed","error":[[[]]],"errors":{"data":[null]},"last_error":5}`, `{"error":{"code":{},"message":[]}}`, `{"error":{"error":{"error":"x"}}}`,
		`{"done":true}`, `{"done":true,"error":null,"response":null}`, `{"done":"true","name":5}`, `{"done":true,"error":{"code":99999999999,"details":{}}}`, `{"properties":{"provisioningState":null}}`, `{"properties":[]}`,
		strings.Repeat("[", nested) + strings.Repeat("]", nested), strings.Repeat(`{"a":`, nested) + "1" + strings.Repeat("}", nested), strings.Repeat("[", 20_000),
		`{"status":` + strings.Repeat("[", nested) + strings.Repeat("]", nested) + `,"id":"x"}`,
		"<html><body>502 Bad Gateway</body></html>", `<?xml version="1.0"?><Error><Code>X</Code></Error>`, "<Error>", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "data: [DONE]\n\n", "--boundary\r\n",
	}
}

// hostileValues stand in for each field of a body in turn.
func hostileValues() []any {
	return []any{
		nil, true, json.Number("0"), json.Number("-1"), json.Number("1e400"), json.Number("123456789012345678901234567890"), "", " ", "\x00", "..", "x/../y", "//evil.example", "http://[::1", "\u202e",
		[]any{},
		[]any{nil},
		map[string]any{},
		map[string]any{"": nil},
		[]any{[]any{[]any{}}},
		strings.Repeat("w", perdure.MaxURLBytes),
	}
}

// hostileHeaders name URLs and numbers.
func hostileHeaders() (names, values []string) {
	return []string{"Location", "Operation-Location", "Azure-AsyncOperation", "Content-Location", "Link", "Retry-After", "Content-Type", "X-Ms-Error-Code", "X-Should-Retry", "Openai-Poll-After-Ms"},
		[]string{
			"", " ", "/", "//", "///", ".", "..", "?", "#", "?a=b#c", ":", "://", "http:", "http://", "https:///x", "http:/x", "http:x", "https://:443/", "https://h:99999/", "https://[::1", "https://[fe80::1%25eth0]/",
			"ftp://h/x", "file:///etc/passwd", "javascript:alert(1)", "data:,x", "//evil.example/x", `\\evil.example\x`, "https:\\\\evil.example", "https://user:pw@h/x", "https://h/%", "https://h/%zz", "https://h/%2e%2e/%2f",
			"/../../x", "x y", "\x00", "\x7f", "a\r\nb: c", "https://h/\xff?\xff=\xfe", "https://h/?q=ü&x=<>\"", "https://h\xff/", "https://ü.example/", "%", "%00", "0x10", "Inf", "-5", "9e99",
			"/" + strings.Repeat("a", perdure.MaxURLBytes), "/" + strings.Repeat("ü", perdure.MaxURLBytes/2-1), "text/html; charset=\xff",
		}
}

var hostileStatuses = []int{http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent, http.StatusSeeOther, http.StatusFound, http.StatusNotFound, http.StatusConflict, 499}

// checkHostile: whatever a service answers, no method panics, and what it gives is
// well formed.
func (s Suite) checkHostile(t assert.TestingT, points []point, seen *sync.Map) {
	for _, p := range points {
		b := s.bind(t, p.scenario)
		for _, body := range withHostileFields(p.turn.Body) {
			e := p.exchange
			e.Body = []byte(body)
			b.attack(p.before, e)
		}
		// The others depend on nothing but the state, which scenarios share.
		if _, done := seen.LoadOrStore(p.scenario.Options+string(p.before)+p.exchange.URL, true); done {
			continue
		}
		for _, body := range hostileBodies() {
			for _, status := range hostileStatuses {
				e := p.exchange
				e.Status, e.Body = status, []byte(body)
				b.attack(p.before, e)
			}
		}
		names, values := hostileHeaders()
		for _, name := range names {
			for _, value := range values {
				e := p.exchange
				e.Header = e.Header.Clone()
				e.Header[http.CanonicalHeaderKey(name)] = []string{value}
				b.attack(p.before, e)
			}
		}
	}
}

// attack gives an answer to every method, and goes on from what comes of it.
func (b *subject) attack(before json.RawMessage, e protocol.Exchange) {
	helper(b.t)
	b.retry(e)
	if e.Status >= http.StatusBadRequest {
		if before != nil {
			if step, end := b.refused(before, e); end {
				b.goOn(step, e)
			}
		}
		return
	}
	if before == nil {
		b.recognizes(e)
	}
	if step, err := b.read(before, e); err == nil {
		b.goOn(step, e)
	}
}

// goOn: a state that a step gave can be gone on from, by Next at least while there is
// something to ask.
func (b *subject) goOn(step protocol.Step, e protocol.Exchange) {
	helper(b.t)
	if step.State == nil {
		return // reported
	}
	state := sealed(b.t, step.State)
	_, err := b.next(state)
	if !step.Ended() {
		assert.NoError(b.t, err, "Next after %v", input{exchange: e})
	}
	_, _, _ = b.cancel(state)
	if err == nil {
		_, _ = b.answered(state, e)
	}
}

// checkStates: a state that is not the protocol's own is an error, and no panic.
func (s Suite) checkStates(t assert.TestingT) {
	e := protocol.Exchange{Method: http.MethodGet, URL: "https://h/x", Status: http.StatusOK, Header: http.Header{}, Body: []byte(`{"status":"completed"}`), At: answeredAt}
	b := s.bind(t, Scenario{Options: s.anyOptions()})
	if b == nil {
		return
	}
	for _, state := range append(hostileBodies(), `{"statusURL":5}`, `{"monitor":[]}`) {
		_, _ = b.next(json.RawMessage(state))
		_, _, _ = b.cancel(json.RawMessage(state))
		_, _ = b.answered(json.RawMessage(state), e)
		_, _ = b.refused(json.RawMessage(state), e)
	}
	adopter, ok := b.Bound.(protocol.Adopter)
	if !ok {
		return
	}
	_, urls := hostileHeaders()
	for _, text := range append(hostileBodies(), urls...) {
		for _, a := range []perdure.Adoption{{Azcore: text}, {Operation: text}, {Operation: "x", Collection: text}, {StatusURL: text}, {StatusURL: e.URL, Method: text, Resource: text}} {
			step, err := adopter.Adopt(a)
			b.wellFormed(step, err)
			if err == nil {
				b.goOn(step, e)
			}
		}
	}
}

// withHostileFields are the variants of a JSON body in which one field, at whatever
// depth, is gone or has another value.
func withHostileFields(body string) []string {
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	var root any
	if d.Decode(&root) != nil {
		return nil
	}
	var out []string
	emit := func() {
		var b bytes.Buffer
		if json.NewEncoder(&b).Encode(root) == nil {
			out = append(out, b.String())
		}
	}
	replaceEach(root, emit)
	return out
}

// replaceEach puts each hostile value in place of each field below v, calls emit, and
// puts things back.
func replaceEach(v any, emit func()) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			old := v[name]
			delete(v, name)
			emit()
			for _, value := range hostileValues() {
				v[name] = value
				emit()
			}
			v[name] = old
			replaceEach(old, emit)
		}
	case []any:
		for i, old := range v {
			for _, value := range hostileValues() {
				v[i] = value
				emit()
			}
			v[i] = old
			replaceEach(old, emit)
		}
	}
}
