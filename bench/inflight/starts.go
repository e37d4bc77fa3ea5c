package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// operation is one that was started, and the number of its job.
type operation struct {
	*starter.Operation[json.RawMessage]
	number int
}

// Starts is operations that were started as fast as it goes by so many callers, each of
// whom starts one after the other and waits for the service's answer.
type Starts struct {
	AtOnce int           `json:"atOnce"`
	N      int           `json:"n"`
	Took   time.Duration `json:"took"`
	CPU    CPU           `json:"cpu"`
}

// start starts n operations that want to be asked every so often.
func (p *place) start(ctx context.Context, n, atOnce int, every time.Duration) ([]operation, Starts, error) {
	started := make([]operation, n)
	out := Starts{AtOnce: atOnce, N: n}
	first := p.numbers
	p.numbers += n
	var err error
	out.CPU, out.Took, err = p.during(func() error {
		all, ctx := errgroup.WithContext(ctx)
		all.SetLimit(atOnce)
		for i := range started {
			all.Go(func() (err error) {
				started[i], err = p.startOne(ctx, first+i, every)
				return err
			})
		}
		return all.Wait()
	})
	return started, out, err
}

func (p *place) startOne(ctx context.Context, number int, every time.Duration) (operation, error) {
	body, err := json.Marshal(jobInput{Number: number, EverySeconds: int(every.Seconds())})
	if err != nil {
		return operation{}, err
	}
	op, err := starter.Start[json.RawMessage](ctx, p.starter, perdure.OperationInput{
		Request: &perdure.Request{Service: "jobs", Method: "POST", URL: "/jobs", Body: perdure.JSONBody(body)},
	}, nil)
	if err != nil {
		return operation{}, fmt.Errorf("start %d: %w", number, err)
	}
	return operation{op, number}, nil
}

// startsSize is how starts are measured.
type startsSize struct {
	atOnce []int
	n      int
	// profiles is a directory for those of the last number of callers; "": none are kept.
	profiles string
}

// measureStarts starts with one number of callers after the other, in one place that is
// warm. Stored is how many bytes more the database has for each operation.
func (p *place) measureStarts(ctx context.Context, size startsSize) (out []Starts, stored float64, err error) {
	if _, _, err := p.start(ctx, warmUp, warmUp/10, waiting); err != nil {
		return nil, 0, err
	}
	before, err := p.stored(ctx)
	if err != nil {
		return nil, 0, err
	}
	all := 0
	for _, atOnce := range size.atOnce {
		n := size.n
		if atOnce == 1 {
			n /= 10 // it takes so long
		}
		stop := p.keepProfiles(ctx, size.profiles)
		_, s, err := p.start(ctx, n, atOnce, waiting)
		if err := errors.Join(err, stop()); err != nil {
			return nil, 0, err
		}
		out, all = append(out, s), all+n
	}
	after, err := p.stored(ctx)
	return out, float64(after-before) / float64(all), err
}

// warmUp is how many operations bring a place to its pace.
const warmUp = 200

func (s Starts) perSecond() float64 { return float64(s.N) / s.Took.Seconds() }
