package jobservice_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/examples/jobservice"
)

func TestAConnectionIsDropped(t *testing.T) {
	tests := []struct {
		drop             jobservice.Drop
		booked           string // the body
		started, written bool
	}{
		{jobservice.DropBeforeRead, "", false, false},
		{jobservice.DropAfterRead, `{"name":"a"}`, false, false},
		{jobservice.DropBeforeAnswer, `{"name":"a"}`, true, false},
		{jobservice.DropInAnswer, `{"name":"a"}`, true, false},
	}
	for _, test := range tests {
		t.Run(string(test.drop), func(t *testing.T) {
			service := newService(t, jobservice.Options{})
			id, err := service.Inject(jobservice.Fault{Action: jobservice.Start, Drop: test.drop})
			require.NoError(t, err)
			server := serve(t, service)

			_, err = server.ask(t, "POST", "/jobs", `{"name":"a"}`)
			require.Error(t, err)
			require.True(t, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET), err)
			entry := service.Books()[0]
			require.Equal(t, test.booked, entry.Body)
			require.Equal(t, test.started, entry.Operation != "")
			require.Equal(t, test.written, entry.Written)
			require.Equal(t, id, entry.Fault)

			next, err := server.ask(t, "POST", "/jobs", `{"name":"a"}`)
			require.NoError(t, err)
			require.Equal(t, 202, next.status)
			require.Empty(t, service.Books()[1].Fault)
		})
	}
}

func TestAnAnswerIsHeldUntilReleased(t *testing.T) {
	service := newService(t, jobservice.Options{})
	server := serve(t, service)
	id := postFault(t, server, `{"action":"start","skip":1,"holdUntilReleased":true}`)

	_, err := server.ask(t, "POST", "/jobs", `{}`) // the first is let through
	require.NoError(t, err)
	answered := make(chan reply, 1)
	go func() {
		got, err := server.ask(t, "POST", "/jobs", `{}`)
		if err != nil {
			t.Error(err)
		}
		answered <- got
	}()
	require.NoError(t, service.WaitFor(t.Context(), func(b jobservice.Books) bool { return len(b.Operations()) == 2 }))
	faults, err := server.ask(t, "GET", "/faults", "")
	require.NoError(t, err)
	require.Contains(t, faults.text, `"hits":1,"holding":1`)
	require.Empty(t, answered)

	released, err := server.ask(t, "POST", "/faults/"+id+"/release", "")
	require.NoError(t, err)
	require.Equal(t, 204, released.status)
	require.Equal(t, 202, (<-answered).status)
	require.Empty(t, service.Faults())
	released, err = server.ask(t, "POST", "/faults/"+id+"/release", "")
	require.NoError(t, err)
	require.Equal(t, 404, released.status)
}

func TestAHeldAnswerEndsWithItsClient(t *testing.T) {
	service := newService(t, jobservice.Options{})
	_, err := service.Inject(jobservice.Fault{Action: jobservice.Start, HoldMillis: int(time.Hour.Milliseconds())})
	require.NoError(t, err)
	server := serve(t, service)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { // the client dies while the answer is on its way
		_ = service.WaitFor(t.Context(), func(b jobservice.Books) bool { return len(b.Starts()) == 1 })
		cancel()
	}()
	response, err := server.client.Do(request(t, "POST", server.URL+"/jobs", `{}`).WithContext(ctx))
	if err == nil {
		_ = response.Body.Close() // and the test fails
	}
	require.ErrorIs(t, err, context.Canceled)
	server.Close() // returns when the request has ended
	require.False(t, service.Books()[0].Written)
	require.Equal(t, 202, service.Books()[0].Status)
}

func TestAnotherAnswerIsGiven(t *testing.T) {
	service := newService(t, jobservice.Options{})
	server := serve(t, service)
	postFault(t, server, `{"method":"post","path":"/v1/*","times":2,"status":503,"headers":{"Retry-After":"1"},"body":{"a":1}}`)
	postFault(t, server, `{"path":"/v1/**","status":500,"afterHandling":true}`)

	for range 2 {
		got, err := server.ask(t, "POST", "/v1/vector_stores", `{}`)
		require.NoError(t, err)
		require.Equal(t, 503, got.status)
		require.Equal(t, "1", got.header.Get("Retry-After"))
		require.JSONEq(t, `{"a":1}`, got.text)
	}
	require.Empty(t, service.Books().Starts())

	got, err := server.ask(t, "POST", "/v1/vector_stores", `{}`)
	require.NoError(t, err)
	require.Equal(t, 500, got.status)
	require.Len(t, service.Books().Operations(), 1, "a 500, and yet it was started")
	require.Empty(t, service.Faults())
}

func TestPollsAreHeldAndSlow(t *testing.T) {
	service := newService(t, jobservice.Options{})
	server := serve(t, service)
	started, err := server.ask(t, "POST", "/jobs", `{}`)
	require.NoError(t, err)
	location := started.header.Get("Location")
	postFault(t, server, `{"action":"poll","holdMs":20}`)
	postFault(t, server, `{"action":"poll","slowMs":20,"times":-1}`)
	for range 3 {
		begun := time.Now()
		got, err := server.ask(t, "GET", location, "")
		require.NoError(t, err)
		require.Equal(t, 202, got.status)
		require.Equal(t, "running", got.json(t).Status)
		require.GreaterOrEqual(t, time.Since(begun), 10*time.Millisecond)
	}
	require.Len(t, service.Faults(), 1, "the one for all requests stays")
	cleared, err := server.ask(t, "DELETE", "/faults", "")
	require.NoError(t, err)
	require.Equal(t, 204, cleared.status)
	require.Empty(t, service.Faults())
	require.Len(t, service.Books(), 4, "what is about faults is not booked")
}

func TestAFaultWithATypoIsRefused(t *testing.T) {
	service := newService(t, jobservice.Options{})
	for _, body := range []string{
		`{}`, `{"drop":"sometimes"}`, `{"action":"begin","status":500}`, `{"status":99}`, `{"hold":5}`, `{"holdMs":-1}`,
		`{"status":500,"times":-2}`, `{"status":500,"skip":-1}`, `{"headers":{"A":"b"},"slowMs":1}`, `{"path":"[","status":500}`, `{`, `{"status":500} {}`, `{"drop":"afterRead","holdMs":1}`,
		`{"status":500,"page":-1}`, `{"status":500,"chance":2}`, `{"status":500,"seed":1}`,
	} {
		got := inMemory(t, service, "POST", "/faults", body)
		require.Equal(t, 400, got.status, body)
	}
	require.Empty(t, service.Faults())
	_, err := service.Inject(jobservice.Fault{ID: "a", Status: 500})
	require.NoError(t, err)
	_, err = service.Inject(jobservice.Fault{ID: "a", Status: 500})
	require.ErrorContains(t, err, "id")
	require.Equal(t, http.StatusMethodNotAllowed, inMemory(t, service, "PUT", "/faults", "").status)
}

func postFault(t *testing.T, s server, body string) (id string) {
	t.Helper()
	got, err := s.ask(t, "POST", "/faults", body)
	require.NoError(t, err)
	require.Equal(t, 201, got.status, got.text)
	return got.json(t).ID
}
