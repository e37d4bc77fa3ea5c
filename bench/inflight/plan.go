package main

import (
	"fmt"
	"math"
	"strings"
)

// What the plan assumes.
const (
	planned       = 10_000_000
	plannedWatch  = 100_000
	plannedWait   = planned - plannedWatch
	lifetimeHours = 24
	shards        = 4096
	// usedPart of the cores that are paid for.
	usedPart = 0.5
	// slots of a worker: worker.concurrentActivities by default.
	slots            = 20_000
	dollarsCoreMonth = 30
	dollarsGBMonth   = 0.15
	dollarsAction    = 25e-6
	hoursMonth       = 730
)

// line of the plan: what, how it is reckoned, and what comes out.
type line struct{ what, how, out string }

func (r *Results) planTable() string {
	h := r.Hold
	start := h.Filled.CPU.each(h.Filled.N)
	timer := h.Timed.CPU.each(h.Timed.Polls)
	most := h.most()
	watch := most.CPU.each(most.Polls)

	starts := float64(planned) / (lifetimeHours * 3600)
	timers := plannedWait / waiting.Seconds()
	watches := plannedWatch / watching.Seconds()
	cores := func(part func(CPU) float64) (float64, string) {
		sum := starts*part(start) + timers*part(timer) + watches*part(watch)
		return sum / usedPart, fmt.Sprintf("(%.0f × %.1f ms + %.0f × %.1f ms + %.0f × %.1f ms) / %.1f",
			starts, 1000*part(start), timers, 1000*part(timer), watches, 1000*part(watch), usedPart)
	}
	server, serverHow := cores(func(c CPU) float64 { return c.Server.Seconds() })
	database, databaseHow := cores(func(c CPU) float64 { return c.Database.Seconds() })
	worker, workerHow := cores(func(c CPU) float64 { return c.Worker.Seconds() })
	workers := max(math.Ceil(plannedWatch/float64(slots)), math.Ceil(worker/4))
	memory := (cached*h.cachedBytes() + plannedWatch/workers*h.watchedBytes()) / 1e9
	stored := planned * h.storedBytes() / 1e9
	beats := plannedWatch / 12.0
	commits := starts*9 + timers*7 + beats
	tasks := 2*starts + 2*timers
	self := (server+database+worker)*dollarsCoreMonth + stored*dollarsGBMonth
	actions := starts*float64(h.History.Actions) + timers*3 + beats
	month := hoursMonth * 3600.0

	return table([]line{
		{"starts", fmt.Sprintf("%s / %d h", thousands(planned), lifetimeHours), fmt.Sprintf("%.0f/s", starts)},
		{"polls after a timer", fmt.Sprintf("%s / 1 h", thousands(plannedWait)), fmt.Sprintf("%.0f/s", timers)},
		{"polls of watchers", fmt.Sprintf("%s / 5 s", thousands(plannedWatch)), fmt.Sprintf("%.0f/s", watches)},
		{"heartbeats of watchers", fmt.Sprintf("%s / 12 s", thousands(plannedWatch)), fmt.Sprintf("%.0f/s", beats)},
		{"cores, Temporal", serverHow, fmt.Sprintf("%.0f", server)},
		{"cores, database", databaseHow, fmt.Sprintf("%.0f", database)},
		{"cores, workers", workerHow, fmt.Sprintf("%.0f", worker)},
		{"workers of 4 cores", fmt.Sprintf("the more of %s / %s slots and %.0f cores / 4", thousands(plannedWatch), thousands(slots), worker), fmt.Sprintf("%.0f", workers)},
		{"memory of a worker", fmt.Sprintf("%s cached × %s + %.0f watched × %s", thousands(cached), kb(h.cachedBytes()), plannedWatch/workers, kb(h.watchedBytes())), fmt.Sprintf("%.1f GB", memory)},
		{"database", fmt.Sprintf("%s × %s", thousands(planned), kb(h.storedBytes())), fmt.Sprintf("%.0f GB", stored)},
		{"history shards", fmt.Sprintf("%s / %s operations each", thousands(planned), thousands(planned/shards)), thousands(shards)},
		{"commits", fmt.Sprintf("%.0f × 9 + %.0f × 7 + %.0f", starts, timers, beats), fmt.Sprintf("%.0f/s: %.1f a shard", commits, commits/shards)},
		{"tasks through matching", fmt.Sprintf("2 × %.0f + 2 × %.0f", starts, timers), fmt.Sprintf("%.0f/s", tasks)},
		{"matching hosts", fmt.Sprintf("%.0f polls and tasks / 1,200", 2*tasks), fmt.Sprintf("%.0f", math.Ceil(2*tasks/1200))},
		{"a month, self-hosted", fmt.Sprintf("%.0f cores × $%d + %.0f GB × $%.2f", server+database+worker, dollarsCoreMonth, stored, dollarsGBMonth), dollars(self)},
		{"actions", fmt.Sprintf("%.0f × %d + %.0f × 3 + %.0f", starts, h.History.Actions, timers, beats), fmt.Sprintf("%.0f/s", actions)},
		{"a month, Temporal Cloud", fmt.Sprintf("%.0f × %d h × 3,600 × $25 / 1,000,000", actions, hoursMonth), dollars(actions * month * dollarsAction)},
	})
}

func table(lines []line) string {
	var b strings.Builder
	b.WriteString("| | reckoned | comes to |\n| --- | --- | --- |\n")
	for _, l := range lines {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", l.what, l.how, l.out)
	}
	return b.String()
}

// dollars in two digits: the assumptions are no finer.
func dollars(d float64) string {
	unit := math.Pow(10, math.Floor(math.Log10(d))-1)
	return "$" + thousands(int(math.Round(d/unit)*unit))
}
