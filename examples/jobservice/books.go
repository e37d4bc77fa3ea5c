package jobservice

import (
	"maps"
	"slices"
	"time"
)

// Books are entries in the order of arrival.
type Books []Entry

// Starts gives the requests for a start that reached an operation, repeated
// ones included.
func (b Books) Starts() Books {
	return b.where(func(e Entry) bool { return e.Action == Start && e.Operation != "" })
}

// Polls gives the polls of the operation.
func (b Books) Polls(operation string) Books {
	return b.where(func(e Entry) bool { return e.Action == Poll && e.Operation == operation })
}

// Cancels gives the requests to cancel the operation.
func (b Books) Cancels(operation string) Books {
	return b.where(func(e Entry) bool { return e.Action == Cancel && e.Operation == operation })
}

// Gaps gives the times between the operation's polls, one fewer than polls.
func (b Books) Gaps(operation string) []time.Duration {
	var gaps []time.Duration
	var last time.Time
	for _, poll := range b.Polls(operation) {
		if !last.IsZero() {
			gaps = append(gaps, poll.At.Sub(last))
		}
		last = poll.At
	}
	return gaps
}

// Operations gives the ids of the operations that were started, in the order of
// their starts, each once.
func (b Books) Operations() []string {
	var ids []string
	known := map[string]bool{}
	for _, start := range b.Starts() {
		if !known[start.Operation] {
			known[start.Operation] = true
			ids = append(ids, start.Operation)
		}
	}
	return ids
}

func (b Books) where(keep func(Entry) bool) Books {
	var kept Books
	for _, entry := range b {
		if keep(entry) {
			kept = append(kept, entry)
		}
	}
	return kept
}

// Summary counts what is in books.
type Summary struct {
	Requests int `json:"requests"`
	// Starts counts, by kind, the starts that reached an operation, and
	// Repeated those of them that started nothing new.
	Starts   map[Kind]int `json:"starts"`
	Repeated map[Kind]int `json:"repeated"`
	// Operations counts, by kind, the distinct operations started.
	Operations map[Kind]int `json:"operations"`
	Polls      int          `json:"polls"`
	// ByOperation is keyed by the operation's id.
	ByOperation map[string]OperationSummary `json:"byOperation"`
	// Pages counts, by the list's path and the page's index, the requests for
	// pages of items.
	Pages map[string]map[int]int `json:"pages,omitempty"`
}

// OperationSummary counts what is in books about one operation.
type OperationSummary struct {
	Kind    Kind `json:"kind"`
	Starts  int  `json:"starts"`
	Polls   int  `json:"polls"`
	Cancels int  `json:"cancels"`
	// State is the last that was answered.
	State string `json:"state"`
	// GapsMillis are the times between polls, in milliseconds.
	GapsMillis []int64 `json:"gapsMs"`
}

// Summary counts.
func (b Books) Summary() Summary {
	byOperation := map[string]*tally{}
	summary := Summary{
		Requests:    len(b),
		Starts:      map[Kind]int{},
		Repeated:    map[Kind]int{},
		Operations:  map[Kind]int{},
		ByOperation: map[string]OperationSummary{},
		Pages:       b.pagesByPath(),
	}
	for _, entry := range b {
		if entry.Operation == "" {
			continue
		}
		counted := byOperation[entry.Operation]
		if counted == nil {
			counted = &tally{OperationSummary: OperationSummary{Kind: entry.Kind, GapsMillis: []int64{}}}
			byOperation[entry.Operation] = counted
		}
		counted.add(entry)
		switch entry.Action {
		case Start:
			summary.Starts[entry.Kind]++
			if entry.Repeated {
				summary.Repeated[entry.Kind]++
			}
		case Poll:
			summary.Polls++
		case Result, Cancel, List:
		}
	}
	for id, counted := range maps.All(byOperation) {
		if counted.Starts > 0 {
			summary.Operations[counted.Kind]++
		}
		summary.ByOperation[id] = counted.OperationSummary
	}
	return summary
}

// tally is an operation's summary while it is being counted.
type tally struct {
	OperationSummary
	polled time.Time
}

func (t *tally) add(e Entry) {
	if e.State != "" {
		t.State = e.State
	}
	switch e.Action {
	case Start:
		t.Starts++
	case Cancel:
		t.Cancels++
	case Poll:
		t.Polls++
		if !t.polled.IsZero() {
			t.GapsMillis = append(t.GapsMillis, e.At.Sub(t.polled).Milliseconds())
		}
		t.polled = e.At
	case Result, List:
	}
}

// inOrder sorts by number.
func (b Books) inOrder() Books {
	slices.SortFunc(b, func(x, y Entry) int { return x.Number - y.Number })
	return b
}
