package waiter

import "time"

// Pace is random between the least delay and a bound that doubles with each question
// (Smithy 2.0, waiters: waiter retries).
func (b *bound) Pace(n int, random float64) time.Duration {
	most := b.minDelay
	for i := 1; i < n && most < b.maxDelay; i++ {
		most *= 2
	}
	most = min(most, b.maxDelay)
	return b.minDelay + time.Duration(random*float64(most-b.minDelay))
}
