package jobservice_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/examples/jobservice"
)

func TestAFaultMeetsOnePage(t *testing.T) {
	for _, c := range conventions {
		t.Run(c.name, func(t *testing.T) {
			service := newService(t, jobservice.Options{Items: jobservice.ItemOptions{Count: 6, PerPage: 2}})
			server := serve(t, service)
			postFault(t, server, `{"path":"`+c.path+`","page":1,"times":2,"status":503,"headers":{"Retry-After":"1"}}`)
			postFault(t, server, `{"path":"`+c.path+`","page":2,"drop":"inAnswer"}`)

			var statuses []int
			at := c.first("")
			for more := true; more; {
				got, err := server.ask(t, at.method, at.url, at.body, at.header...)
				switch {
				case err != nil:
					statuses = append(statuses, 0)
				case got.status != 200:
					require.Equal(t, "1", got.header.Get("Retry-After"))
					statuses = append(statuses, got.status)
				default:
					_, at, more = c.items(t, at, got)
					at.url = strings.TrimPrefix(at.url, server.URL)
					statuses = append(statuses, 200)
				}
			}
			require.NoError(t, service.WaitFor(t.Context(), func(b jobservice.Books) bool { return len(b.Given()) == 3 }))
			require.Equal(t, []int{200, 503, 503, 200, 0, 200}, statuses)
			require.Equal(t, map[int]int{0: 1, 1: 3, 2: 2}, service.Books().Pages(c.path).PageCounts())
			require.Equal(t, map[int]int{0: 1, 1: 1, 2: 1}, service.Books().Given().PageCounts())
			require.Empty(t, service.Faults())

			var summary jobservice.Summary
			require.NoError(t, json.Unmarshal([]byte(inMemory(t, service, "GET", "/books/summary", "").text), &summary))
			require.Equal(t, map[string]map[int]int{c.path: {0: 1, 1: 3, 2: 2}}, summary.Pages)
		})
	}
}

func TestPagesComeThroughFaultsAtRandom(t *testing.T) {
	const pages = 200
	counts := map[uint64]map[int]int{}
	for _, seed := range []uint64{1, 1, 2} {
		service := newService(t, jobservice.Options{Items: jobservice.ItemOptions{Count: pages, PerPage: 1}})
		for _, fault := range jobservice.PageFaults("/v1beta/items", seed, 0.3) {
			fault.SlowMillis /= 100
			_, err := service.Inject(fault)
			require.NoError(t, err)
		}
		server := serve(t, service)
		c := conventions[2]
		at := c.first("")
		for more := true; more; {
			if got, err := server.ask(t, at.method, at.url, at.body); err == nil && got.status == 200 {
				_, at, more = c.items(t, at, got)
			}
		}
		require.NoError(t, service.WaitFor(t.Context(), func(b jobservice.Books) bool {
			return len(b.Given().PageCounts()) == pages
		}))
		books := service.Books().Pages("")
		met := 0
		for _, entry := range books {
			if entry.Fault != "" {
				met++
			}
		}
		require.InDelta(t, 0.3, float64(met)/float64(len(books)), 0.1)
		for _, fault := range service.Faults() {
			require.NotZero(t, fault.Hits)
		}
		if before, again := counts[seed]; again {
			require.Equal(t, before, books.PageCounts(), "the same seed draws the same")
		}
		counts[seed] = books.PageCounts()
	}
	require.NotEqual(t, counts[1], counts[2])
	require.Empty(t, jobservice.PageFaults("", 1, 0))
	for _, fault := range jobservice.PageFaults("", 0, 1) {
		_, err := newService(t, jobservice.Options{}).Inject(fault)
		require.NoError(t, err)
	}
}
