package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Programs are Perdure's, built for one run.
type Programs struct{ root, dir string }

// Build builds perdure and perdure-devserver. Root is the repository's; the programs go to
// a new directory, which Close removes.
func Build(ctx context.Context, root string) (_ *Programs, err error) {
	p := &Programs{}
	if p.root, err = filepath.Abs(root); err != nil {
		return nil, err
	}
	if p.dir, err = os.MkdirTemp("", "perdure-bench-"); err != nil {
		return nil, err
	}
	for _, what := range []struct{ name, module string }{{"perdure", "."}, {"perdure-devserver", "devserver"}} {
		build := exec.CommandContext(ctx, "go", "build", "-o", p.Path(what.name), "./cmd/"+what.name)
		build.Dir = filepath.Join(p.root, what.module)
		if out, err := build.CombinedOutput(); err != nil {
			return nil, errors.Join(fmt.Errorf("build %s: %w: %s", what.name, err, out), p.Close())
		}
	}
	return p, nil
}

// Path of one of the programs.
func (p *Programs) Path(name string) string { return filepath.Join(p.dir, name) }

// Dir is where the programs are: a place for what a run writes.
func (p *Programs) Dir() string { return p.dir }

// Close removes the programs, and what was written beside them.
func (p *Programs) Close() error { return os.RemoveAll(p.dir) }

// StartWorker runs "perdure worker" with a configuration and other flags, and returns when
// it serves its task queue.
func (p *Programs) StartWorker(ctx context.Context, hostPort, config string, flags ...string) (*Process, error) {
	worker := exec.Command(p.Path("perdure"), append([]string{"worker", "--config", config}, flags...)...) //nolint:noctx // it outlives ctx, until Stop
	worker.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+hostPort)
	stderr, err := worker.StderrPipe()
	if err != nil {
		return nil, err
	}
	var last string
	process, err := run(ctx, worker, stderr, func(line []byte) (bool, error) {
		last = string(line)
		return strings.Contains(last, "worker is running"), nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, last)
	}
	return process, nil
}
