package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure"
)

// How often an operation is looked at while somebody waits, and how often a line may
// be printed where there is no terminal.
const (
	followEvery = 2 * time.Second
	lineEvery   = 5 * time.Second
)

// progress shows how an operation, a collection or a stream goes.
type progress interface {
	Show(s standing)
	Close()
}

// standing is how one goes, as much of it as progress shows.
type standing struct {
	state   string   // in words
	percent *float64 // nil: not known
	nextAt  time.Time
	failing *perdure.TimedError
	stale   bool
	done    bool
}

func standingOf(s perdure.Status) standing {
	return standing{
		state: stateWords(s), percent: s.PercentComplete, nextAt: s.NextPollAt,
		failing: s.LastError, stale: s.Stale, done: s.Done,
	}
}

// progressFlags say whether progress is shown.
type progressFlags struct{ quiet bool }

func (p *progressFlags) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&p.quiet, "quiet", "q", false, "show no progress")
}

// note tells something beside the answer.
func (p *progressFlags) note(w io.Writer, format string, values ...any) {
	if !p.quiet {
		fmt.Fprintf(w, format+"\n", values...)
	}
}

// look asks how something goes. What cannot be asked, or is not worth showing, is an
// error.
type look func(context.Context) (standing, error)

// follow shows progress until the function that it returns is called.
func (a *app) follow(ctx context.Context, p progressFlags, id string, ask look) (stop func()) {
	if p.quiet {
		return func() {}
	}
	var shown progress = &progressLines{out: a.Stderr, id: id}
	if isTerminal(a.Stderr) {
		shown = newProgressBar(a.Stderr, id)
	}
	return follow(ctx, ask, shown)
}

func follow(ctx context.Context, ask look, shown progress) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		defer shown.Close()
		watch(ctx, ask, shown)
	})
	return func() {
		cancel()
		done.Wait()
	}
}

func watch(ctx context.Context, ask look, shown progress) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if s, err := ask(ctx); err == nil && ctx.Err() == nil {
			shown.Show(s)
		}
	}
}

var errNotThere = errors.New("it is not there yet")

// lookAt looks at a handle, which is found as soon as it is there.
func lookAt[Handle any](find func(context.Context) (Handle, error), ask func(context.Context, Handle) (standing, error)) look {
	var h Handle
	return func(ctx context.Context) (standing, error) {
		if any(h) == nil {
			h, _ = find(ctx) // not there yet, or it cannot be asked; both may change
		}
		if any(h) == nil {
			return standing{}, errNotThere
		}
		return ask(ctx, h)
	}
}

func atOperation(find func(context.Context) (operation, error)) look {
	return lookAt(find, func(ctx context.Context, op operation) (standing, error) {
		s, err := op.Status(ctx)
		return standingOf(s), err
	})
}

func atCollection(find func(context.Context) (collection, error)) look {
	return lookAt(find, func(ctx context.Context, c collection) (standing, error) {
		s, err := c.Status(ctx)
		return standing{state: collectionWords(s), failing: s.LastError, stale: s.Stale, done: s.Done}, err
	})
}

func atStream(find func(context.Context) (stream, error)) look {
	return lookAt(find, func(ctx context.Context, events stream) (standing, error) {
		s, err := events.Status(ctx)
		return standing{state: streamWords(s), failing: s.LastError, stale: s.Stale, done: s.Done}, err
	})
}

// progressLines prints a line when something has changed, and not too often.
type progressLines struct {
	out    io.Writer
	id     string
	last   string
	lastAt time.Time
}

// Show prints s, if it is worth a line.
func (p *progressLines) Show(s standing) {
	line := progressLine(s)
	if line == p.last || !p.lastAt.IsZero() && time.Since(p.lastAt) < lineEvery {
		return
	}
	p.last, p.lastAt = line, time.Now()
	fmt.Fprintf(p.out, "%s: %s\n", p.id, line)
}

// Close has nothing to take away.
func (p *progressLines) Close() {}

// progressLine has all that makes a change worth a line, and no times.
func progressLine(s standing) string {
	line := s.state
	if s.percent != nil {
		line += ", " + percent(*s.percent)
	}
	if s.failing != nil && !s.done {
		line += "; asking fails: " + oneLine(s.failing.Error.String())
	}
	if s.stale {
		line += "; no worker answers"
	}
	return line
}
