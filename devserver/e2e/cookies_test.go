package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"google.golang.org/protobuf/proto"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// replicas is a service of several machines behind one address: whoever comes without
// the cookie of the machine that has the operation is told that there is a conflict.
// The operation moves to another machine once, with a change of its status.
type replicas struct {
	mu       sync.Mutex
	started  int
	machine  int // that has the operation
	asked    []int
	refused  []string
	finished bool
}

// affinity is the cookie of a machine.
func affinity(machine int) string { return fmt.Sprintf("canary-machine-%d", machine) }

func (s *replicas) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodPost {
		s.started++
		s.answer(w, "queued")
		return
	}
	if c, err := r.Cookie("affinity"); err != nil || c.Value != affinity(s.machine) {
		s.refused = append(s.refused, r.Header.Get("Cookie"))
		w.WriteHeader(http.StatusConflict)
		return
	}
	s.asked = append(s.asked, s.machine)
	s.machine = 1
	if s.finished {
		s.answer(w, "completed")
		return
	}
	s.answer(w, "in_progress")
}

func (s *replicas) answer(w http.ResponseWriter, status string) {
	http.SetCookie(w, &http.Cookie{Name: "affinity", Value: affinity(s.machine), Path: "/", MaxAge: 600, HttpOnly: true})
	_, _ = fmt.Fprintf(w, `{"id":"vs_1","object":"vector_store","status":%q}`, status)
}

// polls counts the questions that the machine answered.
func (s *replicas) polls(machine int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, m := range s.asked {
		if m == machine {
			n++
		}
	}
	return n
}

func (s *replicas) books() (started int, refused []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.started, s.refused
}

func (s *replicas) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finished = true
}

// The cookies of an operation survive the worker that got them, and are nowhere to be
// read.
func TestStickyCookiesSurviveTheWorkerAndStaySealed(t *testing.T) {
	t.Parallel()
	service := &replicas{}
	listener := httptest.NewServer(service)
	t.Cleanup(listener.Close)
	w := newWorld(t, settings{url: listener.URL, extra: "    stickyCookies: true\n"})
	first := w.worker()
	ctx := patient(t)
	op, err := starter.Start[store](ctx, w.client, vectorStore(0), nil)
	require.NoError(t, err)
	eventually(ctx, t, "the second machine was asked", func() bool { return service.polls(1) >= 2 })
	first.kill()
	before := service.polls(1)
	said := []string{w.everythingSaid(t, op.ID())}
	second := w.worker()
	eventually(ctx, t, "another worker goes on asking it", func() bool { return service.polls(1) >= before+2 })
	token, err := op.Token(ctx)
	require.NoError(t, err)
	service.finish()
	value, err := op.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, "completed", value.Status)
	started, refused := service.books()
	require.Equal(t, 1, started)
	require.Empty(t, refused, "every question had its cookie")

	said = append(said, w.everythingSaid(t, op.ID()), first.log.String(), second.log.String())
	for _, query := range []string{perdure.QueryStatus, perdure.QueryResponse} {
		answer, err := w.raw.QueryWorkflow(ctx, op.ID(), "", query)
		require.NoError(t, err)
		var raw json.RawMessage
		require.NoError(t, answer.Get(&raw))
		said = append(said, string(raw))
	}
	all := strings.Join(said, "\n")
	require.Contains(t, all, "in_progress", "it is what was said")
	require.NotContains(t, all, "canary")
	require.NotContains(t, strings.ToLower(all), "set-cookie")
	_, state, err := w.keyset.OpenState(token.Text())
	require.NoError(t, err)
	require.Contains(t, string(state), affinity(1), "it is in the token, sealed")
}

// everythingSaid is the workflow's history and its description, with memo and
// heartbeats.
func (w *world) everythingSaid(t *testing.T, id string) string {
	t.Helper()
	ctx, cancel := contextFor(t, time.Minute)
	defer cancel()
	var said strings.Builder
	add := func(raw []byte, err error) {
		require.NoError(t, err)
		said.Write(raw)
	}
	events := w.raw.GetWorkflowHistory(ctx, id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(t, err)
		add(proto.Marshal(e))
	}
	description, err := w.raw.DescribeWorkflowExecution(ctx, id, "")
	require.NoError(t, err)
	add(proto.Marshal(description))
	return said.String()
}
