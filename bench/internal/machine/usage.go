package machine

import (
	"errors"
	"time"

	"github.com/prometheus/procfs"
)

// tick is the unit in which the kernel counts the time of processes.
const tick = time.Second / 100

var errGone = errors.New("machine: the process has ended")

// CPU is the time that the process has computed, those that it has started included.
func (p *Process) CPU() (time.Duration, error) {
	sum := 0
	err := p.each(func(s procfs.ProcStat) {
		sum += int(s.UTime) + int(s.STime) + s.CUTime + s.CSTime
	})
	return time.Duration(sum) * tick, err
}

// RSS is how many bytes of memory are resident, of the processes that it has started
// also. What they share is counted for each.
func (p *Process) RSS() (int, error) {
	sum := 0
	err := p.each(func(s procfs.ProcStat) { sum += s.ResidentMemory() })
	return sum, err
}

// each calls f with the process and with all that come of it.
func (p *Process) each(f func(procfs.ProcStat)) error {
	all, err := procfs.AllProcs()
	if err != nil {
		return err
	}
	children := map[int][]procfs.ProcStat{}
	found := false
	for _, proc := range all {
		s, err := proc.Stat()
		if err != nil {
			continue // it has ended
		}
		if s.PID == p.pid {
			found = true
			f(s)
			continue
		}
		children[s.PPID] = append(children[s.PPID], s)
	}
	if !found {
		return errGone
	}
	visit(p.pid, children, f)
	return nil
}

func visit(pid int, children map[int][]procfs.ProcStat, f func(procfs.ProcStat)) {
	for _, child := range children[pid] {
		f(child)
		visit(child.PID, children, f)
	}
}
