package cli

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
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
func (p *progressBar) Show(s standing) {
	if s.done {
		return // the answer follows
	}
	known := s.percent != nil
	if p.bar == nil || known != p.percent {
		p.Close()
		p.bar, p.percent = p.newBar(known), known
	}
	p.bar.Describe(p.id + "  " + barWords(s, time.Now()))
	if known {
		_ = p.bar.Set(int(min(max(*s.percent, 0), barMax-1))) // at its maximum it would end; nobody reads its errors
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

func barWords(s standing, now time.Time) string {
	s.percent = nil // the bar shows it
	words := progressLine(s)
	if s.nextAt.After(now) {
		words += ", next poll " + until(s.nextAt, now)
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
