package chaos_test

import (
	"context"
	"time"
)

// pause waits for d. False: ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// eventually asks until ok. False: ctx ended first.
func eventually(ctx context.Context, ok func() bool) bool {
	for !ok() {
		if !pause(ctx, 200*time.Millisecond) {
			return false
		}
	}
	return true
}
