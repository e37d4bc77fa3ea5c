package chaos_test

import (
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// randomFor draws for one thing, by its name: what is drawn for another changes nothing.
func randomFor(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// between draws a time between two.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(most-least)+1))
}

// deck deals each of its cards once before any comes again.
type deck[T any] struct {
	random *rand.Rand
	cards  []T
	next   int
}

func (d *deck[T]) deal() T {
	if d.next == 0 {
		d.random.Shuffle(len(d.cards), func(i, j int) { d.cards[i], d.cards[j] = d.cards[j], d.cards[i] })
	}
	card := d.cards[d.next]
	d.next = (d.next + 1) % len(d.cards)
	return card
}
