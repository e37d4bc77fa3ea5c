package bench_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/starter"
)

// BenchmarkStreamLatency is from a service's flush of an event to the reader's hands, each
// stream with a reader of its own: over a bare connection, and through the log of a
// stream. The services begin when all are connected. An op is sendFor; readers are given
// up after patience.
func BenchmarkStreamLatency(b *testing.B) {
	const sendFor = 5
	for _, streams := range []int{1, 100} {
		for _, rate := range []int{1, 50, 1000} {
			path := fmt.Sprintf("/events?rate=%d&events=%d&together=%d", rate, sendFor*rate, streams)
			b.Run(fmt.Sprintf("%d at once/%d events a second/a bare connection", streams, rate), func(b *testing.B) {
				f := newStreamFarm(b)
				for b.Loop() {
					readers := make([]reader, streams)
					for i := range readers {
						readers[i] = bare(f.url + path)
					}
					follow(b, readers).report(b)
				}
			})
			b.Run(fmt.Sprintf("%d at once/%d events a second/a stream", streams, rate), func(b *testing.B) {
				f := newStreamFarm(b)
				for b.Loop() {
					started := make([]*starter.Stream[string], streams)
					readers := make([]reader, streams)
					for i := range readers {
						started[i] = f.stream(b, path)
						readers[i] = through(started[i])
					}
					got := follow(b, readers)
					got.report(b)
					f.recorded(b, got.events(), started...)
				}
			})
		}
	}
}

// BenchmarkStreamEvents reads a stream that the service sends as fast as it can. An op is
// an event: -benchtime 1000000x is a stream of a million. The heap is the process's, with
// worker, reader and Temporal's server, after a tenth of the events and after all.
func BenchmarkStreamEvents(b *testing.B) {
	f := newStreamFarm(b)
	begin := cpu()
	s := f.stream(b, fmt.Sprintf("/events?events=%d", b.N))
	n, early := 0, 0.0
	for event, err := range s.Events(b.Context(), 0) {
		require.NoError(b, err)
		if event.Offset != n {
			require.Equal(b, n, event.Offset)
		}
		if n++; n == max(1, b.N/10) {
			early = heap()
		}
	}
	b.StopTimer()
	spent := cpu() - begin
	require.Equal(b, b.N, n)
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(spent.Microseconds())/1000/float64(n), "cpu-ms/event")
	b.ReportMetric(early, "early-heap-MB")
	b.ReportMetric(heap(), "heap-MB")
	f.recorded(b, n, s)
}

// heap is what the process holds, in MB.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}

// BenchmarkStreamReaders has fifty read one stream of 20,000 events, while the service
// sends it, 2,000 a second, and after it has closed. An op is all of them; events are
// counted once for each reader.
func BenchmarkStreamReaders(b *testing.B) {
	const readers, events = 50, 20_000
	fifty := func(s *starter.Stream[string]) []reader {
		all := make([]reader, readers)
		for i := range all {
			all[i] = through(s)
		}
		return all
	}
	b.Run("while it is sent", func(b *testing.B) {
		f := newStreamFarm(b)
		for b.Loop() {
			s := f.stream(b, fmt.Sprintf("/events?rate=2000&events=%d", events))
			follow(b, fifty(s)).report(b)
			f.recorded(b, events, s)
		}
	})
	b.Run("after it has closed", func(b *testing.B) {
		f := newStreamFarm(b)
		s := f.stream(b, fmt.Sprintf("/events?events=%d", events))
		require.Equal(b, events, follow(b, []reader{through(s)}).events())
		for b.Loop() {
			follow(b, fifty(s)).reportRate(b)
		}
	})
}
