package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/perdure-dev/perdure/bench/polling/internal/script"
)

// Long is one operation that is watched for long with nothing new until its end.
type Long struct {
	Span
	Polls  int           `json:"polls"`
	Took   time.Duration `json:"took"`
	Window time.Duration `json:"window"`
	// Returns is how often the watching activity returned, and with it the workflow was told.
	Returns int `json:"returns"`
	Events  int `json:"events"`
	// PerReturn is how many events a return adds. The first has more, of what is told once,
	// so it is taken from an operation with a brief window, and many returns.
	PerReturn int `json:"perReturn"`
}

// briefly is what PerReturn is taken from.
const (
	briefPolls  = 20
	briefWindow = 5 // seconds
)

func (p *place) long(ctx context.Context, polls int, every time.Duration, how watch) (*Long, error) {
	brief, err := p.watched(ctx, briefPolls, time.Second, watch{thresholdSeconds: how.thresholdSeconds, windowSeconds: briefWindow})
	if err != nil {
		return nil, err
	}
	if len(brief.scheduled) < 4 {
		return nil, fmt.Errorf("the watching activity was scheduled %d times, want more than two windows", len(brief.scheduled)-1)
	}
	w, err := p.watched(ctx, polls, every, how)
	if err != nil {
		return nil, err
	}
	if len(w.scheduled) < 3 {
		return nil, errors.New("the watching activity returned once, want more than one window")
	}
	return &Long{
		Polls: w.polls, Took: w.took, Window: time.Duration(how.windowSeconds * float64(time.Second)),
		Returns: len(w.scheduled) - 1, Events: w.events, PerReturn: brief.scheduled[3] - brief.scheduled[2],
	}, nil
}

// watched is an operation that was watched, and its history.
type watched struct {
	polls, events int
	took          time.Duration
	scheduled     []int // the numbers of the events that schedule an activity: the start, then watching
}

func (p *place) watched(ctx context.Context, polls int, every time.Duration, how watch) (_ *watched, err error) {
	w := way{name: watching, watch: how}
	worker, err := p.worker(ctx, w)
	if err != nil {
		return nil, err
	}
	defer stop(worker, &err)
	books := script.Books{URL: p.service, Batch: newBatch()}
	began := time.Now()
	id, err := p.run(ctx, w, inputs(p.service, 1, every, script.Operation{Batch: books.Batch, Polls: polls})[0])
	if err != nil {
		return nil, err
	}
	out := &watched{took: time.Since(began)}
	count, err := books.Count(ctx)
	if err != nil {
		return nil, err
	}
	out.polls = count.Polls
	return out, p.readHistory(ctx, id, out)
}

func (p *place) readHistory(ctx context.Context, id string, out *watched) error {
	events := p.temporal.GetWorkflowHistory(ctx, id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return fmt.Errorf("history: %w", err)
		}
		out.events++
		if e.GetEventType() == enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED {
			out.scheduled = append(out.scheduled, out.events)
		}
	}
	return nil
}

// eventsFor reckons the events of so many polls from those that were counted: the
// activity returns once a window, and adds the same events each time.
func (l *Long) eventsFor(polls int) int {
	once := l.Events - (l.Returns-1)*l.PerReturn
	return once + int(float64(polls)/l.pollsAWindow())*l.PerReturn
}

func (l *Long) pollsAWindow() float64 {
	return float64(l.Polls) * l.Window.Seconds() / l.Took.Seconds()
}
