package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/perdure-dev/perdure/bench/internal/machine"
)

// What the plan assumes. The page says so in words.
const (
	planned       = 10_000_000
	plannedWatch  = 100_000
	plannedWait   = planned - plannedWatch
	lifetimeHours = 24
	usedPart      = 0.5 // of the cores that are paid for

	dollarsCoreMonth = 30
	dollarsGBMonth   = 0.15
	hoursMonth       = 730
)

// What the vendor says: limits of a host by default in server 1.32.1, and Temporal Cloud's
// list price at the highest tier that it publishes.
const (
	frontendRPS    = 2400
	matchingRPS    = 1200
	dollarsMillion = 25
	dollarsGBHour  = 0.042
)

const (
	shards      = 4096
	slots       = 20_000 // of a worker: worker.concurrentActivities
	workerCores = 4
)

// What Temporal does for a start, and for a poll after a timer; its code was counted.
const (
	commitsStart, commitsPoll = 9, 6
	callsStart, callsPoll     = 7, 5
	tasksEach                 = 2 // of workflows; activities go with the answer to them
	actionsPoll               = 2 // a timer, an activity
	beatSeconds               = 12
)

// plan is the load, and what one of each costs.
type plan struct {
	starts, timers, watches, beats float64 // a second
	start, timer, watch            CPU
	lines                          []string
}

func (r *Results) planTable() string {
	h := r.Hold[machine.PostgreSQL]
	if h == nil {
		return ""
	}
	most := h.most()
	p := &plan{
		starts:  planned / (lifetimeHours * 3600.0),
		timers:  plannedWait / waiting.Seconds(),
		watches: plannedWatch / watching.Seconds(),
		beats:   plannedWatch / float64(beatSeconds),
		start:   h.Filled.CPU.each(h.Filled.N), timer: h.Timed.CPU.each(h.Timed.Polls), watch: most.CPU.each(most.Polls),
	}
	p.load()
	cores, worker := p.cores()
	p.hosts(h, worker)
	stored := p.database(h)
	p.costs(h, cores, stored)
	return "| | reckoned | comes to |\n| --- | --- | --- |\n" + strings.Join(p.lines, "")
}

// add writes a line: what, what it comes to, and how that is reckoned.
func (p *plan) add(what, out, how string, args ...any) {
	p.lines = append(p.lines, fmt.Sprintf("| %s | %s | %s |\n", what, fmt.Sprintf(how, args...), out))
}

func (p *plan) load() {
	p.add("starts", perSecond(p.starts), "%s / (%d h × 3,600 s)", thousands(planned), lifetimeHours)
	p.add("polls after a timer", perSecond(p.timers), "%s / 3,600 s", thousands(plannedWait))
	p.add("polls of watchers", perSecond(p.watches), "%s / 5 s", thousands(plannedWatch))
	p.add("heartbeats of watchers", perSecond(p.beats), "%s / %d s", thousands(plannedWatch), beatSeconds)
}

// cores gives those of all, and of the workers alone.
func (p *plan) cores() (all, worker float64) {
	for _, part := range []struct {
		name string
		of   func(CPU) float64
	}{
		{"Temporal", func(c CPU) float64 { return c.Server.Seconds() }},
		{"PostgreSQL", func(c CPU) float64 { return c.Database.Seconds() }},
		{"workers", func(c CPU) float64 { return c.Worker.Seconds() }},
	} {
		worker = math.Ceil((p.starts*part.of(p.start) + p.timers*part.of(p.timer) + p.watches*part.of(p.watch)) / usedPart)
		all += worker
		p.add("cores: "+part.name, fmt.Sprintf("%.0f", worker), "(%.0f/s × %.1f ms + %s × %.1f ms + %s × %.1f ms) / %.1f",
			p.starts, 1000*part.of(p.start), perSecond(p.timers), 1000*part.of(p.timer), perSecond(p.watches), 1000*part.of(p.watch), usedPart)
	}
	return all, worker
}

func (p *plan) hosts(h *HoldPart, cores float64) {
	commits := p.starts*commitsStart + p.timers*commitsPoll + p.beats
	p.add("commits of a history shard", fmt.Sprintf("%.1f/s", commits/shards), "(%.0f/s × %d + %s × %d + %s) / %s shards",
		p.starts, commitsStart, perSecond(p.timers), commitsPoll, perSecond(p.beats), thousands(shards))
	p.add("operations of a history shard", thousands(planned/shards), "%s / %s shards", thousands(planned), thousands(shards))
	calls := p.starts*callsStart + p.timers*callsPoll + p.beats
	p.add("frontend hosts, at least", whole(calls/frontendRPS), "(%.0f/s × %d + %s × %d + %s) / %s", p.starts, callsStart,
		perSecond(p.timers), callsPoll, perSecond(p.beats), perSecond(frontendRPS))
	tasks := tasksEach * (p.starts + p.timers)
	p.add("matching hosts, at least", whole(2*tasks/matchingRPS), "%d × (%.0f/s + %s), each added and polled, / %s", tasksEach, p.starts, perSecond(p.timers), perSecond(matchingRPS))
	workers := math.Ceil(max(plannedWatch/slots, cores/workerCores))
	p.add(fmt.Sprintf("workers of %d cores", workerCores), whole(workers), "the more of %s / %s slots and %.0f cores / %d", thousands(plannedWatch), thousands(slots), cores, workerCores)
	p.add("tasks of a worker's sticky queue", perSecond((tasks-p.starts)/workers), "(%s − %.0f/s) / %.0f", perSecond(tasks), p.starts, workers)
	memory := cached*h.cachedBytes() + plannedWatch/workers*h.watchedBytes()
	p.add("memory of a worker", fmt.Sprintf("%.1f GB", memory/1e9), "%s cached × %s + %s watched × %s", thousands(cached), kb(h.cachedBytes()), thousands(int(plannedWatch/workers)), kb(h.watchedBytes()))
}

// database gives its size in GB.
func (p *plan) database(h *HoldPart) float64 {
	stored := planned * h.storedBytes() / 1e9
	p.add("database", fmt.Sprintf("%.0f GB", stored), "%s × %s", thousands(planned), kb(h.storedBytes()))
	return stored
}

func (p *plan) costs(h *HoldPart, cores, stored float64) {
	p.add("a month, self-hosted", dollars(cores*dollarsCoreMonth+stored*dollarsGBMonth), "%.0f cores × $%d + %.0f GB × $%.2f", cores, dollarsCoreMonth, stored, dollarsGBMonth)
	actions := p.starts*float64(h.History.Actions) + p.timers*actionsPoll + p.beats
	p.add("actions, Temporal Cloud", perSecond(actions), "%.0f/s × %d + %s × %d + %s", p.starts, h.History.Actions, perSecond(p.timers), actionsPoll, perSecond(p.beats))
	p.add("a month, actions", dollars(actions*hoursMonth*3600*dollarsMillion/1e6), "%s × %d h × 3,600 s × $%d / 1,000,000", perSecond(actions), hoursMonth, dollarsMillion)
	open := float64(planned) * float64(h.History.Bytes) / 1e9
	p.add("a month, storage of what is open", dollars(open*hoursMonth*dollarsGBHour), "%s × %s × %d h × $%.3f", thousands(planned), kb(float64(h.History.Bytes)), hoursMonth, dollarsGBHour)
}

func perSecond(n float64) string { return thousands(int(math.Round(n))) + "/s" }

func whole(n float64) string { return fmt.Sprintf("%.0f", math.Ceil(n)) }

// dollars in two digits: the assumptions are no finer.
func dollars(d float64) string {
	if d <= 0 {
		return "$0"
	}
	unit := math.Pow(10, math.Floor(math.Log10(d))-1)
	return "$" + thousands(int(math.Round(d/unit)*unit))
}
