package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/perdure-dev/perdure/bench/internal/machine"
)

// Results are what was measured, each part with when and under which load. They are kept
// beside the documentation, which is written from them.
type Results struct {
	Machine   machine.About              `json:"machine"`
	Databases map[machine.Kind]*Database `json:"databases,omitempty"`
	InProcess *InProcess                 `json:"inProcess,omitempty"`
	Sweep     *Sweep                     `json:"sweep,omitempty"`
	Long      *Long                      `json:"long,omitempty"`
}

// Span is when a part was measured, and the machine's load average before and after.
type Span struct {
	Began      time.Time `json:"began"`
	Ended      time.Time `json:"ended"`
	LoadBefore float64   `json:"loadBefore"`
	LoadAfter  float64   `json:"loadAfter"`
}

// Database is what was measured on a server with one database.
type Database struct {
	Span
	Idle      CPU                     `json:"idle"` // in a second, with no worker
	Paced     map[wayName][]Paced     `json:"paced"`
	Saturated map[wayName][]Saturated `json:"saturated"`
	Starts    map[wayName][]Starts    `json:"starts"`
}

// InProcess is what was measured without Temporal. The client's CPU is the worker's.
type InProcess struct {
	Span
	Paced map[wayName][]Paced `json:"paced"`
}

// CPU is time that processes have computed.
type CPU struct {
	Server   time.Duration `json:"server"`
	Database time.Duration `json:"database,omitempty"`
	Worker   time.Duration `json:"worker,omitempty"`
}

func (c CPU) minus(o CPU) CPU {
	return CPU{Server: c.Server - o.Server, Database: c.Database - o.Database, Worker: c.Worker - o.Worker}
}

func (c CPU) times(f float64) CPU {
	by := func(d time.Duration) time.Duration { return time.Duration(float64(d) * f) }
	return CPU{Server: by(c.Server), Database: by(c.Database), Worker: by(c.Worker)}
}

func (c CPU) sum() time.Duration { return c.Server + c.Database + c.Worker }

// readResults reads those of earlier runs; there may be none.
func readResults(path string) (*Results, error) {
	r := &Results{}
	content, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	return r, json.Unmarshal(content, r)
}

func (r *Results) write(path string) error {
	content, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // documentation
		return err
	}
	return os.WriteFile(path, append(content, '\n'), 0o644) //nolint:gosec // documentation
}
