package chaos_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

// The comparison lets pass what is right, and finds each thing that is not.
func TestTheComparisonFindsFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		// spoil makes one thing wrong.
		spoil func(w *world, all *callers, h *histories)
		want  string
	}{
		{"nothing", func(*world, *callers, *histories) {}, ""},
		{"a second start", func(w *world, all *callers, _ *histories) {
			w.service.books.starts[all.operations[0].name][0].executed = true
			w.service.books.starts[all.operations[0].name] = append(w.service.books.starts[all.operations[0].name], &startEntry{executed: true})
		}, "was started 2 times"},
		{"no start", func(w *world, all *callers, _ *histories) { w.service.books.starts[all.operations[0].name] = nil }, "was started 0 times"},
		{"another end", func(_ *world, all *callers, _ *histories) {
			all.operations[0].bad = &perdure.OperationError{Type: perdure.ErrorPollRejected}
		}, "ended as perdure: PollRejected"},
		{"an operation without an end", func(_ *world, all *callers, _ *histories) { all.operations[0].err = context.DeadlineExceeded }, "nobody could say"},
		{"a page too few", func(_ *world, all *callers, _ *histories) {
			all.collections[0].pages = all.collections[0].pages[1:]
		}, "are not as they were served"},
		{"two values in another order", func(_ *world, all *callers, _ *histories) {
			longest := slices.MaxFunc(all.collections[0].pages, func(a, b []json.RawMessage) int { return len(a) - len(b) })
			slices.Reverse(longest)
		}, "are not as they were served"},
		{"another page by a token", func(_ *world, all *callers, _ *histories) {
			all.collections[0].byToken[0] = []json.RawMessage{json.RawMessage("1")}
		}, "by its token"},
		{"an event twice", func(_ *world, all *callers, _ *histories) {
			all.streams[0].live = append(all.streams[0].live[:1:1], all.streams[0].live...)
		}, "as it came"},
		{"an event that changed", func(_ *world, all *callers, _ *histories) { all.streams[0].again[0] += "." }, "read again"},
		{"an open workflow", func(_ *world, _ *callers, h *histories) { h.open["x"] = true }, "x: is open"},
		{"an ambiguous start without a fault", func(_ *world, all *callers, h *histories) {
			o := all.operations[0]
			o.service, o.ambiguous = plain, true
			h.ambiguous[o.name] = decision{scheduled: time.Now(), decided: time.Now().Add(time.Second)}
		}, "nothing was lost then"},
		{"an ambiguous start with one", func(w *world, all *callers, h *histories) {
			defer w.journal.begin("a fault", true)()
			o := all.operations[0]
			o.service, o.ambiguous = plain, true
			h.ambiguous[o.name] = decision{scheduled: time.Now(), decided: time.Now().Add(time.Second)}
		}, ""},
		{"an ambiguous start at a service that knows better", func(_ *world, all *callers, h *histories) {
			o := all.operations[0]
			o.service, o.ambiguous = keyed, true
			h.ambiguous[o.name] = decision{}
		}, "recognises a repeat"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, all := wellDone(t)
			h := &histories{open: map[string]bool{}, ambiguous: map[string]decision{}}
			c.spoil(w, all, h)
			found := strings.Join(append(w.compare(all), w.compareHistories(h, all)...), "\n")
			if c.want == "" {
				require.Empty(t, found)
				return
			}
			require.Contains(t, found, c.want)
		})
	}
}

// wellDone is a world in which all went well.
func wellDone(t *testing.T) (*world, *callers) {
	t.Helper()
	s := size{operations: 20, collections: 2, streams: 2, faults: time.Minute, seed: 1}
	w := &world{size: s, journal: &journal{}, service: newService(s)}
	all := s.callers()
	for _, o := range all.operations {
		for range 1 + len(s.operation(o.name).pushedBack) {
			r := httptest.NewRequest(http.MethodPost, "/"+o.service+"/jobs", strings.NewReader(`{"name":`+strconv.Quote(o.name)+`}`))
			r.Header.Set(keyHeader, o.name)
			w.service.ServeHTTP(httptest.NewRecorder(), r)
		}
		script := s.operation(o.name)
		remote := w.service.books.executed(o.name)[0]
		switch script.end {
		case "Failed":
			o.bad = &perdure.OperationError{Type: perdure.ErrorOperationFailed, Status: perdure.Status{
				Error: &perdure.ServiceError{Code: "Scripted", Message: strconv.FormatInt(script.answer, 10)},
			}}
		case "Canceled":
			o.bad = &perdure.OperationError{Type: perdure.ErrorCanceled, Status: perdure.Status{State: perdure.StateCanceled}}
		default:
			o.value = jobValue{o.name, remote, script.answer}
		}
	}
	for _, c := range all.collections {
		c.pages = s.collection(c.name)
	}
	for _, v := range all.streams {
		v.live, v.again = s.stream(v.name).events, s.stream(v.name).events
	}
	return w, all
}
