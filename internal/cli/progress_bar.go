package cli

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/perdure-dev/perdure"
)

// progressBar is for a terminal: a spinner, and a bar once the service says how far
// it is.
type progressBar struct {
	out     io.Writer
	id      string
	bar     *progressbar.ProgressBar
	percent bool
}

const (
	barMax      = 100
	barWidth    = 24
	spinnerType = 14
)

func newProgressBar(out io.Writer, id string) *progressBar {
	return &progressBar{out: out, id: id}
}

// Show draws s in the place of what was there.
func (p *progressBar) Show(s perdure.Status) {
	if s.Done {
		return // the answer follows
	}
	known := s.PercentComplete != nil
	if p.bar == nil || known != p.percent {
		p.Close()
		p.bar, p.percent = p.newBar(known), known
	}
	p.bar.Describe(p.id + "  " + barWords(s, time.Now()))
	if known {
		_ = p.bar.Set(int(min(max(*s.PercentComplete, 0), barMax-1))) // at its maximum it would end; nobody reads its errors
		return
	}
	_ = p.bar.Add(1)
}

func (p *progressBar) newBar(known bool) *progressbar.ProgressBar {
	size := -1
	if known {
		size = barMax
	}
	return progressbar.NewOptions(size,
		progressbar.OptionSetWriter(p.out),
		progressbar.OptionSetWidth(barWidth),
		progressbar.OptionSpinnerType(spinnerType),
		progressbar.OptionSetElapsedTime(!known),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionClearOnFinish(),
	)
}

func barWords(s perdure.Status, now time.Time) string {
	words := progressLine(perdure.Status{
		State: s.State, ServiceStatus: s.ServiceStatus, LastError: s.LastError, Stale: s.Stale,
	})
	if s.NextPollAt.After(now) {
		words += ", next poll " + until(s.NextPollAt, now)
	}
	return words
}

// Close takes the bar off the screen.
func (p *progressBar) Close() {
	if p.bar != nil {
		_ = p.bar.Finish()
		p.bar = nil
	}
}
