package worker_test

import (
	"errors"

	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
)

func (r *lifeRun) status() (s perdure.Status) {
	r.query(perdure.QueryStatus, &s)
	return s
}

func (r *lifeRun) token() (token string) {
	r.query(perdure.QueryToken, &token)
	return token
}

func (r *lifeRun) query(name string, into any) {
	value, err := r.env.QueryWorkflow(name)
	if err == nil {
		err = value.Get(into)
	}
	if err != nil {
		panic(err) // fails the workflow
	}
}

// read asks the newest run, and then the one that it names.
func (l *life) read(query string, question, into any) error {
	r := l.last()
	for {
		value, err := r.env.QueryWorkflow(query, question)
		if err == nil {
			return value.Get(into)
		}
		elsewhere, ok := errors.AsType[*temporal.ApplicationError](err)
		if !ok || elsewhere.Type() != perdure.ErrorOtherRun {
			return err
		}
		var segment any
		if err := elsewhere.Details(&segment); err != nil {
			return err
		}
		r = l.run(segment)
	}
}

// run is the run of a segment.
func (l *life) run(segment any) *lifeRun {
	var id string
	switch s := segment.(type) {
	case perdure.Segment:
		id = s.RunID
	case perdure.StreamSegment:
		id = s.RunID
	}
	for _, r := range l.runs {
		if r.id == id {
			return r
		}
	}
	panic("no run is called " + id)
}
