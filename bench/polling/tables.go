package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/perdure-dev/perdure/bench/internal/machine"
)

// table is one of Markdown.
type table struct{ rows [][]string }

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) String() string {
	var b strings.Builder
	for i, row := range t.rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString("| ---" + strings.Repeat(" | ---:", len(row)-1) + " |\n")
		}
	}
	return b.String()
}

// tables are the texts of the documentation that are made from results, by name.
func (r *Results) tables() map[string]string {
	t := map[string]string{
		"machine":    r.machineText(),
		"promises":   promisesTable(r.promises()),
		"in-process": r.InProcess.table(),
		"long":       r.Long.text(),
		"sweep":      r.Sweep.table(),
	}
	for kind, d := range r.Databases {
		name := strings.ToLower(string(kind))
		t["paced-"+name] = d.pacedTable(kind)
		t["saturated-"+name] = d.saturatedTable()
		t["starts-"+name] = d.startsTable(kind)
	}
	maps.DeleteFunc(t, func(_, text string) bool { return text == "" })
	return t
}

func (r *Results) machineText() string {
	t := &table{}
	t.row("part", "when (UTC)", "load average before", "after")
	span := func(name string, s Span) {
		t.row(name, s.Began.Format("2006-01-02 15:04")+" to "+s.Ended.Format("15:04"), fmt.Sprintf("%.1f", s.LoadBefore), fmt.Sprintf("%.1f", s.LoadAfter))
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Databases)) {
		span(string(kind), r.Databases[kind].Span)
	}
	if r.InProcess != nil {
		span("in process", r.InProcess.Span)
	}
	if r.Sweep != nil {
		span("sweep", r.Sweep.Span)
	}
	if r.Long != nil {
		span("one operation for long", r.Long.Span)
	}
	return fmt.Sprintf("%d cores, %s, %s.\n\n%s", r.Machine.Cores, r.Machine.Model, r.Machine.Go, t)
}

func promisesTable(all []promise) string {
	t := &table{}
	t.row("what", "server", "measured", "promised", "")
	for _, p := range all {
		bound, held := fmt.Sprintf("at most %.3g", p.bound), "held"
		if p.least {
			bound = fmt.Sprintf("at least %.3g", p.bound)
		}
		if !p.held() {
			held = "**not held**"
		}
		t.row(p.what, string(p.where), strings.TrimSuffix(fmt.Sprintf("%.2f", p.got), ".00"), bound, held)
	}
	return t.String()
}

// order of the ways in tables.
var inOrder = []wayName{timerLoop, waiting, retried, watching, watchingNews, heartbeatLoop, goroutine, pollUntilDone}

func (d *Database) pacedTable(kind machine.Kind) string {
	t := &table{}
	head := []string{"way of polling", "server", "worker", "events", "bytes", "p50", "p99"}
	if kind == machine.PostgreSQL {
		head = slices.Insert(head, 2, "PostgreSQL")
	}
	t.row(head...)
	for _, name := range inOrder {
		of := d.Paced[name]
		if len(of) == 0 {
			continue
		}
		row := []string{string(name), spread(each(of, Paced.serverPerPoll))}
		if kind == machine.PostgreSQL {
			row = append(row, number(median(each(of, Paced.databasePerPoll))))
		}
		delivered := allDelivered(of)
		t.row(append(
			row, number(median(each(of, Paced.workerPerPoll))),
			strconv.FormatInt(median(each(of, func(p Paced) int64 { return p.Events })), 10),
			strconv.FormatInt(median(each(of, func(p Paced) int64 { return p.Bytes })), 10),
			number(millis(quantile(delivered, 0.5))), number(millis(quantile(delivered, 0.99))),
		)...)
	}
	return t.String()
}

func (i *InProcess) table() string {
	if i == nil {
		return ""
	}
	t := &table{}
	t.row("way of polling", "CPU of the process, ms a poll", "done to delivered, p50 ms", "p99 ms")
	for _, name := range inOrder {
		if of := i.Paced[name]; len(of) > 0 {
			delivered := allDelivered(of)
			t.row(string(name), number(median(each(of, Paced.workerPerPoll))),
				number(millis(quantile(delivered, 0.5))), number(millis(quantile(delivered, 0.99))))
		}
	}
	return t.String()
}

func (d *Database) saturatedTable() string {
	t := &table{}
	t.row("way of polling", "polls a second", "longest silence of all, ms", "longest wait of one, ms", "server, cores", "worker, cores")
	for _, name := range inOrder {
		of := d.Saturated[name]
		if len(of) == 0 {
			continue
		}
		t.row(string(name), spread(each(of, Saturated.rate)),
			number(millis(slices.Max(each(of, func(s Saturated) time.Duration { return s.Silence })))),
			number(millis(slices.Max(each(of, func(s Saturated) time.Duration { return s.Wait })))),
			number(median(each(of, func(s Saturated) float64 { return s.CPU.Server.Seconds() / s.For.Seconds() }))),
			number(median(each(of, func(s Saturated) float64 { return s.CPU.Worker.Seconds() / s.For.Seconds() }))))
	}
	return t.String()
}

func (d *Database) startsTable(kind machine.Kind) string {
	t := &table{}
	head := []string{"", "server, ms", "worker, ms", "sum, ms"}
	if kind == machine.PostgreSQL {
		head = slices.Insert(head, 2, "PostgreSQL, ms")
	}
	t.row(head...)
	for _, name := range []wayName{oneActivity, watching} {
		of := d.Starts[name]
		one := func(part func(CPU) time.Duration) string {
			return number(median(each(of, func(s Starts) float64 { return millis(part(s.CPU)) / float64(s.Starts) })))
		}
		what := string(name)
		if name == watching {
			what = "Perdure's operation"
		}
		row := []string{what, one(func(c CPU) time.Duration { return c.Server })}
		if kind == machine.PostgreSQL {
			row = append(row, one(func(c CPU) time.Duration { return c.Database }))
		}
		t.row(append(row, one(func(c CPU) time.Duration { return c.Worker }), spread(each(of, Starts.perStart)))...)
	}
	return t.String()
}

func (l *Long) text() string {
	if l == nil {
		return ""
	}
	return fmt.Sprintf("One operation was asked %d times in %.0f s, and nothing was new until its end: %d events. "+
		"The watching activity returned %d times; once in a window of %.0f s, which is %.0f polls, it adds %d events. "+
		"So %d polls make %d + %d × %d = %d events.\n",
		l.Polls, l.Took.Seconds(), l.Events, l.Returns, l.Window.Seconds(), l.pollsAWindow(), l.PerReturn,
		manyPolls, l.Events-(l.Returns-1)*l.PerReturn, int(manyPolls/l.pollsAWindow()), l.PerReturn, l.eventsFor(manyPolls))
}

func (s *Sweep) table() string {
	if s == nil {
		return ""
	}
	t := &table{}
	t.row("how", "wait, s", "window, s", "server, ms a minute of one operation", "worker", "polls a minute")
	for _, p := range s.Points {
		how, window := "waiting", "–"
		if p.Watching {
			how, window = "watching", fmt.Sprintf("%.0f", p.Window.Seconds())
		}
		perMinute := float64(s.Operations) * p.For.Minutes()
		t.row(how, fmt.Sprintf("%.0f", p.Wait.Seconds()), window, number(millis(p.CPU.Server)/perMinute), number(millis(p.CPU.Worker)/perMinute), number(float64(p.Polls)/perMinute))
	}
	return t.String()
}

// number with as many digits as mean something.
func number(f float64) string {
	switch {
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

// spread is the median, and the least and the most where there are several.
func spread(of []float64) string {
	if len(of) == 1 {
		return number(of[0])
	}
	return fmt.Sprintf("%s (%s to %s)", number(median(of)), number(slices.Min(of)), number(slices.Max(of)))
}
