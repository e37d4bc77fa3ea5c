package jobservice_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/examples/jobservice"
)

const batchBody = `{"input_file_id":"file-1","endpoint":"/v1/responses","completion_window":"24h","metadata":%s}`

func TestAVectorStoreGoesByTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := newService(t, jobservice.Options{PollAfter: 250 * time.Millisecond})
		started := inMemory(t, service, "POST", "/v1/vector_stores", `{"name":"docs","metadata":{"seconds":"10"}}`)
		require.Equal(t, 200, started.status)
		require.Equal(t, "250", started.header.Get("openai-poll-after-ms"))
		store := started.json(t)
		require.Equal(t, "vector_store", store.Object)
		require.Equal(t, "docs", store.Name)
		require.Regexp(t, `^vs_`, store.ID)
		url := "/v1/vector_stores/" + store.ID

		tests := []struct {
			after         time.Duration
			status        string
			completed     int
			asksForPauses bool
		}{
			{0, "in_progress", 0, true},
			{4 * time.Second, "in_progress", 4, true},
			{5999 * time.Millisecond, "in_progress", 9, true},
			{time.Millisecond, "completed", 10, false},
			{time.Hour, "completed", 10, false},
		}
		for _, test := range tests {
			time.Sleep(test.after)
			polled := inMemory(t, service, "GET", url, "")
			require.Equal(t, test.asksForPauses, polled.header.Get("openai-poll-after-ms") != "")
			store := polled.json(t)
			require.Equal(t, test.status, store.Status)
			require.Equal(t, map[string]int{
				"in_progress": 10 - test.completed, "completed": test.completed, "failed": 0, "cancelled": 0, "total": 10,
			}, store.FileCounts)
		}
	})
}

func TestAVectorStoreGoesByPolls(t *testing.T) {
	service := newService(t, jobservice.Options{Steps: 3})
	started := inMemory(t, service, "POST", "/v1/vector_stores", `{"file_ids":["a","b","c"]}`).json(t)
	require.Equal(t, "in_progress", started.Status)
	id := started.ID
	for _, want := range []string{"in_progress", "in_progress", "completed", "completed"} {
		inMemory(t, service, "GET", "/v1/vector_stores", "") // to be listed is not a poll
		require.Equal(t, want, inMemory(t, service, "GET", "/v1/vector_stores/"+id, "").json(t).Status)
	}
	last := service.Books().Polls(id)[2]
	require.Equal(t, "completed", last.State)
	require.True(t, last.Done)
}

func TestAVectorStoreThatFailsExpires(t *testing.T) {
	service := newService(t, jobservice.Options{})
	store := inMemory(t, service, "POST", "/v1/vector_stores", `{"metadata":{"seconds":"0","fail":"disk full"}}`).json(t)
	require.Equal(t, "expired", store.Status)
	require.Equal(t, "disk full", store.LastError.Message)
}

func TestABatchRunsThroughItsStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := newService(t, jobservice.Options{})
		body := fmt.Sprintf(batchBody, `{"seconds":"100","requests":"20","failed_requests":"2"}`)
		started := inMemory(t, service, "POST", "/v1/batches", body).json(t)
		url := "/v1/batches/" + started.ID
		created := started.CreatedAt

		tests := []struct {
			at                time.Duration
			status            string
			total, done, fail int
		}{
			{0, "validating", 0, 0, 0},
			{25 * time.Second, "in_progress", 20, 0, 0},
			{50 * time.Second, "in_progress", 20, 10, 0},
			{75 * time.Second, "finalizing", 20, 18, 2},
			{100 * time.Second, "completed", 20, 18, 2},
		}
		begun := time.Now()
		var last object
		for _, test := range tests {
			time.Sleep(test.at - time.Since(begun))
			last = inMemory(t, service, "GET", url, "").json(t)
			require.Equal(t, test.status, last.Status)
			require.Equal(t, map[string]int{"total": test.total, "completed": test.done, "failed": test.fail}, last.RequestCounts)
		}
		require.NotEmpty(t, last.OutputFileID)
		require.NotEmpty(t, last.ErrorFileID)
		require.Equal(t, created+25, last.InProgressAt)
		require.Equal(t, created+75, last.FinalizingAt)
		require.Equal(t, created+100, last.CompletedAt)
		require.Equal(t, 409, inMemory(t, service, "POST", url+"/cancel", "").status)
	})
}

func TestABatchIsCanceledAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := newService(t, jobservice.Options{Duration: 100 * time.Second, CancelDuration: 10 * time.Second})
		url := "/v1/batches/" + inMemory(t, service, "POST", "/v1/batches", fmt.Sprintf(batchBody, "{}")).json(t).ID
		time.Sleep(50 * time.Second)
		require.Equal(t, "cancelling", inMemory(t, service, "POST", url+"/cancel", "").json(t).Status)
		time.Sleep(9 * time.Second)
		require.Equal(t, "cancelling", inMemory(t, service, "GET", url, "").json(t).Status)
		require.Equal(t, "cancelling", inMemory(t, service, "POST", url+"/cancel", "").json(t).Status)
		time.Sleep(time.Second)
		canceled := inMemory(t, service, "GET", url, "").json(t)
		require.Equal(t, "cancelled", canceled.Status)
		require.Equal(t, map[string]int{"total": 10, "completed": 5, "failed": 0}, canceled.RequestCounts)
		require.Equal(t, canceled.CancellingAt+10, canceled.CancelledAt)
		require.NotEmpty(t, canceled.OutputFileID)
	})
}

func TestABatchThatGoesByPollsIsCanceledByOne(t *testing.T) {
	service := newService(t, jobservice.Options{Steps: 4})
	url := "/v1/batches/" + inMemory(t, service, "POST", "/v1/batches", fmt.Sprintf(batchBody, "{}")).json(t).ID
	require.Equal(t, "in_progress", inMemory(t, service, "GET", url, "").json(t).Status)
	require.Equal(t, "cancelling", inMemory(t, service, "POST", url+"/cancel", "").json(t).Status)
	require.Equal(t, "cancelled", inMemory(t, service, "GET", url, "").json(t).Status)
}

func TestABatchFails(t *testing.T) {
	service := newService(t, jobservice.Options{})
	batch := inMemory(t, service, "POST", "/v1/batches", fmt.Sprintf(batchBody, `{"seconds":"0","fail":"no such model"}`)).json(t)
	require.Equal(t, "failed", batch.Status)
	require.Equal(t, map[string]int{"total": 10, "completed": 0, "failed": 10}, batch.RequestCounts)
	errors := batch.Errors.Data
	require.Equal(t, "no such model", errors[0].Message)
}

func TestAJobIsAskedForAtItsLocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := newService(t, jobservice.Options{PollAfter: 1500 * time.Millisecond})
		body := `{"name":"nightly","seconds":10,"big":12345678901234567890.10}`
		started := inMemory(t, service, "POST", "/jobs", body)
		require.Equal(t, 202, started.status)
		require.Equal(t, "2", started.header.Get("Retry-After"))
		location := started.header.Get("Location")
		require.Regexp(t, `^/jobs/job_`, location)

		time.Sleep(4 * time.Second)
		running := inMemory(t, service, "GET", location, "")
		require.Equal(t, 202, running.status)
		require.Equal(t, "2", running.header.Get("Retry-After"))
		require.Equal(t, 40, running.json(t).PercentComplete)
		require.Equal(t, 404, inMemory(t, service, "GET", location+"/result", "").status)

		time.Sleep(6 * time.Second)
		done := inMemory(t, service, "GET", location, "")
		require.Equal(t, 303, done.status)
		require.Equal(t, location+"/result", done.header.Get("Location"))
		require.Empty(t, done.header.Get("Retry-After"))
		result := inMemory(t, service, "GET", location+"/result", "")
		require.Equal(t, 200, result.status)
		require.Contains(t, result.text, `"request":`+body)
		require.Equal(t, "succeeded", result.json(t).Status)
		require.Equal(t, 409, inMemory(t, service, "DELETE", location, "").status)
	})
}

func TestAJobEndsAsItsRequestWants(t *testing.T) {
	tests := []struct {
		name, body string
		status     int
		contains   string
	}{
		{"inline", `{"seconds":0,"end":"inline"}`, 200, `"status":"succeeded"`},
		{"absolute", `{"seconds":0,"location":"absolute"}`, 303, ``},
		{"failed", `{"seconds":0,"fail":"out of paper"}`, 422, `"message":"out of paper","type":"job_error","param":null,"code":"job_failed"`},
		{"failed with a status", `{"seconds":0,"fail":"out of paper","failStatus":500}`, 500, `out of paper`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			service := newService(t, jobservice.Options{})
			location := inMemory(t, service, "POST", "http://jobs.test/jobs", test.body).header.Get("Location")
			if test.name == "absolute" {
				require.Regexp(t, `^http://jobs\.test/jobs/`, location)
			}
			done := inMemory(t, service, "GET", location, "")
			require.Equal(t, test.status, done.status)
			require.Contains(t, done.text, test.contains)
		})
	}
}

func TestACanceledJobIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := newService(t, jobservice.Options{CancelDuration: 2 * time.Second})
		location := inMemory(t, service, "POST", "/jobs", `{"name":"a"}`).header.Get("Location")
		require.Equal(t, 202, inMemory(t, service, "DELETE", location, "").status)
		require.Equal(t, "canceling", inMemory(t, service, "GET", location, "").json(t).Status)
		time.Sleep(2 * time.Second)
		gone := inMemory(t, service, "GET", location, "")
		require.Equal(t, 410, gone.status)
		require.Contains(t, gone.text, `"code":"canceled"`)
		require.Equal(t, 204, inMemory(t, service, "DELETE", location, "").status)
	})
}

func TestListsArePaged(t *testing.T) {
	service := newService(t, jobservice.Options{})
	var ids []string
	for range 5 {
		ids = append(ids, inMemory(t, service, "POST", "/v1/vector_stores", `{}`).json(t).ID)
	}
	idsOf := func(url string) (got []string, more bool) {
		page := inMemory(t, service, "GET", url, "").json(t)
		for _, item := range page.Data {
			got = append(got, item.ID)
		}
		return got, page.HasMore
	}
	got, more := idsOf("/v1/vector_stores?limit=2&order=asc")
	require.Equal(t, ids[:2], got)
	require.True(t, more)
	got, more = idsOf("/v1/vector_stores?limit=2&order=asc&after=" + ids[2])
	require.Equal(t, ids[3:], got)
	require.False(t, more)
	got, _ = idsOf("/v1/vector_stores?limit=1")
	require.Equal(t, ids[4:], got)
	require.Contains(t, inMemory(t, service, "GET", "/v1/batches", "").text, `"data":[]`)
}

func TestJobsAreFoundByTheirTag(t *testing.T) {
	service := newService(t, jobservice.Options{})
	inMemory(t, service, "POST", "/jobs", `{"tag":"a"}`)
	id := inMemory(t, service, "POST", "/jobs", `{"tag":"b"}`).json(t).ID
	inMemory(t, service, "POST", "/jobs", `{"tag":"c"}`)
	page := inMemory(t, service, "GET", "/jobs?tag=b", "").json(t)
	require.Len(t, page.Data, 1)
	require.Equal(t, id, page.Data[0].ID)
	require.Contains(t, inMemory(t, service, "GET", "/jobs?tag=d", "").text, `"data":[]`)
}

func TestWhatIsWrongIsRefused(t *testing.T) {
	tests := []struct {
		name, method, url, body string
		status                  int
		contains                string
	}{
		{"no JSON", "POST", "/v1/vector_stores", `{`, 400, "no JSON object"},
		{"metadata that is no text", "POST", "/v1/vector_stores", `{"metadata":{"seconds":5}}`, 400, "metadata"},
		{"bad seconds", "POST", "/v1/vector_stores", `{"metadata":{"seconds":"soon"}}`, 400, "metadata.seconds"},
		{"not a number", "POST", "/v1/vector_stores", `{"metadata":{"seconds":"NaN"}}`, 400, "metadata.seconds"},
		{"bad steps", "POST", "/jobs", `{"steps":0}`, 400, "steps"},
		{"bad location", "POST", "/jobs", `{"location":"here"}`, 400, "location"},
		{"bad end", "POST", "/jobs", `{"end":"never"}`, 400, "end"},
		{"bad fail status", "POST", "/jobs", `{"failStatus":200}`, 400, "failStatus"},
		{"no input file", "POST", "/v1/batches", `{}`, 400, "input_file_id"},
		{"bad count", "POST", "/v1/batches", fmt.Sprintf(batchBody, `{"requests":"many"}`), 400, "metadata.requests"},
		{"unknown operation", "GET", "/jobs/job_1", "", 404, "No such job"},
		{"another kind's operation", "GET", "/v1/batches/vs_1", "", 404, "No such batch"},
		{"unknown cursor", "GET", "/v1/batches?after=x", "", 400, `"param":"after"`},
		{"bad limit", "GET", "/v1/batches?limit=0", "", 400, `"param":"limit"`},
		{"bad order", "GET", "/v1/batches?order=up", "", 400, `"param":"order"`},
		{"unknown URL", "GET", "/v2", "", 404, "Unknown request URL"},
		{"a vector store cannot be canceled", "POST", "/v1/vector_stores/vs_1/cancel", "", 404, "Unknown request URL"},
		{"wrong method", "PUT", "/jobs/job_1", "", 405, "Not allowed"},
		{"too long", "POST", "/jobs", `{"name":"` + string(make([]byte, jobservice.MaxBodyBytes)) + `"}`, 413, "too long"},
	}
	service := newService(t, jobservice.Options{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := inMemory(t, service, test.method, test.url, test.body)
			require.Equal(t, test.status, got.status)
			require.Contains(t, got.text, `"code":`)
			require.Contains(t, got.text, test.contains)
		})
	}
	require.Len(t, service.Books(), len(tests))
	require.Empty(t, service.Books().Starts())
}
