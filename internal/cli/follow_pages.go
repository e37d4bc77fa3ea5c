package cli

import (
	"context"
	"errors"
)

// followPages shows how a collection goes until the function that it returns is called.
// Where its pages come to a terminal, they show that, and only trouble is told.
func (a *app) followPages(ctx context.Context, p progressFlags, id string, e engine) (stop func()) {
	ask := atCollection(func(ctx context.Context) (collection, error) { return e.AttachCollection(ctx, id) })
	if p.quiet || !isTerminal(a.Stdout) {
		return a.follow(ctx, p, id, ask)
	}
	return follow(ctx, inTrouble(ask), &progressLines{out: a.Stderr, id: id})
}

// atCollection looks at a collection, which is found as soon as it is there.
func atCollection(find func(context.Context) (collection, error)) look {
	var c collection
	return func(ctx context.Context) (standing, error) {
		if c == nil {
			c, _ = find(ctx) // not there yet, or it cannot be asked; both may change
		}
		if c == nil {
			return standing{}, errNotThere
		}
		s, err := c.Status(ctx)
		return standing{state: collectionWords(s), failing: s.LastError, stale: s.Stale, done: s.Done}, err
	}
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
