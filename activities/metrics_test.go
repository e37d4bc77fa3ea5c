package activities_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/perduretest"
)

// tally counts in memory, by name and tags.
type tally struct {
	*tallied
	tags map[string]string
}

type tallied struct {
	mu     sync.Mutex
	counts map[string]int64
	times  map[string][]time.Duration
}

func newTally() tally {
	return tally{&tallied{counts: map[string]int64{}, times: map[string][]time.Duration{}}, nil}
}

func (c tally) WithTags(tags map[string]string) client.MetricsHandler {
	all := maps.Clone(tags)
	maps.Copy(all, c.tags)
	return tally{c.tallied, all}
}

// series is "name key=value …".
func (c tally) series(name string) string {
	parts := []string{name}
	for _, key := range slices.Sorted(maps.Keys(c.tags)) {
		parts = append(parts, key+"="+c.tags[key])
	}
	return strings.Join(parts, " ")
}

func (c tally) Counter(name string) client.MetricsCounter { return tallyCounter{c, c.series(name)} }
func (c tally) Timer(name string) client.MetricsTimer     { return tallyTimer{c, c.series(name)} }
func (tally) Gauge(string) client.MetricsGauge            { panic("no gauges here") }

type tallyCounter struct {
	tally
	series string
}

func (c tallyCounter) Inc(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[c.series] += n
}

type tallyTimer struct {
	tally
	series string
}

func (c tallyTimer) Record(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.times[c.series] = append(c.times[c.series], d)
}

// requireCounts checks all counters that are not zero.
func (c tally) requireCounts(t *testing.T, want map[string]int64) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	got := maps.Clone(c.counts)
	maps.DeleteFunc(got, func(_ string, n int64) bool { return n == 0 })
	require.Equal(t, want, got)
}

// counted has the desk's activities and requests counted.
func (d *desk) counted() tally {
	t := newTally()
	d.options.MetricsHandler, d.config.Observer = t, activities.NewObserver(t, "jobs")
	return t
}

func TestMetricsOfStarts(t *testing.T) {
	create := perduretest.POST("/vector_stores")
	for _, test := range []struct {
		name  string
		steps []perduretest.Step
		want  map[string]int64
	}{
		{"accepted", []perduretest.Step{create.JSON(200, inProgress)}, map[string]int64{
			"perdure_starts outcome=accepted service=jobs": 1, "perdure_requests service=jobs status=2xx": 1,
		}},
		{"rejected", []perduretest.Step{create.Reply(http.StatusBadRequest)}, map[string]int64{
			"perdure_starts outcome=rejected service=jobs": 1, "perdure_requests service=jobs status=4xx": 1,
		}},
		{"ambiguous", []perduretest.Step{create.Drop()}, map[string]int64{
			"perdure_starts outcome=ambiguous service=jobs": 1, "perdure_requests service=jobs status=none": 1,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, perduretest.NewService(t, test.steps...))
			counts := d.counted()
			d.start(createTask())
			counts.requireCounts(t, test.want)
		})
	}
}

// A start that the service has no time for is sent again, when it says.
func TestMetricsOfAStartThatIsSentAgain(t *testing.T) {
	create := perduretest.POST("/vector_stores")
	d := newDesk(t, perduretest.NewService(t, create.Reply(http.StatusTooManyRequests).Header("Retry-After", "1"), create.JSON(200, inProgress)))
	counts := d.counted()
	task := createTask()
	task.KnownError = &perdure.ServiceError{Code: "Too Many Requests"}
	for a := d.start(task); a.State == perdure.StateStarting; {
		task.Tries, task.KnownError = a.Tries, &a.LastError.Error
		a = d.again(nil).start(task)
	}
	counts.requireCounts(t, map[string]int64{
		"perdure_starts outcome=accepted service=jobs": 1, "perdure_starts outcome=sent_again service=jobs": 1,
		"perdure_retry_after_obeyed service=jobs":  1,
		"perdure_requests service=jobs status=2xx": 1, "perdure_requests service=jobs status=429": 1,
	})
}

// What fails before its service is known is nobody's, whatever the caller says.
func TestMetricsOfAnUnknownService(t *testing.T) {
	d := newDesk(t, perduretest.NewService(t))
	counts := d.counted()
	task := createTask()
	task.Input.Request.Service = "made-up"
	d.start(task)
	counts.requireCounts(t, map[string]int64{"perdure_starts outcome=rejected service=": 1})
}

func TestMetricsOfPolls(t *testing.T) {
	inBubble(t, []perduretest.Step{
		get(503, `{}`).Header("Retry-After", "3"), get(200, store("in_progress", 0)), get(200, store("completed", 10)),
	}, func(d *desk) {
		counts := d.counted()
		task := d.watched(every(2))
		for a := d.again(nil).poll(task); a.State == "" || a.State == perdure.StateRunning; {
			task.WaitSeconds, task.Known = a.WaitSeconds, perdure.Known{ServiceStatus: "in_progress", News: a.News}
			if a.Sealed != "" {
				task.State = a.Sealed
			}
			a = d.again(nil).poll(task)
		}
		counts.requireCounts(d.t, map[string]int64{
			"perdure_starts outcome=accepted service=jobs": 1,
			"perdure_polls outcome=again service=jobs":     1,
			"perdure_polls outcome=answered service=jobs":  2,
			"perdure_retry_after_obeyed service=jobs":      1,
			"perdure_requests service=jobs status=2xx":     3,
			"perdure_requests service=jobs status=5xx":     1,
		})
		require.Len(d.t, counts.times["perdure_poll_lateness service=jobs"], 3)
		require.NotEmpty(d.t, counts.times["perdure_request_wait reason=rate service=jobs"])
	})
}

func TestMetricsOfTokens(t *testing.T) {
	r := newRehydrating(t)
	counts := r.counted()
	_, err := r.rehydrate(perdure.RehydrateInput{Token: "nonsense"})
	require.Error(t, err)
	counts.requireCounts(t, map[string]int64{"perdure_token_errors kind=malformed": 1})
}

func TestMetricsOfStreams(t *testing.T) {
	service, _ := answers(t, events("data: one\n\ndata: three\n\ndata: [DONE]\n\n"))
	overStream(t, service, func(d *streamDesk) {
		counts := newTally()
		d.options.MetricsHandler = counts
		require.NoError(d.t, d.read(feed(chat)))
		require.Equal(d.t, int64(2), counts.counts["perdure_stream_events service=feed"])
		require.Equal(d.t, int64(len(`"one"`)+len(`"three"`)), counts.counts["perdure_stream_bytes service=feed"])
	})
}

// Every series is there before anything happens, and has no tag from outside.
func TestMetricsAreBoundedFromTheBegin(t *testing.T) {
	d := newDesk(t, perduretest.NewService(t))
	counts := d.counted()
	d.activities("jobs")
	before := len(counts.counts)
	require.Greater(t, before, 30)
	task := createTask()
	task.Input.Request.Service, task.Input.Type = "evil\n{}", "evil"
	d.start(task)
	require.Len(t, counts.counts, before)
	for series := range counts.counts {
		require.NotContains(t, strings.ToLower(series), "evil")
	}
}
