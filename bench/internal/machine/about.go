package machine

import (
	"runtime"

	"github.com/prometheus/procfs"
)

// About is on what a benchmark ran.
type About struct {
	Model string
	Cores int
	Go    string
}

// Describe describes this machine.
func Describe() (About, error) {
	a := About{Cores: runtime.NumCPU(), Go: runtime.Version()}
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return a, err
	}
	cpus, err := fs.CPUInfo()
	if err == nil && len(cpus) > 0 {
		a.Model = cpus[0].ModelName
	}
	return a, err
}

// Load is the machine's load average over the last minute.
func Load() (float64, error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, err
	}
	load, err := fs.LoadAvg()
	if err != nil {
		return 0, err
	}
	return load.Load1, nil
}
