package chaos_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// ready reports whether a worker serves.
func (p *process) ready() bool {
	_, err := p.ask("/readyz")
	return err == nil
}

// ask asks a worker about itself.
func (p *process) ask(path string) (string, error) {
	c := http.Client{Timeout: 10 * time.Second}
	defer c.CloseIdleConnections()
	resp, err := c.Get("http://" + p.listen + path)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, text)
	}
	return string(text), err
}

// held is what a worker has.
type held struct {
	files int
	// goroutines are without those of workflows that the SDK keeps in its cache: what ended
	// on another worker stays there until there is no room.
	goroutines, cached int
	// working are the stacks of goroutines in our activities.
	working []string
}

func (p *process) holds() (held, error) {
	profile, err := p.ask("/debug/pprof/goroutine?debug=1")
	if err != nil {
		return held{}, err
	}
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.process().Pid))
	h := held{files: len(files)}
	_, stacks, _ := strings.Cut(profile, "\n") // the total
	for stack := range strings.SplitSeq(stacks, "\n\n") {
		var n int
		if _, err := fmt.Sscanf(stack, "%d @", &n); err != nil {
			continue
		}
		if strings.Contains(stack, "internal.(*coroutineState)") {
			h.cached += n
			continue
		}
		h.goroutines += n
		if strings.Contains(stack, "perdure/activities.") {
			h.working = append(h.working, stack)
		}
	}
	return h, err
}

// mayDiffer is how many goroutines and files more than one that has done nothing yet a
// worker may have: connections that are kept for the next request.
const mayDiffer = 15

// leftBehind waits until the workers hold no more than one that has only just begun.
func (w *world) leftBehind(ctx context.Context, fresh *process, old []*process) (table []string, f findings) {
	for _, p := range old {
		var has, should held
		settled := eventually(ctx, func() bool {
			var err, errFresh error
			has, err = p.holds()
			should, errFresh = fresh.holds()
			return err == nil && errFresh == nil && len(has.working) <= len(should.working) &&
				has.goroutines <= should.goroutines+mayDiffer && has.files <= should.files+mayDiffer
		})
		line := fmt.Sprintf("%s: %d goroutines and %d of cached workflows, %d files; a fresh one: %d, %d, %d",
			p.name(), has.goroutines, has.cached, has.files, should.goroutines, should.cached, should.files)
		table = append(table, line)
		if !settled {
			f.add("%s\n%s", line, strings.Join(has.working, "\n\n"))
		}
	}
	return table, f
}
