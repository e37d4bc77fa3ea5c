package e2e_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	querypb "go.temporal.io/api/query/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// secretive is a service whose every word is a canary.
type secretive struct{ done, broken atomic.Bool }

func (s *secretive) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	say := func(status int, body string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
	switch r.Method + " " + r.URL.Path {
	case "POST /v1/batches":
		say(200, `{"id":"canary-remote","object":"batch","status":"in_progress","metadata":{"a":"canary-accepted"}}`)
	case "GET /v1/batches/canary-remote":
		switch {
		case s.broken.Load():
			say(503, `{"error":{"message":"canary-outage","code":"canary-code"}}`)
		case s.done.Load():
			say(200, `{"id":"canary-remote","object":"batch","status":"completed","metadata":{"a":"canary-value"}}`)
		default:
			say(200, `{"id":"canary-remote","object":"batch","status":"in_progress","metadata":{"a":"canary-progress"}}`)
		}
	case "POST /fails":
		say(422, `{"error":{"code":"canary-refused","message":"canary-error"}}`)
	case "POST /bytes":
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = io.WriteString(w, "\x00\xffcanary-bytes")
	case "GET /pages":
		if s.broken.Load() {
			say(503, `{"error":{"message":"canary-page-outage"}}`)
			return
		}
		say(200, `{"value":[{"text":"canary-item"}]}`)
	case "GET /events":
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "id: canary-event-id\ndata: canary-event\n\nevent: done\ndata: canary-end\n\n")
	default:
		say(404, `{}`)
	}
}

// canaries are what the service and its callers say. The search has to find each of them
// where nothing is encrypted.
var canaries = []string{
	"canary-request", "canary-type", "canary-summary", "canary-reason",
	"canary-remote", "canary-accepted", "canary-progress", "canary-value", "canary-outage", "canary-code",
	"canary-refused", "canary-error", "canary-bytes", "canary-item", "canary-page-outage",
	"canary-event-id", "canary-event",
}

// Whatever is said, the namespace keeps nothing of it in clear: not in the complete
// histories as they are stored, not in memos, heartbeats, failures of attempts, search
// attributes or user metadata.
func TestEncryptedNamespacesHoldNothingInClear(t *testing.T) {
	t.Parallel()
	for name, encrypted := range map[string]bool{"in clear": false, "encrypted": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept := tellEverything(t, encrypted)
			for _, canary := range canaries {
				require.Equal(t, !encrypted, kept.holds(canary), "%s is found", canary)
			}
			if encrypted {
				require.False(t, kept.holds("canary"))
				require.Contains(t, string(kept.text), "PerdureState")
				require.Contains(t, string(kept.text), "PerdureService")
				require.NotContains(t, string(kept.text), "PerdureRemoteId")
				require.NotContains(t, string(kept.text), "PerdureServiceStatus")
				require.NotContains(t, string(kept.text), "PerdurePercent")
			}
		})
	}
}

// tellEverything plays operations, pages and a stream, and gives what the namespace keeps.
func tellEverything(t *testing.T, encrypted bool) *kept {
	t.Helper()
	service := &secretive{}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	w := newWorld(t, settings{url: server.URL, encrypted: encrypted})
	first := w.worker()
	ctx := patient(t)
	kept := &kept{w: w}

	op, err := starter.Start[any](ctx, w.client, perdure.OperationInput{
		Request: &perdure.Request{Service: "jobs", Method: "POST", URL: "/v1/batches", Body: perdure.JSONBody(json.RawMessage(`{"a":"canary-request"}`))},
		Type:    "canary-type", Polling: &perdure.Polling{IntervalSeconds: 0.1},
	}, &starter.StartOptions{ID: w.queue + "-batch", Summary: "canary-summary"})
	require.NoError(t, err)
	eventually(ctx, t, "it is watched", func() bool {
		s, err := op.Status(ctx)
		return err == nil && s.ServiceStatus == "in_progress" && s.Polls > 1
	})
	service.broken.Store(true)
	eventually(ctx, t, "the outage is known from a heartbeat", func() bool {
		s, err := op.Status(ctx)
		require.NoError(t, err)
		return s.LastError != nil && s.LastError.Error.Message == "canary-outage"
	})
	kept.look(ctx, op.ID()) // with the heartbeat
	service.broken.Store(false)
	_, err = op.UpdateStatus(ctx, nil)
	require.NoError(t, err)
	require.NoError(t, op.Cancel(ctx, "canary-reason"))
	first.kill() // so that another reads the heartbeat
	w.worker()
	service.done.Store(true)
	value, err := op.Wait(ctx, nil)
	require.NoError(t, err)
	require.Contains(t, value, "metadata")
	kept.look(ctx, op.ID())

	_, refused, err := starter.Run[any](ctx, w.client, perdure.OperationInput{
		Request: &perdure.Request{Service: "jobs", Method: "POST", URL: "/fails", Body: perdure.JSONBody(json.RawMessage(`{}`))},
	}, nil)
	var failed *perdure.OperationError
	require.ErrorAs(t, err, &failed)
	require.Contains(t, failed.Error(), "canary-error", "the caller reads it")
	kept.look(ctx, refused.ID())

	raw, opaque, err := starter.Run[[]byte](ctx, w.client, perdure.OperationInput{
		Request: &perdure.Request{Service: "jobs", Method: "POST", URL: "/bytes"},
	}, nil)
	require.NoError(t, err)
	require.Equal(t, "\x00\xffcanary-bytes", string(raw))
	kept.look(ctx, opaque.ID())

	kept.pagesAndEvents(ctx, service)
	return kept
}

func (k *kept) pagesAndEvents(ctx context.Context, service *secretive) {
	t, w := k.w.t, k.w
	service.broken.Store(true)
	id := w.queue + "-pages"
	go func() {
		_, _ = starter.StartCollection[any](ctx, w.client, perdure.CollectionInput{
			Request: &perdure.Request{Service: "jobs", Method: "GET", URL: "/pages"}, Protocol: &perdure.ProtocolChoice{Name: "nextlink"},
		}, &starter.CollectionOptions{ID: id})
	}()
	eventually(ctx, t, "the page's attempt has failed", func() bool {
		c, err := starter.AttachCollection[any](ctx, w.client, id)
		if err != nil {
			return false
		}
		s, err := c.Status(ctx)
		return err == nil && s.LastError != nil && s.LastError.Error.Message == "canary-page-outage"
	})
	k.look(ctx, id)
	service.broken.Store(false)
	c, err := starter.AttachCollection[map[string]string](ctx, w.client, id)
	require.NoError(t, err)
	for value, err := range c.All(ctx, nil) {
		require.NoError(t, err)
		require.Equal(t, "canary-item", value["text"])
	}
	k.look(ctx, id)

	stream, err := starter.StartStream[string](ctx, w.client, perdure.StreamInput{
		Request:  &perdure.Request{Service: "jobs", Method: "GET", URL: "/events"},
		Protocol: &perdure.ProtocolChoice{Name: "sse", Options: json.RawMessage(`{"endEvents":["done"]}`)},
	}, nil)
	require.NoError(t, err)
	for event, err := range stream.Events(ctx, 0) {
		require.NoError(t, err)
		require.Contains(t, event.Data, "canary")
	}
	k.look(ctx, stream.ID())
}

// kept is what the namespace keeps, as it is stored.
type kept struct {
	w    *world
	raw  []byte // the messages of the API, as they are sent
	text []byte // the same for people, with the names of fields
}

func (k *kept) add(m proto.Message, err error) {
	require.NoError(k.w.t, err)
	raw, err := proto.Marshal(m)
	require.NoError(k.w.t, err)
	text, err := protojson.Marshal(m)
	require.NoError(k.w.t, err)
	k.raw, k.text = append(k.raw, raw...), append(k.text, text...)
}

// look keeps all that the server, and a worker through it, tells of a workflow, below the
// SDK's converters.
func (k *kept) look(ctx context.Context, id string) {
	k.w.t.Helper()
	service := k.w.raw.WorkflowService()
	d, err := service.DescribeWorkflowExecution(ctx, &workflowservice.DescribeWorkflowExecutionRequest{
		Namespace: "default", Execution: &commonpb.WorkflowExecution{WorkflowId: id},
	})
	k.add(d, err)
	eventually(ctx, k.w.t, "it is visible", func() bool {
		list, err := service.ListWorkflowExecutions(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: "default", Query: "WorkflowId = '" + id + "'"})
		require.NoError(k.w.t, err)
		k.add(list, err)
		return len(list.GetExecutions()) > 0
	})
	for _, query := range []string{"__temporal_workflow_metadata", perdure.QueryStatus, perdure.QueryResponse} {
		answer, err := service.QueryWorkflow(ctx, &workflowservice.QueryWorkflowRequest{
			Namespace: "default", Execution: &commonpb.WorkflowExecution{WorkflowId: id}, Query: &querypb.WorkflowQuery{QueryType: query},
		})
		if query != perdure.QueryResponse { // which collections do not have
			require.NoError(k.w.t, err)
		}
		if err == nil {
			k.add(answer, nil)
		}
	}
	var next []byte
	for {
		page, err := service.GetWorkflowExecutionHistory(ctx, &workflowservice.GetWorkflowExecutionHistoryRequest{
			Namespace: "default", Execution: &commonpb.WorkflowExecution{WorkflowId: id}, NextPageToken: next,
		})
		k.add(page, err)
		if next = page.GetNextPageToken(); len(next) == 0 {
			return
		}
	}
}

// holds reports whether the text is somewhere, as it is or in base64, at any offset.
func (k *kept) holds(text string) bool {
	if bytes.Contains(k.raw, []byte(text)) || bytes.Contains(k.text, []byte(text)) {
		return true
	}
	for offset := range 3 {
		whole := base64.StdEncoding.EncodeToString(append(make([]byte, offset), text...))
		inner := whole[(offset*8+5)/6 : (offset+len(text))*8/6]
		if bytes.Contains(k.raw, []byte(inner)) {
			return true
		}
	}
	return false
}

// A key is rotated under way: what the old one wrote is read, the new one writes, and
// neither worker nor client is started again.
func TestPayloadKeysRotateUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{encrypted: true})
	w.worker()
	ctx := patient(t)
	before, err := starter.Start[store](ctx, w.client, vectorStore(3*time.Second), nil)
	require.NoError(t, err)
	file := filepath.Join(w.dir, payloadKeyset)
	_, err = tokens.AddKey(file)
	require.NoError(t, err)
	rotated, err := tokens.PromoteKey(file)
	require.NoError(t, err)

	value, err := before.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, "completed", value.Status)
	_, after, err := starter.Run[store](ctx, w.client, vectorStore(0), nil)
	require.NoError(t, err)
	kept := &kept{w: w}
	kept.look(ctx, after.ID())
	ids := map[string]bool{}
	for _, found := range regexp.MustCompile(`"encryption-key-id":\s*"([^"]+)"`).FindAllSubmatch(kept.text, -1) {
		id, err := base64.StdEncoding.DecodeString(string(found[1]))
		require.NoError(t, err)
		ids[string(id)] = true
	}
	require.Contains(t, slices.Collect(maps.Keys(ids)), keyText(rotated.PrimaryKeyID()))
}

func keyText(id uint32) string {
	text, _ := json.Marshal(id) //nolint:errchkjson // a number
	return string(text)
}

// A worker whose keyset lacks the client's key leaves the operation waiting until it has
// it: it is not failed for what it cannot read.
func TestAnOperationWaitsForItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{encrypted: true})
	ctx := patient(t)
	theirs := filepath.Join(w.dir, payloadKeyset)
	aside := theirs + ".aside"
	require.NoError(t, exec.Command("cp", theirs, aside).Run())
	id := w.queue + "-waiting"
	ended := make(chan error, 1)
	go func() {
		_, err := starter.Start[store](ctx, w.client, vectorStore(0), &starter.StartOptions{ID: id})
		ended <- err
	}()
	eventually(ctx, t, "it is there", func() bool {
		_, err := w.raw.DescribeWorkflowExecution(ctx, id, "")
		return err == nil
	})
	require.NoError(t, exec.Command("rm", theirs).Run())
	_, err := tokens.Create(theirs)
	require.NoError(t, err)
	process := w.worker()
	eventually(ctx, t, "the worker has met it", func() bool { return strings.Contains(process.log.String(), "cannot be decrypted") })
	require.NoError(t, exec.Command("mv", aside, theirs).Run())
	require.NoError(t, <-ended)
	op, err := starter.Attach[store](ctx, w.client, id)
	require.NoError(t, err)
	value, err := op.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, "completed", value.Status)
}

// The command line reads and writes as the configuration says, and the codec server shows
// what is hidden, to who has the token or has logged in to the web UI.
func TestCommandLineAndCodecServerReadEncrypted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{encrypted: true})
	w.worker()
	id := w.queue + "-cli"
	stdout, stderr, exit := w.perdure(w.server, "", "run", "POST", "/jobs", "--service", "jobs", "--data", `{"name":"canary-name"}`, "--poll-interval", "200ms", "--id", id, "--output", "json")
	require.Zero(t, exit, stderr)
	require.Contains(t, stdout, "canary-name")
	for _, command := range []string{"status", "response", "token", "wait"} {
		_, stderr, exit = w.perdure(w.server, "", command, id)
		require.Zero(t, exit, stderr)
	}
	ctx := patient(t)
	kept := &kept{w: w}
	kept.look(ctx, id)
	require.False(t, kept.holds("canary-name"))

	issuer := newOpenIDIssuer(t)
	address := w.codecServer("PERDURE_CODEC_TOKEN=secret", "--oidc-issuer", issuer.URL, "--oidc-audience", "temporal-ui", "--oidc-allow", "groups=operators")
	events, err := w.raw.WorkflowService().GetWorkflowExecutionHistory(ctx, &workflowservice.GetWorkflowExecutionHistoryRequest{
		Namespace: "default", Execution: &commonpb.WorkflowExecution{WorkflowId: id},
	})
	require.NoError(t, err)
	body, err := protojson.Marshal(events.GetHistory().GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetInput())
	require.NoError(t, err)
	for name, who := range map[string]struct {
		bearer, idToken string
		want            int
	}{
		"nobody":                    {"", "", 401},
		"another":                   {"wrong", "", 401},
		"the command line":          {"secret", "", 200},
		"an operator":               {issuer.token("operators"), "", 200},
		"an operator, by the login": {"opaque", issuer.token("operators"), 200},
		"another user":              {"opaque", issuer.token("guests"), 403},
	} {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/decode?preserveStorageRefs=true", bytes.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+who.bearer)
		r.Header.Set("Authorization-Extras", who.idToken)
		r.Header.Set("X-Namespace", "default")
		r.Header.Set("Origin", "http://localhost:8233")
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		said, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, who.want, answer.StatusCode, name)
		var decoded commonpb.Payloads
		shown := who.want == 200 && protojson.Unmarshal(said, &decoded) == nil && bytes.Contains(decoded.GetPayloads()[0].GetData(), []byte("canary-name"))
		require.Equal(t, who.want == 200, shown, name)
	}
}

// openIDIssuer is where users of the web UI log in.
type openIDIssuer struct {
	oidctest.Server
	URL string
	key *rsa.PrivateKey
}

func newOpenIDIssuer(t *testing.T) *openIDIssuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	i := &openIDIssuer{key: key}
	i.PublicKeys = []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "k", Algorithm: oidc.RS256}}
	listener := httptest.NewServer(i)
	t.Cleanup(listener.Close)
	i.URL = listener.URL
	i.SetIssuer(i.URL)
	return i
}

// token is of a user of the group.
func (i *openIDIssuer) token(group string) string {
	claims := fmt.Sprintf(`{"iss":%q,"aud":"temporal-ui","sub":"alice","groups":[%q],"exp":%d}`, i.URL, group, time.Now().Add(time.Hour).Unix())
	return oidctest.SignIDToken(i.key, "k", oidc.RS256, claims)
}

// codecServer runs one, and gives its URL.
func (w *world) codecServer(env string, flags ...string) string {
	w.t.Helper()
	p := w.process([]string{env}, append([]string{"codec-server", "--config", w.config, "--listen", "127.0.0.1:0", "--origin", "http://localhost:8233"}, flags...)...)
	var url string
	eventually(patient(w.t), w.t, "it serves", func() bool {
		_, url, _ = strings.Cut(strings.TrimSpace(p.log.String()), "codec server at ")
		return url != ""
	})
	return url
}

// A client without the keyset reads nothing, and says what is missing.
func TestAClientWithoutTheKeysetReadsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{encrypted: true})
	w.worker()
	id := w.queue + "-blind"
	_, stderr, exit := w.perdure(w.server, "", "run", "POST", "/jobs", "--service", "jobs", "--data", `{"name":"canary-name"}`, "--poll-interval", "200ms", "--id", id)
	require.Zero(t, exit, stderr)
	blind := filepath.Join(w.dir, "blind.yaml")
	require.NoError(t, os.WriteFile(blind, []byte("taskQueue: "+w.queue+"\n"), 0o600))
	stdout, stderr, exit := w.perdure(w.server, "", "wait", id, "--config", blind)
	require.Equal(t, 1, exit)
	require.Contains(t, stderr, "binary/encrypted")
	require.NotContains(t, stdout+stderr, "canary")
}
