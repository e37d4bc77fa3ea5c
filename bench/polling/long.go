package main

import (
	"context"
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
	// PerReturn is how many events lie between two schedulings of the watching activity.
	PerReturn int `json:"perReturn"`
}

func (p *place) long(ctx context.Context, polls int, every time.Duration, how watch) (_ *Long, err error) {
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
	out := &Long{Took: time.Since(began), Window: time.Duration(how.windowSeconds * float64(time.Second))}
	count, err := books.Count(ctx)
	if err != nil {
		return nil, err
	}
	out.Polls = count.Polls
	return out, p.readHistory(ctx, id, out)
}

// readHistory counts events, and what the watching activity did. The first activity of
// all sends the start.
func (p *place) readHistory(ctx context.Context, id string, out *Long) error {
	var scheduled []int // the numbers of these events
	events := p.temporal.GetWorkflowHistory(ctx, id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return fmt.Errorf("history: %w", err)
		}
		out.Events++
		if e.GetEventType() == enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED {
			scheduled = append(scheduled, out.Events)
		}
	}
	if out.Returns = len(scheduled) - 1; out.Returns < 2 {
		return fmt.Errorf("the watching activity returned %d times, want more than one window", out.Returns)
	}
	out.PerReturn = scheduled[2] - scheduled[1]
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
