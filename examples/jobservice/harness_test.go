package jobservice_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/examples/jobservice"
)

func newService(t *testing.T, options jobservice.Options) *jobservice.Service {
	t.Helper()
	service, err := jobservice.New(options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, service.Close()) })
	return service
}

// reply is an answer that has been read.
type reply struct {
	status int
	header http.Header
	text   string
}

// object is what the tests look at in an answer's body.
type object struct {
	ID              string         `json:"id"`
	Object          string         `json:"object"`
	Name            string         `json:"name"`
	Status          string         `json:"status"`
	PercentComplete int            `json:"percentComplete"`
	FileCounts      map[string]int `json:"file_counts"`
	RequestCounts   map[string]int `json:"request_counts"`
	OutputFileID    string         `json:"output_file_id"`
	ErrorFileID     string         `json:"error_file_id"`
	CreatedAt       int64          `json:"created_at"`
	InProgressAt    int64          `json:"in_progress_at"`
	FinalizingAt    int64          `json:"finalizing_at"`
	CompletedAt     int64          `json:"completed_at"`
	CancellingAt    int64          `json:"cancelling_at"`
	CancelledAt     int64          `json:"cancelled_at"`
	LastError       message        `json:"last_error"`
	Errors          struct {
		Data []message `json:"data"`
	} `json:"errors"`

	Data    []object `json:"data"`
	HasMore bool     `json:"has_more"`
}

type message struct {
	Message string `json:"message"`
}

func (r reply) json(t *testing.T) object {
	t.Helper()
	var value object
	require.NoError(t, json.Unmarshal([]byte(r.text), &value), r.text)
	return value
}

// inMemory asks the service without a connection.
func inMemory(t *testing.T, service http.Handler, method, url, body string, header ...string) reply {
	t.Helper()
	recorder := httptest.NewRecorder()
	service.ServeHTTP(recorder, request(t, method, url, body, header...))
	return reply{recorder.Code, recorder.Result().Header, recorder.Body.String()}
}

// request has headers given as key, value, key, value.
func request(t *testing.T, method, url, body string, header ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// server is the service on a real connection.
type server struct {
	*httptest.Server
	client *http.Client
}

func serve(t *testing.T, service http.Handler) server {
	t.Helper()
	s := httptest.NewServer(service)
	t.Cleanup(s.Close)
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true}, // no request is sent twice
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return server{s, client}
}

func (s server) ask(t *testing.T, method, path, body string, header ...string) (reply, error) {
	t.Helper()
	response, err := s.client.Do(request(t, method, s.URL+path, body, header...))
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, string(text)}, err
}
