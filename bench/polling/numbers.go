package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
)

// newBatch is a name that no batch has.
func newBatch() string { return "b" + uuid.NewString()[:8] }

// median of some; of none it is 0.
func median[T cmp.Ordered](of []T) T { return quantile(of, 0.5) }

// quantile of some: the least that so much of them do not exceed.
func quantile[T cmp.Ordered](of []T, q float64) T {
	if len(of) == 0 {
		var none T
		return none
	}
	sorted := slices.Sorted(slices.Values(of))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// each is a number of each.
func each[T any, N cmp.Ordered](of []T, number func(T) N) []N {
	all := make([]N, len(of))
	for i, one := range of {
		all[i] = number(one)
	}
	return all
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// allDelivered are those of all repeats.
func allDelivered(of []Paced) []time.Duration {
	var all []time.Duration
	for _, one := range of {
		all = append(all, one.Delivered...)
	}
	return all
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
