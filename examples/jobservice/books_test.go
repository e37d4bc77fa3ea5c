package jobservice_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/examples/jobservice"
)

func TestTheBooksTellWhatCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := newService(t, jobservice.Options{})
		begun := time.Now()
		id := inMemory(t, service, "POST", "/v1/batches?x=1", `{"input_file_id":"f","endpoint":"/e","completion_window":"24h"}`,
			"X-Name", "v", "Authorization", "Bearer secret", "Cookie", "c=1", "X-Api-Key", "k").json(t).ID
		for _, gap := range []time.Duration{time.Second, 2 * time.Second, 3 * time.Second} {
			time.Sleep(gap)
			inMemory(t, service, "GET", "/v1/batches/"+id, "")
		}
		inMemory(t, service, "POST", "/v1/batches/"+id+"/cancel", "")

		books := service.Books()
		require.Len(t, books, 5)
		require.Equal(t, jobservice.Entry{
			Number: 1, At: begun.UTC(), Method: "POST", Path: "/v1/batches", Query: "x=1",
			Headers: map[string][]string{"X-Name": {"v"}},
			Body:    `{"input_file_id":"f","endpoint":"/e","completion_window":"24h"}`,
			Kind:    jobservice.Batch, Action: jobservice.Start, Operation: id,
			Status: 200, State: "validating", Written: true, WrittenAt: begun.UTC(),
		}, books[0])
		require.Equal(t, []time.Duration{2 * time.Second, 3 * time.Second}, books.Gaps(id))
		require.Len(t, books.Cancels(id), 1)
		require.Equal(t, []string{id}, books.Operations())

		var summary jobservice.Summary
		require.NoError(t, json.Unmarshal([]byte(inMemory(t, service, "GET", "/books/summary", "").text), &summary))
		require.Equal(t, jobservice.Summary{
			Requests:   5,
			Starts:     map[jobservice.Kind]int{jobservice.Batch: 1},
			Repeated:   map[jobservice.Kind]int{},
			Operations: map[jobservice.Kind]int{jobservice.Batch: 1},
			Polls:      3,
			ByOperation: map[string]jobservice.OperationSummary{
				id: {Kind: jobservice.Batch, Starts: 1, Polls: 3, Cancels: 1, State: "completed", GapsMillis: []int64{2000, 3000}},
			},
		}, summary)
		var overHTTP jobservice.Books
		require.NoError(t, json.Unmarshal([]byte(inMemory(t, service, "GET", "/books", "").text), &overHTTP))
		require.Len(t, overHTTP, 5)
	})
}

func TestAStartIsRepeatedByItsKey(t *testing.T) {
	const body = `{"name":"a"}`
	for _, path := range []string{"/v1/vector_stores", "/jobs"} {
		t.Run(path, func(t *testing.T) {
			service := newService(t, jobservice.Options{})
			first := inMemory(t, service, "POST", path, body, "Idempotency-Key", "k1")
			again := inMemory(t, service, "POST", path, body, "Idempotency-Key", "k1")
			other := inMemory(t, service, "POST", path, body, "Idempotency-Key", "k2")
			clash := inMemory(t, service, "POST", path, `{"name":"b"}`, "Idempotency-Key", "k1")
			none := inMemory(t, service, "POST", path, body)

			require.Equal(t, first.json(t).ID, again.json(t).ID)
			require.Equal(t, first.status, again.status)
			require.Equal(t, first.header.Get("Location"), again.header.Get("Location"))
			require.Equal(t, "true", again.header.Get("Idempotency-Replayed"))
			require.NotEqual(t, first.json(t).ID, other.json(t).ID)
			require.Equal(t, 422, clash.status)
			require.NotEqual(t, first.json(t).ID, none.json(t).ID)

			books := service.Books()
			require.Equal(t, []bool{false, true, false, false, false},
				[]bool{books[0].Repeated, books[1].Repeated, books[2].Repeated, books[3].Repeated, books[4].Repeated})
			require.Len(t, books.Starts(), 4)
			require.Len(t, books.Operations(), 3)
		})
	}
}

func TestWithoutIdempotencyEveryPostStarts(t *testing.T) {
	service := newService(t, jobservice.Options{NoIdempotency: true})
	for range 2 {
		inMemory(t, service, "POST", "/jobs", `{}`, "Idempotency-Key", "k1")
	}
	require.Len(t, service.Books().Operations(), 2)
}

func TestCredentialsAreDemandedAndNeverBooked(t *testing.T) {
	service := newService(t, jobservice.Options{BearerToken: "s3cret", APIKey: "k3y", APIKeyHeader: "x-key"})
	tests := []struct {
		name   string
		header []string
		want   int
	}{
		{"both", []string{"Authorization", "Bearer s3cret", "X-Key", "k3y", "X-Copy", "s3cret"}, 200},
		{"no key", []string{"Authorization", "Bearer s3cret"}, 401},
		{"wrong key", []string{"Authorization", "Bearer s3cret", "X-Key", "s3cret"}, 401},
		{"no token", []string{"X-Key", "k3y"}, 401},
		{"wrong token", []string{"Authorization", "Bearer k3y", "X-Key", "k3y"}, 401},
		{"none", nil, 401},
	}
	for _, test := range tests {
		for _, url := range []string{"/v1/batches?key=k3y", "/books", "/books/summary", "/faults"} {
			got := inMemory(t, service, "GET", url, "", test.header...)
			require.Equal(t, test.want, got.status, "%s %s", test.name, url)
			if got.status == 401 {
				require.NotEmpty(t, got.header.Get("WWW-Authenticate"))
			}
		}
	}
	inMemory(t, service, "POST", "/jobs", `{}`)
	require.Empty(t, service.Books().Starts(), "a start without credentials starts nothing")
	books, err := json.Marshal(service.Books())
	require.NoError(t, err)
	require.NotContains(t, string(books), "s3cret")
	require.NotContains(t, string(books), "k3y")
	require.NotContains(t, string(books), "Authorization")
}

func TestTheBooksForgetTheOldest(t *testing.T) {
	service := newService(t, jobservice.Options{MaxEntries: 3, MaxOperations: 2})
	first := inMemory(t, service, "POST", "/jobs", `{}`, "Idempotency-Key", "k").header.Get("Location")
	for range 4 {
		inMemory(t, service, "POST", "/jobs", `{}`)
	}
	books := service.Books()
	require.Len(t, books, 3)
	require.Equal(t, 3, books[0].Number)
	require.Equal(t, 5, books[2].Number)
	require.True(t, books[2].Written)
	require.Equal(t, 404, inMemory(t, service, "GET", first, "").status)
	inMemory(t, service, "POST", "/jobs", `{}`, "Idempotency-Key", "k")
	require.False(t, service.Books()[2].Repeated)
}

func TestWaitForSeesEveryChange(t *testing.T) {
	service := newService(t, jobservice.Options{})
	const jobs = 50
	var group sync.WaitGroup
	group.Go(func() {
		err := service.WaitFor(t.Context(), func(b jobservice.Books) bool {
			return len(b.Operations()) == jobs && b[len(b)-1].Written
		})
		if err != nil {
			t.Error(err)
		}
	})
	for range jobs {
		group.Go(func() { inMemory(t, service, "POST", "/jobs", `{}`) })
	}
	group.Wait()
	for i, entry := range service.Books() {
		require.Equal(t, i+1, entry.Number)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, service.WaitFor(ctx, func(jobservice.Books) bool { return false }), context.Canceled)
}

func TestTheBooksFileIsWrittenBeforeTheAnswer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "books.jsonl")
	service := newService(t, jobservice.Options{BooksFile: file})
	hold, err := service.Inject(jobservice.Fault{Action: jobservice.Start, HoldUntilReleased: true})
	require.NoError(t, err)
	server := serve(t, service)

	answered := make(chan error, 1)
	go func() {
		_, err := server.ask(t, "POST", "/jobs", `{"name":"a"}`)
		answered <- err
	}()
	require.NoError(t, service.WaitFor(t.Context(), func(b jobservice.Books) bool { return len(b.Starts()) == 1 }))
	books := readBooks(t, file)
	require.Len(t, books, 1)
	require.Equal(t, 202, books[0].Status)
	require.NotEmpty(t, books[0].Operation)
	require.False(t, books[0].Written)

	require.True(t, service.Release(hold))
	require.NoError(t, <-answered)
	require.NoError(t, service.WaitFor(t.Context(), func(b jobservice.Books) bool { return b[0].Written }))
	require.Equal(t, service.Books(), readBooks(t, file))
}

func readBooks(t *testing.T, file string) jobservice.Books {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	books, err := jobservice.ReadBooks(bytes.NewReader(text))
	require.NoError(t, err)
	for i := range books {
		require.False(t, books[i].At.IsZero())
	}
	return books
}

func TestAServiceGoesOnFromItsBooks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "books.jsonl")
	options := jobservice.Options{BooksFile: file, Steps: 3}
	const body = `{"input_file_id":"f","endpoint":"/e","completion_window":"24h"}`

	before, err := jobservice.New(options)
	require.NoError(t, err)
	started := inMemory(t, before, "POST", "/v1/batches", body, "Idempotency-Key", "k").json(t)
	location := inMemory(t, before, "POST", "/jobs", `{"name":"a"}`).header.Get("Location")
	url := "/v1/batches/" + started.ID
	inMemory(t, before, "GET", url, "")
	inMemory(t, before, "DELETE", location, "")
	require.NoError(t, before.Close())
	torn, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = torn.WriteString(`{"number":5,"at":`)
	require.NoError(t, err)
	require.NoError(t, torn.Close())

	after := newService(t, options)
	require.Len(t, after.Books(), 4)
	again := inMemory(t, after, "POST", "/v1/batches", body, "Idempotency-Key", "k").json(t)
	require.Equal(t, started.ID, again.ID)
	require.Equal(t, "in_progress", again.Status)
	inMemory(t, after, "GET", url, "")
	require.Equal(t, "completed", inMemory(t, after, "GET", url, "").json(t).Status)
	require.Equal(t, 410, inMemory(t, after, "GET", location, "").status)
	require.Equal(t, 8, after.Books()[7].Number)
	require.Len(t, readBooks(t, file), 8)
}

func TestWhatIsNoBooksFileIsRefused(t *testing.T) {
	for _, text := range []string{"hello\n", `{"number":2}` + "\n", `{"number":1,"action":"start","operation":"x","kind":"cake"}` + "\n"} {
		file := filepath.Join(t.TempDir(), "books.jsonl")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, err := jobservice.New(jobservice.Options{BooksFile: file})
		require.ErrorContains(t, err, "jobservice: books")
	}
}
