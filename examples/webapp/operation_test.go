package webapp_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/webapp"
)

var at = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// fill fills in the form as it was shown.
func fill(p page, name string) url.Values {
	_, rest, _ := strings.Cut(p.body, `name="form" value="`)
	form, _, _ := strings.Cut(rest, `"`)
	return url.Values{"form": {form}, "name": {name}}
}

func TestAFormStartsAnOperationAndItsAddressShowsIt(t *testing.T) {
	f, keys := newFake(t), newSessionKeys(t)
	f.build.Status = perdure.Status{
		State: perdure.StateRunning, PercentComplete: new(40.0), Progress: json.RawMessage(`{"completed":4,"total":10}`), Polls: 3, AsOf: at,
	}
	one := instance(t, webapp.Options{Items: f, Indexes: f, Sessions: keys})
	b := signedIn(t, one, "ada")
	form := b.get("/indexes/new")
	p := b.post("/indexes", fill(form, " handbook "))
	require.Equal(t, http.StatusOK, p.status)
	require.Contains(t, p.address, "/indexes?build=perdure1_")
	require.Equal(t, "Building", p.text("title"))
	require.Equal(t, "40", attribute(p.node("bar"), "value"))
	require.Contains(t, p.text("progress"), "4 of 10 files")
	require.Contains(t, p.text("progress"), "asked 3 times; this is as of 05:06:07 UTC")
	require.Contains(t, p.body, "live.js")
	require.Contains(t, p.body, "data-live")

	one.Close()
	two := instance(t, webapp.Options{Items: f, Indexes: f, Sessions: keys})
	b.at = two.URL
	f.build = webapp.Build{Status: perdure.Status{State: perdure.StateSucceeded, Done: true}, Index: webapp.Index{ID: "vs_1", Name: "handbook"}}
	p = b.get(p.address)
	require.Equal(t, "Built", p.text("title"))
	require.Equal(t, "vs_1", p.text("index"))
	require.NotContains(t, p.body, "live.js", "there is nothing more to wait for")
	require.Equal(t, []string{"ada start handbook", "ada look", "ada look"}, f.asked)
}

func TestEachFormHasANameOfItsOwn(t *testing.T) {
	f := newFake(t)
	b := signedIn(t, f.serve(), "ada")
	first, second := b.get("/indexes/new"), b.get("/indexes/new")
	require.NotEqual(t, fill(first, "x"), fill(second, "x"))
	b.post("/indexes", fill(first, "x"))
	b.post("/indexes", fill(first, "x"))
	require.Len(t, f.started, 1, "sent twice it is one")
	b.post("/indexes", fill(second, "x"))
	require.Len(t, f.started, 2)
}

func TestAnothersOperationIsRefused(t *testing.T) {
	f := newFake(t)
	server := f.serve()
	b := signedIn(t, server, "ada")
	address := b.post("/indexes", fill(b.get("/indexes/new"), "x")).address
	p := signedIn(t, server, "grace").get(address)
	require.Equal(t, http.StatusForbidden, p.status)
	require.Contains(t, p.body, "somebody else’s")
}

func TestAFormThatCannotBeTaken(t *testing.T) {
	tests := []struct {
		name   string
		change url.Values
		err    error
		status int
		says   string
	}{
		{"no name", url.Values{"name": {"  "}}, nil, 422, "1 to 80 characters"},
		{"a long name", url.Values{"name": {strings.Repeat("ü", 81)}}, nil, 422, "1 to 80 characters"},
		{"not UTF-8", url.Values{"name": {"\xff"}}, nil, 422, "1 to 80 characters"},
		{"the form's name is made up", url.Values{"form": {"../x"}}, nil, 422, "Give a name"},
		{"sent before with another name", nil, &perdure.OperationError{Type: perdure.ErrorIDConflict, Message: "x"}, 409, "sent before, with another name"},
		{
			"the service refuses", nil,
			&perdure.OperationError{Type: perdure.ErrorStartRejected, Status: perdure.Status{Error: &perdure.ServiceError{Code: "quota", Message: "No <b>room</b>."}}},
			502, "The service said: quota: No &lt;b&gt;room&lt;/b&gt;.",
		},
		{"its answer is lost", nil, &perdure.OperationError{Type: perdure.ErrorStartAmbiguous}, 502, "not known whether it was started"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t)
			f.err = tt.err
			b := signedIn(t, f.serve(), "ada")
			form := fill(b.get("/indexes/new"), "handbook")
			maps.Copy(form, tt.change)
			p := b.post("/indexes", form)
			require.Equal(t, tt.status, p.status)
			require.Contains(t, p.body, tt.says)
			if tt.err == nil {
				require.Empty(t, f.asked)
			}
		})
	}
}

// Trying again sends the same form, which is the same operation.
func TestAStartThatTakesTooLongIsTriedAgain(t *testing.T) {
	f := newFake(t)
	f.linger = true
	b := signedIn(t, instance(t, webapp.Options{Items: f, Indexes: f, Patience: 20 * time.Millisecond}), "ada")
	form := fill(b.get("/indexes/new"), "handbook")
	p := b.post("/indexes", form)
	require.Equal(t, http.StatusGatewayTimeout, p.status)
	require.Equal(t, form.Get("form"), fill(p, "").Get("form"))
	require.Contains(t, p.body, `value="handbook"`)

	f.linger = false
	require.Equal(t, http.StatusOK, b.post("/indexes", form).status)
}

func TestHowAnOperationGoes(t *testing.T) {
	trouble := &perdure.TimedError{At: at, Error: perdure.ServiceError{HTTPStatus: 503, Code: "overloaded"}}
	tests := []struct {
		name   string
		status perdure.Status
		title  string
		says   []string
		live   bool
	}{
		{"starting", perdure.Status{State: perdure.StateStarting}, "Starting", nil, true},
		{"running, the service does not say how far", perdure.Status{State: perdure.StateRunning}, "Building", nil, true},
		{"the service is down", perdure.Status{State: perdure.StateRunning, LastError: trouble}, "Building", []string{"could not be asked at 05:06:07 UTC (overloaded)"}, true},
		{"no worker is running", perdure.Status{State: perdure.StateRunning, Stale: true}, "Building", []string{"what was known last"}, true},
		{"canceling", perdure.Status{State: perdure.StateCanceling}, "Stopping", nil, true},
		{"ambiguous", perdure.Status{State: perdure.StateAmbiguous}, "Not known", nil, true},
		{"failed", perdure.Status{State: perdure.StateFailed, Done: true, Error: &perdure.ServiceError{Code: "expired"}}, "Failed", []string{"The service said: expired"}, false},
		{"canceled", perdure.Status{State: perdure.StateCanceled, Done: true}, "Stopped", nil, false},
		{"nobody knows", perdure.Status{State: perdure.StateUnknown, Done: true, Stale: true, LastError: trouble}, "Not known", nil, false},
	}
	f := newFake(t)
	b := signedIn(t, f.serve(), "ada")
	address := b.post("/indexes", fill(b.get("/indexes/new"), "x")).address
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f.build.Status = tt.status
			p := b.get(address)
			require.Equal(t, http.StatusOK, p.status)
			require.Equal(t, tt.title, p.text("title"))
			for _, words := range tt.says {
				require.Contains(t, p.text("progress"), words)
			}
			require.Equal(t, tt.live, p.node("main") != nil && strings.Contains(p.body, "data-live"))
			require.NotContains(t, attribute(p.node("bar"), "value"), "0", "it is not known how far")
		})
	}
}

func TestAnOperationWithoutAToken(t *testing.T) {
	b := signedIn(t, newFake(t).serve(), "ada")
	require.Equal(t, "/indexes/new", b.get("/indexes").address)
	require.Equal(t, http.StatusBadRequest, b.get("/indexes?build=perdure1_AAAA").status)
}
