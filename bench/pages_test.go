package bench_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/worker"
)

// item is one of the sample service's.
type item struct {
	ID     string `json:"id"`
	Number int    `json:"number"`
	Text   string `json:"text"`
}

// BenchmarkPages reads collections of pages of 100 items of some 130 bytes: through a
// collection's workflow, page by page through tokens, and with a plain loop over the
// same service. One op is a page.
func BenchmarkPages(b *testing.B) {
	for _, way := range []struct {
		name string
		read func(b *testing.B, f *farm, pages int)
	}{
		{"a plain loop", plainLoop},
		{"a collection", collection},
		{"a collection, read again after it has closed", readAgain},
		{"a page at a time, by token", byToken},
	} {
		b.Run(way.name, func(b *testing.B) {
			f := newFarm(b, b.N)
			begin := cpu()
			b.ResetTimer()
			way.read(b, f, b.N)
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pages/s")
			b.ReportMetric(float64((cpu()-begin).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// farm is the sample service and a worker.
type farm struct {
	url string
	raw client.Client
	c   *starter.Client
}

func newFarm(b *testing.B, pages int) *farm {
	b.Helper()
	service, err := jobservice.New(jobservice.Options{Items: jobservice.ItemOptions{Count: 100 * pages, PerPage: 100, Padding: 80}})
	require.NoError(b, err)
	listener := httptest.NewServer(service)
	b.Cleanup(func() { listener.Close(); _ = service.Close() })
	f := &farm{url: listener.URL, raw: dial(b)}
	queue := "bench-" + strconv.Itoa(pages) + "-" + filepath.Base(listener.URL)
	f.c, err = starter.New(f.raw, starter.Options{TaskQueue: queue})
	require.NoError(b, err)
	serve(b, f.raw, queue, listener.URL)
	return f
}

// serve runs a worker, as it is deployed, within this process.
func serve(b *testing.B, c client.Client, queue, url string) {
	b.Helper()
	dir := b.TempDir()
	path := filepath.Join(dir, "perdure.yaml")
	require.NoError(b, os.WriteFile(path, []byte(fmt.Sprintf(`taskQueue: %s
tokens: {keysetFile: keyset.json}
worker: {drainSeconds: 1}
services:
  jobs: {baseURL: %q, allowPrivateNetwork: true}
`, queue, url)), 0o600))
	keyset(b, filepath.Join(dir, "keyset.json"))
	cfg, err := worker.Load(path)
	require.NoError(b, err)
	w, err := worker.New(c, cfg, worker.Options{Logger: quietLog})
	require.NoError(b, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	b.Cleanup(func() { stop(); require.NoError(b, <-done) })
}

func items() perdure.CollectionInput {
	return perdure.CollectionInput{Request: &perdure.Request{Service: "jobs", Method: http.MethodGet, URL: "/v1/items"}}
}

func plainLoop(b *testing.B, f *farm, pages int) {
	b.Helper()
	after := ""
	for range pages {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, f.url+"/v1/items?after="+after, nil)
		require.NoError(b, err)
		resp, err := http.DefaultClient.Do(r)
		require.NoError(b, err)
		var page struct {
			Data   []item `json:"data"`
			LastID string `json:"last_id"`
		}
		require.NoError(b, json.NewDecoder(resp.Body).Decode(&page))
		_ = resp.Body.Close()
		require.Len(b, page.Data, 100)
		after = page.LastID
	}
}

func collection(b *testing.B, f *farm, pages int) {
	b.Helper()
	c, err := starter.StartCollection[item](b.Context(), f.c, items(), nil)
	require.NoError(b, err)
	read(b, c, pages)
	b.StopTimer()
	bytes, events, runs := f.history(b, c)
	b.ReportMetric(float64(bytes)/float64(pages), "history-B/op")
	b.ReportMetric(float64(events)/float64(pages), "events/op")
	b.ReportMetric(float64(runs), "runs")
}

func read(b *testing.B, c *starter.Collection[item], pages int) {
	b.Helper()
	n := 0
	for page, err := range c.Pages(b.Context(), nil) {
		require.NoError(b, err)
		require.Len(b, page.Values, 100)
		n++
	}
	require.Equal(b, pages, n)
}

func readAgain(b *testing.B, f *farm, pages int) {
	b.Helper()
	c, err := starter.StartCollection[item](b.Context(), f.c, items(), nil)
	require.NoError(b, err)
	b.StopTimer()
	read(b, c, pages)
	b.StartTimer()
	read(b, c, pages)
}

func byToken(b *testing.B, f *farm, pages int) {
	b.Helper()
	in := items()
	for range pages {
		page, err := starter.GetPage[item](b.Context(), f.c, in, nil)
		require.NoError(b, err)
		require.Len(b, page.Values, 100)
		in = perdure.CollectionInput{Token: page.NextPageToken.Text()}
	}
}

// history is how much a collection has recorded, in all its runs.
func (f *farm) history(b *testing.B, c *starter.Collection[item]) (bytes, events int64, runs int) {
	b.Helper()
	s, err := c.Status(b.Context())
	require.NoError(b, err)
	for _, segment := range s.Segments {
		d, err := f.raw.DescribeWorkflowExecution(b.Context(), c.ID(), segment.RunID)
		require.NoError(b, err)
		bytes += d.GetWorkflowExecutionInfo().GetHistorySizeBytes()
		events += d.GetWorkflowExecutionInfo().GetHistoryLength()
	}
	return bytes, events, len(s.Segments)
}
