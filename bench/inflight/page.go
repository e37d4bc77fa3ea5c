package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/perdure-dev/perdure/bench/internal/machine"
	"github.com/perdure-dev/perdure/bench/internal/page"
)

// publish writes what was measured, and what follows, into the page.
func (r *Results) publish(path string) error {
	return page.Write(path, "inflight", map[string]string{
		"starts": r.startsTable(), "waiting": r.waitingTable(), "watched": r.watchedTable(), "alive": r.aliveText(), "plan": r.planTable(),
	})
}

func (s Span) String() string {
	return fmt.Sprintf("%s, load before %.1f", s.Began.Format("2006-01-02 15:04"), s.LoadBefore)
}

func (r *Results) startsTable() string {
	var b strings.Builder
	b.WriteString("| database | callers at once | starts | a second | CPU of one start, ms: server | database | worker | callers, service | all | cores in use |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, kind := range databases {
		part := r.Starts[kind]
		if part == nil {
			continue
		}
		for _, s := range part.Points {
			b.WriteString(s.row(kind))
		}
	}
	r.eachHeld(func(kind machine.Kind, h *HoldPart) {
		if h.Filled.N > 0 {
			b.WriteString(h.Filled.row(kind))
		}
	})
	fmt.Fprintf(&b, "\n%s, %d cores, %s", r.Machine.Model, r.Machine.Cores, r.Machine.Go)
	for _, kind := range databases {
		if part := r.Starts[kind]; part != nil {
			fmt.Fprintf(&b, "; %s: %s", kind, part.Span)
		}
	}
	b.WriteString(".\n")
	return b.String()
}

func (s Starts) row(kind machine.Kind) string {
	c := s.CPU.each(s.N)
	return fmt.Sprintf("| %s | %d | %s | %.0f | %s | %s | %s | %s | %s | %.2f |\n", kind, s.AtOnce, thousands(s.N), s.perSecond(),
		ms(c.Server), inside(c), ms(c.Worker), ms(c.Callers), ms(c.sum()), s.CPU.sum().Seconds()/s.Took.Seconds())
}

// inside is the database's part, where it is not the server's.
func inside(c CPU) string {
	if c.Database == 0 {
		return "in the server"
	}
	return ms(c.Database)
}

func (r *Results) waitingTable() string {
	var b strings.Builder
	b.WriteString("| database | waiting | worker: in use, MB | resident, MB | server: resident, MB | stored, MB |\n| --- | --- | --- | --- | --- | --- |\n")
	r.eachHeld(func(kind machine.Kind, h *HoldPart) {
		for _, c := range h.Waiting {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", kind, thousands(c.Operations), mb(c.WorkerLive), mb(c.WorkerRSS), mb(c.ServerRSS), mb(c.Stored))
		}
	})
	r.eachHeld(func(kind machine.Kind, h *HoldPart) {
		fmt.Fprintf(&b, "\n%s: a waiting operation takes %s in the worker while it is cached (bound: %s; %s), and nothing where it is not; %s in the database, %d events of %s in its history.\n",
			kind, kb(h.cachedBytes()), kb(mostCached), held(h.cachedBytes() <= mostCached), h.stored(), h.History.Events, kb(float64(h.History.Bytes)))
	})
	return b.String()
}

func (r *Results) watchedTable() string {
	var b strings.Builder
	b.WriteString("| database | waiting | watched | polls a second | late: p50 | p99 | most | in time | cores in use | CPU of a poll, ms: server | database | worker | worker: in use, MB |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	r.eachHeld(func(kind machine.Kind, h *HoldPart) {
		for _, w := range h.Watched {
			c := w.CPU.each(w.Polls)
			fmt.Fprintf(&b, "| %s | %s | %s | %.0f | %.2f s | %.2f s | %.2f s | %s | %.2f | %s | %s | %s | %s |\n", kind, thousands(h.waits()), thousands(w.Operations),
				float64(w.Polls)/w.Took.Seconds(), w.P50.Seconds(), w.P99.Seconds(), w.Max.Seconds(), yes(w.inTime()),
				w.CPU.sum().Seconds()/w.Took.Seconds(), ms(c.Server), inside(c), ms(c.Worker), mb(w.WorkerLive))
		}
	})
	r.eachHeld(func(kind machine.Kind, h *HoldPart) {
		fmt.Fprintf(&b, "\n%s: a watched operation takes %s in the worker (bound: %s; %s). %s.\n",
			kind, kb(h.watchedBytes()), kb(mostWatched), held(h.watchedBytes() <= mostWatched), h.Span)
		if t := h.Timed; t.Polls > 0 {
			fmt.Fprintf(&b, "A poll after a durable timer costs %s of CPU: %d operations that want to be asked every %s.\n", t.CPU.each(t.Polls), t.Operations, timed)
		}
	})
	return b.String()
}

func (r *Results) aliveText() string {
	var b strings.Builder
	r.eachHeld(func(kind machine.Kind, h *HoldPart) {
		a := h.Alive
		if a.Started == 0 {
			return
		}
		fmt.Fprintf(&b, "%s: at the end %s of %s are open, and %d were started twice. The service then finishes all %s watched ones and %d of the waiting, drawn by lot: %s end as succeeded, each with its value.\n\n",
			kind, thousands(a.Open), thousands(a.Started), a.StartedTwice, thousands(a.Watched), a.Waiting, thousands(a.Succeeded))
	})
	return strings.TrimSuffix(b.String(), "\n")
}

// eachHeld calls f with what was held on each database.
func (r *Results) eachHeld(f func(machine.Kind, *HoldPart)) {
	for _, kind := range databases {
		if h := r.Hold[kind]; h != nil {
			f(kind, h)
		}
	}
}

// waits is how many operations wait.
func (h *HoldPart) waits() int { return h.Waiting[len(h.Waiting)-1].Operations }

// Bounds of the worker's memory for one operation, in bytes.
const (
	mostCached  = 64 << 10
	mostWatched = 96 << 10
)

// cached is how many workflows a worker keeps: the SDK's default.
const cached = 10_000

// cachedBytes of one operation, as long as all fit into the cache.
func (h *HoldPart) cachedBytes() float64 {
	first, last := h.Waiting[0], h.Waiting[0]
	for _, c := range h.Waiting {
		if c.Operations <= cached {
			last = c
		}
	}
	return float64(last.WorkerLive-first.WorkerLive) / float64(last.Operations-first.Operations)
}

// stored is that of one operation, for people.
func (h *HoldPart) stored() string {
	if h.storedBytes() == 0 {
		return "its part of the server's memory"
	}
	return kb(h.storedBytes())
}

func (h *HoldPart) storedBytes() float64 {
	first, last := h.Waiting[0], h.Waiting[len(h.Waiting)-1]
	return float64(last.Stored-first.Stored) / float64(last.Operations-first.Operations)
}

// watchedBytes of one operation. The cache is full by then: a workflow that is watched has
// taken the place of one that waits.
func (h *HoldPart) watchedBytes() float64 {
	w := h.most()
	return float64(w.WorkerLive-h.Waiting[len(h.Waiting)-1].WorkerLive) / float64(w.Operations)
}

// most is the most that were watched in time, or the fewest where none were.
func (h *HoldPart) most() Watched {
	out := h.Watched[0]
	for _, w := range slices.Clone(h.Watched) {
		if w.inTime() {
			out = w
		}
	}
	return out
}

func mb(bytes int) string     { return fmt.Sprintf("%.0f", float64(bytes)/1e6) }
func kb(bytes float64) string { return fmt.Sprintf("%.1f kB", bytes/1000) }

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func held(is bool) string {
	if is {
		return "held"
	}
	return "NOT held"
}

func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
