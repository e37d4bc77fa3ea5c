package chaos_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// table is what was injected, and what came of it.
func (w *world) table(all *callers, recorded *histories, held []string) string {
	var b strings.Builder
	b.WriteString("| injected | times | seconds |\n| --- | --- | --- |\n")
	counts := w.journal.counts()
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "| %s | %d | %.0f |\n", kind, counts[kind].times, counts[kind].lasted.Seconds())
	}
	b.WriteString("\n| the service got | requests |\n| --- | --- |\n")
	lines(&b, w.service.books.counted())
	b.WriteString("\n| operations | |\n| --- | --- |\n")
	lines(&b, w.outcomes(all))
	b.WriteString("\n| read | |\n| --- | --- |\n")
	lines(&b, delivered(all))
	b.WriteString("\n| what callers were told that was no answer | times |\n| --- | --- |\n")
	lines(&b, w.inVain.all())
	fmt.Fprintf(&b, "\n%d workflows in %d runs, %d events; workflow tasks that failed: %v\n", len(recorded.ids), recorded.runs, recorded.events, recorded.failedTasks)
	for _, p := range w.processes {
		if n := p.endedByItself(); n > 0 {
			fmt.Fprintf(&b, "%s ended by itself %d times, and was started again\n", p.name(), n)
		}
	}
	b.WriteString(strings.Join(held, "\n"))
	return b.String()
}

func lines(b *strings.Builder, counts map[string]int) {
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(b, "| %s | %d |\n", what, counts[what])
	}
}

// outcomes counts the operations by how they ended and how they were started.
func (w *world) outcomes(all *callers) map[string]int {
	out := map[string]int{}
	for _, o := range all.operations {
		out["ended "+strings.Fields(o.outcome())[0]]++
		starts := w.service.books.startsOf(o.name)
		if len(starts) > 1 {
			out["at "+o.service+": asked for more than once"]++
		}
		if slices.ContainsFunc(starts, func(e startEntry) bool { return e.broken }) {
			out["at "+o.service+": the answer found nobody"]++
		}
		if o.ambiguous {
			out["at "+o.service+": ambiguous, and settled by the books"]++
		}
		out[fmt.Sprintf("at %s: started %d times", o.service, len(w.service.books.executed(o.name)))]++
	}
	return out
}

// delivered counts what the readers got.
func delivered(all *callers) map[string]int {
	out := map[string]int{}
	for _, c := range all.collections {
		out["pages"] += len(c.pages)
		out["pages, once more by their tokens"] += len(c.byToken)
		for _, values := range c.pages {
			out["values"] += len(values)
		}
	}
	for _, s := range all.streams {
		out["events, as they came"] += len(s.live)
		out["events, once more"] += len(s.again)
	}
	return out
}
