package auth

import (
	"context"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
)

const (
	// issueTimeout bounds one question to an issuer.
	issueTimeout = 30 * time.Second
	// issuePause is how long an issuer is left alone that did not give anything.
	issuePause = time.Second
	// expiryMargin is for the way to the service.
	expiryMargin = 10 * time.Second
	// unknownLifetime is after how long something is issued anew that does not say
	// when it expires.
	unknownLifetime = 10 * time.Minute
)

// Cache holds what an issuer gives out for a time. It asks for the next when three
// quarters of the time are over, in the background, and has one question under way,
// however many wait for the answer. It is safe for concurrent use.
type Cache[T any] struct {
	issue func(context.Context) (T, time.Time, error)
	group singleflight.Group
	// refreshes keeps a service that refuses everything from being one more reason
	// to ask the issuer.
	refreshes *rate.Limiter

	mu     sync.Mutex
	held   issued[T]
	failed error
	until  time.Time // failed holds so long
}

// issued is what was given out last; number 0: nothing yet.
type issued[T any] struct {
	value       T
	number      int
	renew, dead time.Time // dead is zero where it is not known
}

// NewCache is a cache of what issue gives, and until when; the zero time: it is not
// known, and is used until a service refuses it. Issue itself must cache nothing. Its
// ctx outlives the request for which it is called.
func NewCache[T any](issue func(context.Context) (T, time.Time, error)) *Cache[T] {
	return &Cache[T]{issue: issue, refreshes: rate.NewLimiter(rate.Every(10*time.Second), 5)}
}

// Get gives what is held, or waits for the issuer. The error is issue's, or ctx's.
func (c *Cache[T]) Get(ctx context.Context) (T, error) {
	held, now := c.now()
	switch {
	case held.number == 0, !held.dead.IsZero() && !now.Before(held.dead):
		return c.wait(ctx, held.number, always)
	case !now.Before(held.renew):
		c.ask(ctx, held.number, always)
	}
	return held.value, nil
}

// Refresh asks the issuer anew if what is held was refused, and reports whether there
// is now something else.
func (c *Cache[T]) Refresh(ctx context.Context, refused func(T) bool) (changed bool, err error) {
	held, _ := c.now()
	if held.number != 0 && !refused(held.value) {
		return true, nil
	}
	value, err := c.wait(ctx, held.number, c.refreshes.Allow)
	return err == nil && !refused(value), err
}

func (c *Cache[T]) now() (issued[T], time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held, time.Now()
}

func always() bool { return true }

func (c *Cache[T]) wait(ctx context.Context, after int, allowed func() bool) (value T, err error) {
	select {
	case answer := <-c.ask(ctx, after, allowed):
		value, _ = answer.Val.(T)
		return value, answer.Err
	case <-ctx.Done():
		return value, context.Cause(ctx)
	}
}

// ask gets the one after the one with a number, which may be there already. Where it is
// not allowed to ask for one, what is held stays, or the failure of the last question.
func (c *Cache[T]) ask(ctx context.Context, after int, allowed func() bool) <-chan singleflight.Result {
	return c.group.DoChan(strconv.Itoa(after), func() (any, error) {
		if value, err, known := c.known(after, allowed); known {
			return value, err
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), issueTimeout)
		defer cancel()
		value, expires, err := c.issue(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		if err != nil {
			c.failed, c.until = err, time.Now().Add(issuePause)
			return nil, err
		}
		c.failed = nil
		c.held = hold(value, after+1, expires, time.Now())
		return value, nil
	})
}

// known is what need not be asked for.
func (c *Cache[T]) known(after int, allowed func() bool) (value T, err error, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.held.number != after:
		return c.held.value, nil, true
	case c.failed != nil && time.Now().Before(c.until):
		return value, c.failed, true
	case !allowed():
		return c.held.value, c.failed, true
	}
	return value, nil, false
}

func hold[T any](value T, number int, expires, now time.Time) issued[T] {
	if expires.IsZero() {
		return issued[T]{value: value, number: number, renew: now.Add(unknownLifetime)}
	}
	lifetime := expires.Sub(now)
	return issued[T]{value, number, now.Add(lifetime / 4 * 3), expires.Add(-min(expiryMargin, lifetime/8))}
}
