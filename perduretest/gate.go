package perduretest

import "time"

// gate is when something comes by itself. The zero gate has it come when it is asked for.
type gate struct {
	hold  <-chan struct{}
	after time.Duration
}

// byItself: asking for it makes no difference.
func (g gate) byItself() bool { return g.hold != nil || g.after > 0 }

// open: it is time, counted from since.
func (g gate) open(since time.Time) bool {
	return g.released() && time.Since(since) >= g.after
}

// opened is when one that is open came to be, though nobody may have looked.
func (g gate) opened(since time.Time) time.Time {
	if g.hold == nil && g.after > 0 {
		return since.Add(g.after)
	}
	return time.Now()
}

func (g gate) released() bool {
	if g.hold == nil {
		return true
	}
	select {
	case <-g.hold:
		return true
	default:
		return false
	}
}

// pending is what is to be waited for until it may be open.
func (g gate) pending(since time.Time) (hold <-chan struct{}, due <-chan time.Time) {
	switch {
	case !g.released():
		return g.hold, nil
	case g.after > 0:
		return nil, time.After(g.after - time.Since(since))
	}
	return nil, nil
}
