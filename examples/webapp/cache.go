package webapp

import (
	"context"
	"sync"
	"time"
)

// Cache keeps bytes for a while. It is what Redis gives with GET and SET … PX; nothing
// breaks when it forgets, or when each instance has one of its own.
type Cache interface {
	// Get gives what was set, and false where there is nothing (any longer).
	Get(ctx context.Context, key string) ([]byte, bool, error)
	// Set keeps a value, which the caller does not change any more, for so long.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
}

// maxEntries of a [MemoryCache].
const maxEntries = 1000

// MemoryCache is a Cache in the memory of one process. The zero value is empty; it is
// safe for concurrent use.
type MemoryCache struct {
	mu      sync.Mutex
	entries map[string]entry
}

type entry struct {
	value []byte
	until time.Time
}

// Get implements [Cache].
func (c *MemoryCache) Get(_ context.Context, key string) ([]byte, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	if !ok || !time.Now().Before(e.until) {
		return nil, false, nil
	}
	return e.value, true, nil
}

// Set implements [Cache].
func (c *MemoryCache) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = map[string]entry{}
	}
	if _, there := c.entries[key]; !there && len(c.entries) >= maxEntries {
		c.forgetOne()
	}
	c.entries[key] = entry{value, time.Now().Add(ttl)}
	return nil
}

// forgetOne forgets the entry that would have been forgotten first.
func (c *MemoryCache) forgetOne() {
	first := ""
	for key, e := range c.entries {
		if first == "" || e.until.Before(c.entries[first].until) {
			first = key
		}
	}
	delete(c.entries, first)
}
