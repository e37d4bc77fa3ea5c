package jobservice

import (
	"context"
	"time"
)

func (f Fault) holds() bool { return f.HoldUntilReleased || f.HoldMillis > 0 }

func (f *activeFault) hold(ctx context.Context) error {
	if f.HoldUntilReleased {
		select {
		case <-f.released:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return pause(ctx, millis(f.HoldMillis), f.released)
}

func (f *activeFault) slow() time.Duration { return millis(f.SlowMillis) }

func millis(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// pause waits for d, or until the channel, which may be nil, is closed.
func pause(ctx context.Context, d time.Duration, cut <-chan struct{}) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-cut:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
