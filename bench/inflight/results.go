package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/perdure-dev/perdure/bench/internal/machine"
)

// Results are what was measured, each part with when and under which load.
type Results struct {
	Machine machine.About                `json:"machine"`
	Starts  map[machine.Kind]*StartsPart `json:"starts"`
	Hold    map[machine.Kind]*HoldPart   `json:"hold"`
}

// Span is when a part was measured, and the machine's load average before it.
type Span struct {
	Began      time.Time `json:"began"`
	Ended      time.Time `json:"ended"`
	LoadBefore float64   `json:"loadBefore"`
}

// StartsPart is starts on one database.
type StartsPart struct {
	Span
	Points []Starts `json:"points"`
	// Stored is by how many bytes one operation has made the database larger.
	Stored float64 `json:"stored"`
}

// HoldPart is operations in flight on one database.
type HoldPart struct {
	Span
	Held
}

func (r *Results) measureStarts(ctx context.Context, programs *machine.Programs, kind machine.Kind, size startsSize) error {
	part := &StartsPart{}
	err := part.measure(ctx, programs, kind, func(p *place) (err error) {
		part.Points, part.Stored, err = p.measureStarts(ctx, size)
		return err
	})
	r.Starts[kind] = part
	for _, s := range part.Points {
		say("%s, %d callers: %.1f starts/s; CPU of each: %s", kind, s.AtOnce, s.perSecond(), s.CPU.each(s.N))
	}
	return err
}

func (r *Results) measureHold(ctx context.Context, programs *machine.Programs, kind machine.Kind, size holdSize) error {
	part := &HoldPart{}
	err := part.measure(ctx, programs, kind, func(p *place) error {
		held, err := p.hold(ctx, size, say)
		if held != nil {
			part.Held = *held
		}
		return err
	})
	r.Hold[kind] = part
	return err
}

// measure runs f in a place of its own.
func (s *Span) measure(ctx context.Context, programs *machine.Programs, kind machine.Kind, f func(*place) error) (err error) {
	if s.LoadBefore, err = machine.Load(); err != nil {
		return err
	}
	s.Began = time.Now().UTC()
	p, err := newPlace(ctx, programs, kind)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	err = f(p)
	s.Ended = time.Now().UTC()
	return err
}

// readResults reads those of earlier runs; there may be none.
func readResults(path string) (*Results, error) {
	r := &Results{Starts: map[machine.Kind]*StartsPart{}, Hold: map[machine.Kind]*HoldPart{}}
	content, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	if err == nil {
		if err := json.Unmarshal(content, r); err != nil {
			return nil, err
		}
	}
	r.Machine, err = machine.Describe()
	return r, err
}

func (r *Results) write(path string) error {
	content, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(content, '\n'), 0o600)
}
