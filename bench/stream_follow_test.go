package bench_test

import (
	"bufio"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/starter"
)

// patience is how long a stream is followed, whatever has come by then.
const patience = 10 * time.Minute

// reader reads a stream to its end, and gives each event's data.
type reader func(ctx context.Context, got func(data string)) error

// bare reads from the service itself.
func bare(url string) reader {
	return func(ctx context.Context, got func(string)) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && data != "[DONE]" {
				got(data)
			}
		}
		return lines.Err()
	}
}

// through reads a stream's log.
func through(s *starter.Stream[string]) reader {
	return func(ctx context.Context, got func(string)) error {
		for event, err := range s.Events(ctx, 0) {
			if err != nil {
				return err
			}
			got(event.Data)
		}
		return nil
	}
}

// following is what readers saw, and how long that took from the first event's flush.
type following struct {
	latencies []time.Duration
	took, cpu time.Duration
}

func (f following) events() int { return len(f.latencies) }

// follow has all read at once.
func follow(b *testing.B, readers []reader) following {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	var all following
	var mu sync.Mutex
	var wg sync.WaitGroup
	never, begin := time.Now().Add(patience), cpu()
	first := never
	for _, read := range readers {
		wg.Go(func() {
			var mine []time.Duration
			sent := never
			err := read(ctx, func(data string) {
				if len(mine) == 0 {
					sent = sentAt(data)
				}
				mine = append(mine, time.Since(sentAt(data)))
			})
			mu.Lock()
			defer mu.Unlock()
			if sent.Before(first) {
				first = sent
			}
			all.latencies = append(all.latencies, mine...)
			if err != nil && ctx.Err() == nil {
				b.Errorf("a reader got %d events, then %v", len(mine), err)
			}
		})
	}
	wg.Wait()
	all.took, all.cpu = time.Since(first), cpu()-begin
	require.NotEmpty(b, all.latencies)
	slices.Sort(all.latencies)
	return all
}

// sentAt is the time that event wrote.
func sentAt(data string) time.Time {
	text, _, _ := strings.Cut(data, " ")
	ns, _ := strconv.ParseInt(text, 10, 64)
	return time.Unix(0, ns)
}

func (f following) report(b *testing.B) {
	b.Helper()
	at := func(q float64) float64 {
		return float64(f.latencies[int(q*float64(f.events()-1))].Microseconds()) / 1000
	}
	b.ReportMetric(at(0.50), "p50-ms")
	b.ReportMetric(at(0.95), "p95-ms")
	b.ReportMetric(at(0.99), "p99-ms")
	f.reportRate(b)
}

func (f following) reportRate(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(f.events())/f.took.Seconds(), "events/s")
	b.ReportMetric(float64(f.events()), "events")
	b.ReportMetric(float64(f.cpu.Microseconds())/1000/float64(f.events()), "cpu-ms/event")
}
