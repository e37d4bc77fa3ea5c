package main

import (
	"fmt"

	"github.com/perdure-dev/perdure/bench/internal/machine"
)

// promise is a ratio that the documentation promises, as it was in a run.
type promise struct {
	what  string
	where machine.Kind
	got   float64
	bound float64
	least bool // the bound is the least that it may be, else the most
}

func (p promise) held() bool {
	if p.least {
		return p.got >= p.bound
	}
	return p.got <= p.bound
}

func (p promise) String() string {
	verdict, relation := "held", "at most"
	if !p.held() {
		verdict = "FAIL"
	}
	if p.least {
		relation = "at least"
	}
	return fmt.Sprintf("%-4s  %6.2f, %s %.4g: %s (%s)", verdict, p.got, relation, p.bound, p.what, p.where)
}

// events of an operation that was asked so often without news are fewer than that.
const (
	manyPolls   = 10_000
	mostEvents  = 149
	leastCounts = 600 // polls that were really made
)

// promises of what was measured.
func (r *Results) promises() []promise {
	var all []promise
	for _, kind := range []machine.Kind{machine.SQLite, machine.PostgreSQL} {
		if d := r.Databases[kind]; d != nil {
			all = append(all, d.promises(kind)...)
		}
	}
	if r.Long != nil {
		all = append(all,
			promise{what: "polls of one operation, at one a second without news", where: machine.SQLite, got: float64(r.Long.Polls), bound: leastCounts, least: true},
			promise{what: fmt.Sprintf("events of %d such polls, reckoned from these", manyPolls), where: machine.SQLite, got: float64(r.Long.eventsFor(manyPolls)), bound: mostEvents})
	}
	return all
}

func (d *Database) promises(kind machine.Kind) []promise {
	poll := func(w wayName) float64 { return median(each(d.Paced[w], Paced.serverPerPoll)) }
	start := func(w wayName) float64 { return median(each(d.Starts[w], Starts.perStart)) }
	rate := func(w wayName) float64 { return median(each(d.Saturated[w], Saturated.rate)) }
	delivered := func(w wayName) float64 { return millis(quantile(allDelivered(d.Paced[w]), 0.5)) }
	return []promise{
		{what: "server CPU a poll, watching to the heartbeating loop", where: kind, got: poll(watching) / poll(heartbeatLoop), bound: 1.6},
		{what: "server CPU a poll, watching to the timer loop", where: kind, got: poll(watching) / poll(timerLoop), bound: 1. / 3},
		{what: "polls a second at saturation, watching to the timer loop", where: kind, got: rate(watching) / rate(timerLoop), bound: 5, least: true},
		{what: "CPU of a start, to a workflow of one activity", where: kind, got: start(watching) / start(oneActivity), bound: 1.3},
		{what: "done to delivered, p50, watching to the heartbeating loop", where: kind, got: delivered(watching) / delivered(heartbeatLoop), bound: 1.5},
	}
}

func (p Paced) serverPerPoll() float64   { return millis(p.CPU.Server) / float64(p.Polls) }
func (p Paced) databasePerPoll() float64 { return millis(p.CPU.Database) / float64(p.Polls) }
func (p Paced) workerPerPoll() float64   { return millis(p.CPU.Worker) / float64(p.Polls) }
func (s Starts) perStart() float64       { return millis(s.CPU.sum()) / float64(s.Starts) }
func (s Saturated) rate() float64        { return float64(s.Polls) / s.For.Seconds() }
