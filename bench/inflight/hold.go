package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Intervals at which services want to be asked: of an operation that waits by a durable
// timer, and of one that an activity watches.
const (
	waiting  = time.Hour
	watching = 5 * time.Second
)

// mostLate is how late no poll of a watched operation may be: a tenth of the interval, which
// is the jitter, and two seconds.
const mostLate = watching/10 + 2*time.Second

// Held is many operations in flight.
type Held struct {
	// Waiting is the worker's memory and the database's size at so many waiting operations.
	Waiting []Crowd `json:"waiting"`
	Filled  Starts  `json:"filled"`
	// Rest is what is computed in a second before there is anything to do.
	Rest  CPU   `json:"rest"`
	Timed Timed `json:"timed"`
	// Watched is what was measured with so many watched operations beside them.
	Watched []Watched `json:"watched"`
	Alive   Alive     `json:"alive"`
	History History   `json:"history"`
}

// Crowd is what so many operations take.
type Crowd struct {
	Operations int `json:"operations"`
	Memory
}

// Watched is so many operations that are asked for every few seconds, for a while.
type Watched struct {
	Crowd
	Took  time.Duration `json:"took"`
	Polls int           `json:"polls"`
	CPU   CPU           `json:"cpu"`
	P50   time.Duration `json:"p50"`
	P99   time.Duration `json:"p99"`
	Max   time.Duration `json:"max"`
}

func (w Watched) inTime() bool { return w.Max <= mostLate }

// holdSize is how much is held.
type holdSize struct {
	timed   bool // polls after timers are measured first
	waiting int
	watched []int // growing
	each    time.Duration
	sample  int // of the waiting ones that are seen to their end
	atOnce  int
}

// hold fills a place, watches beside that until polls come late, and sees whether all are
// alive.
func (p *place) hold(ctx context.Context, size holdSize, say func(string, ...any)) (*Held, error) {
	out := &Held{}
	var err error
	if size.timed {
		if out.Timed, out.Rest, err = p.measureTimed(ctx, size.each); err != nil {
			return nil, err
		}
	}
	say("timed: %+v, at rest %s a second", out.Timed, out.Rest)
	wait, err := p.fill(ctx, size, out, say)
	if err != nil {
		return nil, err
	}
	if out.History, err = p.history(ctx, wait[0]); err != nil {
		return nil, err
	}
	watched, err := p.watch(ctx, size, out, say)
	if err != nil {
		return nil, err
	}
	out.Alive, err = p.alive(ctx, wait, watched, size.sample)
	say("%+v", out.Alive)
	return out, err
}

// fill starts the operations that wait, and looks at the memory on the way.
func (p *place) fill(ctx context.Context, size holdSize, out *Held, say func(string, ...any)) ([]operation, error) {
	var wait []operation
	look := func() error {
		m, err := p.memory(ctx)
		out.Waiting = append(out.Waiting, Crowd{len(wait), m})
		say("%d wait: %+v", len(wait), m)
		return err
	}
	if err := look(); err != nil {
		return nil, err
	}
	for _, until := range []int{size.waiting / 4, size.waiting / 2, size.waiting} {
		more, starts, err := p.start(ctx, until-len(wait), size.atOnce, waiting)
		if err != nil {
			return nil, err
		}
		wait = append(wait, more...)
		out.Filled.N, out.Filled.AtOnce = out.Filled.N+starts.N, starts.AtOnce
		out.Filled.Took += starts.Took
		out.Filled.CPU = out.Filled.CPU.plus(starts.CPU)
		if err := look(); err != nil {
			return nil, err
		}
	}
	return wait, sleep(ctx, watching)
}

// watch starts operations that are watched, more and more, until a poll is late.
func (p *place) watch(ctx context.Context, size holdSize, out *Held, say func(string, ...any)) ([]operation, error) {
	var watched []operation
	for _, n := range size.watched {
		more, _, err := p.start(ctx, n-len(watched), size.atOnce, watching)
		if err != nil {
			return nil, err
		}
		watched = append(watched, more...)
		if err := sleep(ctx, 3*watching); err != nil { // until what the starts have delayed is over
			return nil, err
		}
		w, err := p.measureWatched(ctx, n, size.each)
		if err != nil {
			return nil, err
		}
		out.Watched = append(out.Watched, w)
		say("%d watched: %+v", n, w)
		if !w.inTime() {
			break
		}
	}
	return watched, nil
}

func (p *place) measureWatched(ctx context.Context, n int, each time.Duration) (w Watched, err error) {
	from := time.Now()
	w.CPU, w.Took, err = p.during(func() error { return sleep(ctx, each) })
	if err != nil {
		return w, err
	}
	late := p.service.lateness(watching, from, time.Now())
	if len(late) == 0 {
		return w, fmt.Errorf("nobody has asked for %d watched operations", n)
	}
	slices.Sort(late)
	w.Polls, w.Operations = len(late), n
	w.P50, w.P99, w.Max = late[len(late)/2], late[len(late)*99/100], late[len(late)-1]
	w.Memory, err = p.memory(ctx)
	return w, err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
