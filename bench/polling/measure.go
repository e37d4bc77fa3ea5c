package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/perdure-dev/perdure/bench/internal/machine"
	"github.com/perdure-dev/perdure/bench/polling/internal/ways"
)

// Parts of a run.
const (
	partSQLite     = "sqlite"
	partPostgreSQL = "postgresql"
	partInProcess  = "in-process"
	partSweep      = "sweep"
	partLong       = "long"
)

var allParts = []string{partSQLite, partPostgreSQL, partInProcess, partSweep, partLong}

// sizes of what is measured.
type sizes struct {
	repeats    int
	idle       time.Duration
	paced      pacedSize
	saturated  saturatedSize
	starts     startsSize
	sweep      sweepSize
	longPolls  int
	longWindow watch
}

var (
	full = sizes{
		repeats:   3,
		idle:      5 * time.Second,
		paced:     pacedSize{operations: 60, polls: 15, every: time.Second, startEvery: 40 * time.Millisecond},
		saturated: saturatedSize{operations: 200, every: 100 * time.Millisecond, settle: 5 * time.Second, count: 8 * time.Second},
		starts:    startsSize{starts: 25, rounds: 8},
		sweep: sweepSize{
			operations: 240, startEvery: 30 * time.Millisecond, each: 20 * time.Second,
			waits:   []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second},
			windows: []time.Duration{15 * time.Second, 5 * time.Second},
		},
		longPolls: 600, longWindow: byDefault,
	}
	short = sizes{
		repeats:   1,
		idle:      time.Second,
		paced:     pacedSize{operations: 20, polls: 5, every: time.Second, startEvery: 40 * time.Millisecond},
		saturated: saturatedSize{operations: 100, every: 100 * time.Millisecond, settle: 3 * time.Second, count: 3 * time.Second},
		starts:    startsSize{starts: 10, rounds: 2},
		sweep: sweepSize{
			operations: 20, startEvery: 30 * time.Millisecond, each: 3 * time.Second,
			waits:   []time.Duration{time.Second, 2 * time.Second},
			windows: []time.Duration{2 * time.Second},
		},
		longPolls: 15, longWindow: watch{thresholdSeconds: 20, windowSeconds: 5},
	}
)

// compared are the ways that promises are about, besides those that are measured once.
var (
	compared = []way{
		{name: timerLoop, workflow: ways.TimerLoop},
		{name: heartbeatLoop, workflow: ways.HeartbeatLoop},
		{name: watching, watch: byDefault},
	}
	besides = []way{
		{name: retried, workflow: ways.Retried},
		{name: watchingNews, watch: byDefault, telling: true},
		{name: waiting, watch: never},
	}
	started = []way{
		{name: oneActivity, workflow: ways.OneActivity},
		{name: watching, watch: byDefault},
	}
)

// run is one run of the benchmark.
type run struct {
	sizes
	programs *machine.Programs
	service  string // its URL

	mu      sync.Mutex
	path    string // where results are kept
	results *Results
}

// keep takes over what was measured, and writes it down.
func (r *run) keep(take func(*Results)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	take(r.results)
	return r.results.write(r.path)
}

func measure(ctx context.Context, root string, parts []string, s sizes, path string) (_ *Results, err error) {
	for _, part := range parts {
		if !slices.Contains(allParts, part) {
			return nil, fmt.Errorf("no part %q; there are %q", part, allParts)
		}
	}
	programs, err := machine.Build(ctx, root)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, programs.Close()) }()
	var said ready
	service, err := machine.Self(ctx, &said, roleService)
	if err != nil {
		return nil, err
	}
	defer stop(service, &err)
	results, err := readResults(path)
	if err != nil {
		return nil, err
	}
	if results.Machine, err = machine.Describe(); err != nil {
		return nil, err
	}
	r := &run{sizes: s, programs: programs, service: said.URL, path: path, results: results}
	return results, r.take(ctx, parts)
}

// take measures the parts one after the other; the long one, which asks once a second,
// beside them.
func (r *run) take(ctx context.Context, parts []string) error {
	both, ctx := errgroup.WithContext(ctx)
	if slices.Contains(parts, partLong) {
		both.Go(func() error { return r.long(ctx) })
	}
	both.Go(func() error {
		for _, part := range parts {
			if err := r.part(ctx, part); err != nil {
				return fmt.Errorf("%s: %w", part, err)
			}
		}
		return nil
	})
	return both.Wait()
}

func (r *run) part(ctx context.Context, part string) error {
	switch part {
	case partSQLite:
		return r.database(ctx, machine.SQLite)
	case partPostgreSQL:
		err := r.database(ctx, machine.PostgreSQL)
		if errors.Is(err, machine.ErrNoPostgreSQL) {
			fmt.Println("not measured:", err)
			return nil
		}
		return err
	case partInProcess:
		return r.inProcess(ctx)
	case partSweep:
		return r.sweepWaits(ctx)
	}
	return nil
}

func (r *run) database(ctx context.Context, kind machine.Kind) (err error) {
	p, err := newPlace(ctx, r.programs, kind, r.service)
	if err != nil {
		return err
	}
	defer p.close(&err)
	d := &Database{Paced: map[wayName][]Paced{}, Saturated: map[wayName][]Saturated{}}
	if d.Span, err = spanned(func() error { return r.compare(ctx, p, kind, d) }); err != nil {
		return err
	}
	return r.keep(func(all *Results) {
		if all.Databases == nil {
			all.Databases = map[machine.Kind]*Database{}
		}
		all.Databases[kind] = d
	})
}

// compare measures all ways in turn, as often as is repeated.
func (r *run) compare(ctx context.Context, p *place, kind machine.Kind, d *Database) (err error) {
	if d.Idle, err = p.idle(ctx, r.idle); err != nil {
		return err
	}
	began := time.Now()
	if d.Starts, err = p.starts(ctx, started, r.starts, d.Idle); err != nil {
		return fmt.Errorf("starts: %w", err)
	}
	tell(kind, "starts", began, "both, in turns")
	for repeat := range r.repeats {
		polled := compared
		if repeat == 0 {
			polled = slices.Concat(compared, besides)
		}
		for _, w := range polled {
			if err := add(d.Paced, w.name, kind, "paced", func() (*Paced, error) { return p.paced(ctx, w, r.paced, d.Idle) }); err != nil {
				return err
			}
		}
		for _, w := range compared {
			if err := add(d.Saturated, w.name, kind, "saturated", func() (*Saturated, error) { return p.saturated(ctx, w, r.saturated) }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *run) inProcess(ctx context.Context) (err error) {
	out := &InProcess{Paced: map[wayName][]Paced{}}
	out.Span, err = spanned(func() error {
		for _, name := range []wayName{goroutine, pollUntilDone} {
			if err := add(out.Paced, name, "no server", "paced", func() (*Paced, error) {
				return pacedInProcess(ctx, name, r.service, r.paced)
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.keep(func(all *Results) { all.InProcess = out })
}

func (r *run) sweepWaits(ctx context.Context) (err error) {
	p, err := newPlace(ctx, r.programs, machine.SQLite, r.service)
	if err != nil {
		return err
	}
	defer p.close(&err)
	var out *Sweep
	span, err := spanned(func() (err error) {
		out, err = p.sweep(ctx, r.sweep)
		return err
	})
	if err != nil {
		return err
	}
	out.Span = span
	return r.keep(func(all *Results) { all.Sweep = out })
}

func (r *run) long(ctx context.Context) (err error) {
	p, err := newPlace(ctx, r.programs, machine.SQLite, r.service)
	if err != nil {
		return err
	}
	defer p.close(&err)
	var out *Long
	span, err := spanned(func() (err error) {
		out, err = p.long(ctx, r.longPolls, time.Second, r.longWindow)
		return err
	})
	if err != nil {
		return err
	}
	out.Span = span
	return r.keep(func(all *Results) { all.Long = out })
}

// add measures once, and says so.
func add[T any](to map[wayName][]T, name wayName, where machine.Kind, what string, one func() (*T, error)) error {
	began := time.Now()
	got, err := one()
	if err != nil {
		return fmt.Errorf("%s, %s: %w", what, name, err)
	}
	to[name] = append(to[name], *got)
	tell(where, what, began, string(name))
	return nil
}

func tell(where machine.Kind, what string, began time.Time, of string) {
	fmt.Printf("%-10s  %-9s  %4.1f s  %s\n", where, what, time.Since(began).Seconds(), of)
}

// spanned measures, and says when that was, under which load.
func spanned(do func() error) (s Span, err error) {
	s.Began = time.Now().UTC().Truncate(time.Second)
	if s.LoadBefore, err = machine.Load(); err != nil {
		return s, err
	}
	if err := do(); err != nil {
		return s, err
	}
	s.Ended = time.Now().UTC().Truncate(time.Second)
	s.LoadAfter, err = machine.Load()
	return s, err
}
