package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/bench/internal/machine"
	"github.com/perdure-dev/perdure/bench/polling/internal/ways"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// wayName is a way of polling, as the tables have it.
type wayName string

const (
	timerLoop     wayName = "workflow timer, then an activity"
	retried       wayName = "one activity, retried by the server"
	heartbeatLoop wayName = "one activity that asks, sleeps and heartbeats"
	watching      wayName = "Perdure, watching"
	watchingNews  wayName = "Perdure, watching, news in each answer"
	waiting       wayName = "Perdure, waiting: a timer before each poll"
	goroutine     wayName = "a goroutine"
	pollUntilDone wayName = "azcore, PollUntilDone"
	oneActivity   wayName = "a workflow of one activity"
)

// way is one that goes through Temporal.
type way struct {
	name wayName
	// workflow of package ways; "" for Perdure's own.
	workflow string
	// watch of Perdure's worker.
	watch watch
	// telling: the service has news in each answer.
	telling bool
}

// watch is the configuration of a worker: worker.watch.
type watch struct{ thresholdSeconds, windowSeconds float64 }

// byDefault is the worker's own.
var byDefault = watch{thresholdSeconds: 20, windowSeconds: 600}

// never watches: every wait is a durable timer.
var never = watch{thresholdSeconds: 0.001, windowSeconds: 600}

// place is where a way is measured: a server, the service, and clients of the server.
type place struct {
	programs *machine.Programs
	service  string
	server   *machine.Server
	temporal client.Client
	starter  *starter.Client
	dir      string
}

func newPlace(ctx context.Context, p *machine.Programs, kind machine.Kind, service string) (_ *place, err error) {
	server, err := p.StartServer(ctx, kind)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, server.Stop())
		}
	}()
	dir, err := os.MkdirTemp(p.Dir(), "place-")
	if err != nil {
		return nil, err
	}
	c, err := dial(ctx, server.HostPort())
	if err != nil {
		return nil, err
	}
	s, err := starter.New(c, starter.Options{})
	if err != nil {
		return nil, err
	}
	return &place{programs: p, service: service, server: server, temporal: c, starter: s, dir: dir}, nil
}

func (p *place) close(err *error) {
	p.temporal.Close()
	if stopped := p.server.Stop(); *err == nil {
		*err = stopped
	}
}

// worker runs the one that a way needs.
func (p *place) worker(ctx context.Context, w way) (*machine.Process, error) {
	if w.workflow != "" {
		var said ready
		return machine.Self(ctx, &said, roleWorker, p.server.HostPort())
	}
	config := filepath.Join(p.dir, "perdure.yaml")
	if err := p.configure(config, w.watch); err != nil {
		return nil, err
	}
	return p.programs.StartWorker(ctx, p.server.HostPort(), config)
}

// stop ends a process, where deferred: an error that it ends with is err, if there is none.
func stop(p *machine.Process, err *error) {
	if stopped := p.Stop(); *err == nil {
		*err = stopped
	}
}

func (p *place) configure(path string, w watch) error {
	keyset := filepath.Join(p.dir, "keyset.json")
	if _, err := os.Stat(keyset); err != nil {
		if _, err := tokens.Create(keyset); err != nil {
			return err
		}
	}
	return os.WriteFile(path, fmt.Appendf(nil, `tokens: {keysetFile: keyset.json}
worker: {drainSeconds: 10, watch: {thresholdSeconds: %g, windowSeconds: %g}}
services:
  script: {baseURL: %q, allowPrivateNetwork: true}
`, w.thresholdSeconds, w.windowSeconds, p.service), 0o600)
}

// run starts an operation in a way, and waits for its value, as a caller would. It gives
// the workflow's id.
func (p *place) run(ctx context.Context, w way, in ways.Input) (id string, err error) {
	if w.workflow == "" {
		input, err := input(in)
		if err != nil {
			return "", err
		}
		_, op, err := starter.Run[json.RawMessage](ctx, p.starter, input, nil)
		if err != nil {
			return "", err
		}
		return op.ID(), nil
	}
	id = in.Operation.Batch + "-" + in.Operation.Name
	run, err := p.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: queue}, w.workflow, in)
	if err != nil {
		return "", err
	}
	var value json.RawMessage
	return id, run.Get(ctx, &value)
}

// input of Perdure's operation.
func input(in ways.Input) (perdure.OperationInput, error) {
	body, err := json.Marshal(in.Operation)
	return perdure.OperationInput{
		Request: &perdure.Request{Service: "script", Method: "POST", URL: "/operations", Body: perdure.JSONBody(body)},
		Polling: &perdure.Polling{IntervalSeconds: in.Every.Seconds()},
	}, err
}
