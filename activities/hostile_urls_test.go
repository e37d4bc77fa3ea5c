package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/azure"
	"github.com/perdure-dev/perdure/activities/protocol/link"
	"github.com/perdure-dev/perdure/activities/protocol/location"
	"github.com/perdure-dev/perdure/activities/protocol/nextlink"
	"github.com/perdure-dev/perdure/activities/protocol/openai"
	"github.com/perdure-dev/perdure/activities/protocol/waiter"
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/perduretest"
)

// hostile are URLs that a service at http://api.example.com, which may name
// http://files.example.net and http://*.cdn.example.net too, must not lead to.
var hostile = []string{
	// other hosts, and what looks like the service's own
	"http://evil.example/x",
	"https://evil.example/x",
	"http://evil.example:80/x?http://api.example.com/v1",
	"http://evil.example/http://api.example.com/v1",
	"http://evil.example#@api.example.com/v1",
	"http://evil.example?@api.example.com/v1",
	"http://api.example.com.evil.example/v1",
	"http://evil-api.example.com/v1",
	"http://example.com/v1",
	"http://sub.api.example.com/v1",
	"http://api.example.com../v1",
	"http://api%2eexample%2ecom.evil.example/v1",
	"http://api.example.com%2eevil.example/v1",
	"http://api.example.com%00.evil.example/v1",
	"http://api.example.com%0d%0aHost:%20evil.example/v1",
	"http://api.example.com%20evil.example/v1",
	"http://\u0430pi.example.com/v1", // a Cyrillic letter
	"http://api\u3002example\u3002com/v1",
	"http://xn--pi-6kc.example.com/v1",
	"//evil.example/x",
	"//evil.example:80/x",
	"//api.example.com@evil.example/x",
	// the service's own host, and somebody else
	"http://api.example.com@evil.example/v1",
	"http://api.example.com:80@evil.example/v1",
	"http://user@api.example.com/v1",
	"http://user:secret@api.example.com/v1",
	"http://:@api.example.com/v1",
	"http://a@b@api.example.com/v1",
	// another port, another scheme
	"http://api.example.com:8080/v1",
	"http://api.example.com:443/v1",
	"http://api.example.com:0/v1",
	"https://api.example.com/v1",
	"https://api.example.com:80/v1",
	"ftp://api.example.com/v1",
	"ws://api.example.com/v1",
	"file:///etc/passwd",
	"file://api.example.com/etc/passwd",
	"gopher://api.example.com/_GET",
	"unix:///var/run/docker.sock",
	"javascript:alert(1)",
	"data:application/json,{}",
	"mailto:root@api.example.com",
	"http+unix://%2Fvar%2Frun%2Fdocker.sock/info",
	// origins that are nearly allowed
	"http://files.example.net.evil.example/f",
	"http://evilfiles.example.net/f",
	"http://files.example.net:8080/f",
	"https://files.example.net/f",
	"http://cdn.example.net/f",
	"http://evilcdn.example.net/f",
	"http://a.cdn.example.net.evil.example/f",
	"http://a.cdn.example.net:8080/f",
	"https://a.cdn.example.net/f",
	"http://user@a.cdn.example.net/f",
	// addresses of machines, in each way that some resolver reads
	"http://127.0.0.1/",
	"http://localhost/",
	"http://[::1]/",
	"http://[::]/",
	"http://0.0.0.0/",
	"http://0/",
	"http://2130706433/",
	"http://0x7f000001/",
	"http://0177.0.0.1/",
	"http://127.1/",
	"http://[::ffff:127.0.0.1]/",
	"http://[::ffff:7f00:1]/",
	"http://[fe80::1%25eth0]/",
	"http://169.254.169.254/latest/meta-data/",
	"http://[fd00:ec2::254]/latest/meta-data/",
	"http://metadata.google.internal/computeMetadata/v1/",
	"http://100.100.100.200/latest/meta-data/",
	"http://168.63.129.16/machine",
	"http://10.0.0.1/",
	"http://192.168.0.1/",
	// what is no URL
	"http://api.example.com:99999/v1",
	"http://api.example.com:-1/v1",
	"http://api.example.com:80:80/v1",
	"http://[api.example.com/v1",
	"http://[::1/v1",
	"http://",
	"http:///v1",
	"http://api.example.com/%zz",
	"http://api.example.com\\@evil.example/v1",
	"http://evil.example\\@api.example.com/v1",
	"http:evil.example/x",
	"http:/\\evil.example/x",
}

// place is where a URL comes from outside. Ask brings it in, and gives the type of the
// error that it ends with, "" for none.
type place struct {
	name string
	// serve is the service; it is nil where nothing is asked before.
	serve func(hostile string) http.HandlerFunc
	ask   func(w *watched, hostile string) string
	// most requests that the service may see.
	most int
	// home: a caller names it, so that it stays at the service's own origin.
	home bool
}

var ways = []place{
	{name: "the request", ask: func(w *watched, raw string) string {
		task := posting("azure", ``)
		task.Input.Request.URL = raw
		return w.operation(task)
	}},
	{name: "the status monitor in Operation-Location", serve: header("Operation-Location"), ask: starts("azure"), most: 1},
	{name: "the status monitor in Azure-AsyncOperation", serve: header("Azure-AsyncOperation"), ask: starts("azure"), most: 1},
	{name: "the status monitor in Location, azure", serve: header("Location"), ask: starts("azure"), most: 1},
	{name: "the status monitor in Location", serve: header("Location"), ask: starts("location"), most: 1},
	{name: "a status monitor that has moved", serve: moves, ask: starts("azure"), most: 2},
	{name: "the resource location", serve: resourceLocation, ask: starts("azure"), most: 2},
	{name: "the result's place", serve: seeOther, ask: starts("location"), most: 2},
	{name: "a redirect of a question", serve: redirects, ask: starts("location"), most: 2},
	{name: "a next link in the body", serve: nextLink, ask: pages("nextlink"), most: 1},
	{name: "a next link in the header", serve: linkHeader, ask: pages("link"), most: 1},
	{name: "a redirect of a page", serve: redirects, ask: pages("nextlink"), most: 1},
	{name: "the status monitor that a look-up finds", serve: losesTheAnswer, ask: looksUp, most: 2},
	{name: "an adopted status URL", ask: adopts("azure", func(raw string) perdure.Adoption { return perdure.Adoption{StatusURL: raw} })},
	{name: "an adopted resource", serve: succeeds, most: 1, home: true, ask: adopts("azure", func(raw string) perdure.Adoption {
		return perdure.Adoption{StatusURL: own + "/ops/1", Method: "PUT", Resource: raw}
	})},
	{name: "the collection of an adopted id", ask: adopts("openai", func(raw string) perdure.Adoption { return perdure.Adoption{Operation: "1", Collection: raw} })},
	{name: "the status URL of a start that is resolved", ask: resolves},
	{name: "the monitor of an adopted token", ask: adopts("azure", azcore(`{"type":"T","token":{"type":"Operation-Location","oplocURL":%s,"method":"PUT","origURL":"http://api.example.com/v1/r"}}`))},
	{name: "the location of an adopted token", serve: succeeds, most: 1, home: true, ask: adopts("azure", azcore(`{"type":"T","token":{"asyncURL":"http://api.example.com/v1/ops/1","locURL":%s,"method":"POST","origURL":"http://api.example.com/v1/r","finalState":"location"}}`))},
	{name: "the polled URL of an adopted token", ask: adopts("azure", azcore(`{"type":"T","token":{"type":"loc","pollURL":%s}}`))},
	{name: "an option of the protocol", serve: namesIn("id"), ask: waits(func(raw string) string { return raw }), most: 1, home: true},
	{name: "what an option finds in the answer", serve: namesIn("url"), ask: waits(func(string) string { return "{url}" }), most: 1, home: true},
}

const own = "http://api.example.com/v1"

// No URL that comes from outside leads to a host that the configuration does not name:
// it is an error, and nothing is dialled.
func TestHostileURLsLeadNowhere(t *testing.T) {
	t.Parallel()
	require.GreaterOrEqual(t, len(hostile), 60)
	for _, p := range ways {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			for _, raw := range hostile {
				serve := http.HandlerFunc(http.NotFound)
				if p.serve != nil {
					serve = p.serve(raw)
				}
				w := newWatched(t, serve)
				errorType := p.ask(w, raw)
				require.Contains(t, []string{
					perdure.ErrorEgressDenied, perdure.ErrorInvalidInput, perdure.ErrorProtocolViolation, perdure.ErrorPollRejected, perdure.ErrorPageRejected,
				}, errorType, "%q ends as an error", raw)
				require.Empty(t, w.strangers(), "%q: dialled", raw)
				require.LessOrEqual(t, w.requests(), p.most, "%q: requests", raw)
				w.close()
			}
		})
	}
}

// What is refused above is not refused for being in its place.
func TestFriendlyURLsLeadOn(t *testing.T) {
	for _, p := range ways {
		for _, raw := range []string{own + "/friendly", "http://files.example.net/friendly", "http://a.b.cdn.example.net/friendly", "HTTP://API.example.com.:80/v1/friendly"} {
			if p.serve == nil || p.home && friendHost(raw) != "api.example.com" {
				continue
			}
			t.Run(p.name+" "+raw, func(t *testing.T) {
				w := newWatched(t, p.serve(raw))
				errorType := p.ask(w, raw)
				require.NotEqual(t, perdure.ErrorEgressDenied, errorType)
				require.Contains(t, w.seen(), "/friendly")
			})
		}
	}
}

// watched is a desk over a service in memory, with a network that notes what is dialled.
type watched struct {
	*desk
	wire *wire
	stop func()

	mu      sync.Mutex
	dialled []string
	paths   []string
}

func newWatched(t *testing.T, serve http.HandlerFunc) *watched {
	t.Helper()
	w := &watched{desk: newDesk(t, perduretest.NewService(t))}
	w.wire, w.stop = openWire(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.paths = append(w.paths, r.URL.Path)
		w.mu.Unlock()
		if strings.HasSuffix(r.URL.Path, "/friendly") {
			_, _ = rw.Write([]byte(`{"status":"Succeeded","value":[]}`))
			return
		}
		serve(rw, r)
	})
	t.Cleanup(w.stop)
	var err error
	w.options.Protocols, err = protocol.NewRegistry(azure.Protocol{}, location.Protocol{}, openai.Protocol{}, waiter.Protocol{})
	require.NoError(t, err)
	w.options.Pagers, err = protocol.NewPagers(nextlink.Pager{}, link.Pager{})
	require.NoError(t, err)
	w.config = transport.Config{
		Name: "jobs", BaseURL: own, Dial: w.dial, Credential: w.stamps,
		AllowedOrigins: []string{"http://files.example.net", "http://*.cdn.example.net"},
	}
	return w
}

func (w *watched) close() { w.stop() }

func (w *watched) dial(ctx context.Context, network, address string) (net.Conn, error) {
	w.mu.Lock()
	w.dialled = append(w.dialled, address)
	w.mu.Unlock()
	if !friend(address) {
		return nil, errors.New("a stranger was dialled")
	}
	return w.wire.dial(ctx, network, address)
}

func friend(address string) bool {
	return slices.Contains([]string{"api.example.com:80", "API.example.com.:80", "files.example.net:80", "a.b.cdn.example.net:80"}, address)
}

func friendHost(raw string) string {
	u, _ := url.Parse(raw)
	return strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
}

func (w *watched) strangers() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.dialled), friend)
}

func (w *watched) requests() int { return len(strings.Fields(w.seen())) }

func (w *watched) seen() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.paths, " ")
}

// operation starts one, and asks until it is over.
func (w *watched) operation(task perdure.StartTask) string {
	task.RunID = runID
	a := w.start(task)
	for range 3 {
		if a.ErrorType != "" || a.State.Terminal() || a.Sealed == "" {
			break
		}
		a = w.poll(perdure.PollTask{State: a.Sealed, Once: true})
	}
	if a.State == perdure.StateAmbiguous { // a person is told why
		return a.LastError.Error.Code
	}
	return a.ErrorType
}

// posting is a start that names nothing by itself.
func posting(protocol, options string) perdure.StartTask {
	return perdure.StartTask{Input: perdure.OperationInput{
		Request: &perdure.Request{Service: "jobs", Method: "POST", URL: "/jobs"}, Protocol: choice(protocol, options),
	}}
}

func starts(name string) func(*watched, string) string {
	return func(w *watched, _ string) string { return w.operation(posting(name, ``)) }
}

// looksUp starts what is lost, at a service where it can be looked up.
func looksUp(w *watched, _ string) string {
	w.service.Lookup = &activities.Lookup{Method: "GET", URL: "/jobs?tag={key}", Found: "found", Body: "tag"}
	return w.operation(posting("azure", ``))
}

// resolves a start that is ambiguous with what a person has found.
func resolves(w *watched, raw string) string {
	task := posting("azure", ``)
	task.Adopt = &perdure.Adoption{StatusURL: raw}
	return w.operation(task)
}

// waits starts an operation whose caller says where to ask.
func waits(status func(raw string) string) func(*watched, string) string {
	return func(w *watched, raw string) string {
		quoted, _ := json.Marshal(status(raw))
		return w.operation(posting("waiter", fmt.Sprintf(`{"status":%s,"minDelaySeconds":0.001,"maxDelaySeconds":0.001,
			"acceptors":[{"state":"success","matcher":{"success":true}}]}`, quoted)))
	}
}

func pages(name string) func(*watched, string) string {
	return func(w *watched, _ string) string {
		in := perdure.CollectionInput{Request: &perdure.Request{Service: "jobs", Method: "GET", URL: "/list"}, Protocol: choice(name, ``)}
		a := w.fetch(perdure.PageTask{Input: &in})
		if a.ErrorType == "" && a.Next != "" {
			a = w.fetch(perdure.PageTask{Sealed: a.Next})
		}
		return a.ErrorType
	}
}

func adopts(name string, of func(raw string) perdure.Adoption) func(*watched, string) string {
	return func(w *watched, raw string) string {
		adoption := of(raw)
		return w.operation(perdure.StartTask{Input: perdure.OperationInput{Adopt: &adoption, Service: "jobs", Protocol: choice(name, ``)}})
	}
}

func azcore(format string) func(raw string) perdure.Adoption {
	return func(raw string) perdure.Adoption {
		quoted, _ := json.Marshal(raw)
		return perdure.Adoption{Azcore: fmt.Sprintf(format, quoted)}
	}
}

func header(name string) func(string) http.HandlerFunc {
	return func(raw string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header()[name] = []string{raw}
			w.WriteHeader(http.StatusAccepted)
		}
	}
}

// byStep answers the start with a monitor of the service's own, and then otherwise.
func byStep(name string, then http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.Header().Set(name, own+"/ops/1")
			w.WriteHeader(http.StatusAccepted)
			return
		}
		then(w, r)
	}
}

func moves(raw string) http.HandlerFunc {
	return byStep("Operation-Location", func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Operation-Location"] = []string{raw}
		_, _ = w.Write([]byte(`{"status":"Running"}`))
	})
}

func resourceLocation(raw string) http.HandlerFunc {
	return byStep("Operation-Location", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"status": "Succeeded", "resourceLocation": raw})
	})
}

func succeeds(string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"status":"Succeeded"}`)) }
}

// losesTheAnswer of a start, and says where it is to who looks it up.
func losesTheAnswer(raw string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			panic(http.ErrAbortHandler)
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"found": raw})
	}
}

// namesIn answers with the URL in a field.
func namesIn(field string) func(string) http.HandlerFunc {
	return func(raw string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			_ = json.NewEncoder(w).Encode(map[string]string{field: raw})
		}
	}
}

func seeOther(raw string) http.HandlerFunc {
	return byStep("Location", func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Location"] = []string{raw}
		w.WriteHeader(http.StatusSeeOther)
	})
}

func redirects(raw string) http.HandlerFunc {
	return byStep("Location", func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Location"] = []string{raw}
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
}

func nextLink(raw string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"value": []int{1}, "nextLink": raw})
	}
}

func linkHeader(raw string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Link"] = []string{"<" + raw + `>; rel="next"`}
		_, _ = w.Write([]byte(`[1]`))
	}
}
