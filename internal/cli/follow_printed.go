package cli

import (
	"context"
	"errors"
)

// followPrinted shows how what is printed as it comes goes, until the function that it
// returns is called. Where it comes to a terminal, that shows it, and only trouble is
// told.
func (a *app) followPrinted(ctx context.Context, p progressFlags, id string, ask look) (stop func()) {
	if p.quiet || !isTerminal(a.Stdout) {
		return a.follow(ctx, p, id, ask)
	}
	return follow(ctx, inTrouble(ask), &progressLines{out: a.Stderr, id: id})
}

var errNoTrouble = errors.New("it goes well")

// inTrouble sees only what goes wrong.
func inTrouble(ask look) look {
	return func(ctx context.Context) (standing, error) {
		s, err := ask(ctx)
		if err == nil && (s.done || s.failing == nil && !s.stale) {
			err = errNoTrouble
		}
		return s, err
	}
}
