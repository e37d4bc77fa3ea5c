package cli

import (
	"context"
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

// progress shows how an operation goes.
type progress interface {
	Show(s perdure.Status)
	Close()
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

// follow shows progress until the function that it returns is called. Find is asked
// until it gives a handle; what cannot be asked is not shown.
func (a *app) follow(ctx context.Context, p progressFlags, id string, find func(context.Context) (operation, error)) (stop func()) {
	if p.quiet {
		return func() {}
	}
	var shown progress = &progressLines{out: a.Stderr, id: id}
	if isTerminal(a.Stderr) {
		shown = newProgressBar(a.Stderr, id)
	}
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		defer shown.Close()
		watch(ctx, find, shown)
	})
	return func() {
		cancel()
		done.Wait()
	}
}

func watch(ctx context.Context, find func(context.Context) (operation, error), shown progress) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	var op operation
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if op == nil {
			op, _ = find(ctx) // not there yet, or it cannot be asked; both may change
		}
		if op == nil {
			continue
		}
		if s, err := op.Status(ctx); err == nil && ctx.Err() == nil {
			shown.Show(s)
		}
	}
}

// progressLines prints a line when something has changed, and not too often.
type progressLines struct {
	out    io.Writer
	id     string
	last   string
	lastAt time.Time
}

// Show prints s, if it is worth a line.
func (p *progressLines) Show(s perdure.Status) {
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
func progressLine(s perdure.Status) string {
	line := stateWords(s)
	if s.PercentComplete != nil {
		line += ", " + percent(*s.PercentComplete)
	}
	if s.LastError != nil && !s.Done {
		line += "; asking fails: " + oneLine(s.LastError.Error.String())
	}
	if s.Stale {
		line += "; no worker answers"
	}
	return line
}
