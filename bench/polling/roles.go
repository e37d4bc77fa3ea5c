package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"github.com/perdure-dev/perdure/bench/polling/internal/script"
	"github.com/perdure-dev/perdure/bench/polling/internal/ways"
)

// Roles that this program has in processes of their own; each is the first argument.
const (
	roleService = "service" // the service that is polled
	roleWorker  = "worker"  // a worker of the other ways: its second argument is the server's address
	roleClient  = "client"  // polls without Temporal
)

// ready is what a role prints once it can be used.
type ready struct {
	URL string `json:"url,omitempty"`
}

// queue of the worker of the other ways.
const queue = "ways"

// play runs a role until ctx ends.
func play(ctx context.Context, role string, args []string) error {
	switch role {
	case roleService:
		return serve(ctx, script.New())
	case roleClient:
		return serve(ctx, inProcess(ways.NewHTTPClient()))
	case roleWorker:
		return work(ctx, args[0])
	}
	return fmt.Errorf("no role %q", role)
}

func serve(ctx context.Context, h http.Handler) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := say(ready{URL: "http://" + l.Addr().String()}); err != nil {
		return err
	}
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func say(r ready) error { return json.NewEncoder(os.Stdout).Encode(r) }

// work serves the other ways' task queue, with the options of Perdure's worker.
func work(ctx context.Context, hostPort string) error {
	c, err := dial(ctx, hostPort)
	if err != nil {
		return err
	}
	defer c.Close()
	scaling := worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{})
	w := worker.New(c, queue, worker.Options{
		MaxConcurrentActivityExecutionSize: 20_000,
		WorkflowTaskPollerBehavior:         scaling,
		ActivityTaskPollerBehavior:         scaling,
		DisableRegistrationAliasing:        true,
	})
	ways.Register(w, &ways.Activities{HTTP: ways.NewHTTPClient()})
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()
	if err := say(ready{}); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// dial connects to Temporal. What its SDK logs is not shown: the other ways' errors are
// seen by who waits for them.
func dial(ctx context.Context, hostPort string) (client.Client, error) {
	return client.DialContext(ctx, client.Options{
		HostPort: hostPort, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
}

// order is what a client is to poll: all of the inputs.
type order struct {
	PollUntilDone bool          `json:"pollUntilDone"` // by azcore
	Inputs        []ways.Input  `json:"inputs"`
	StartEvery    time.Duration `json:"startEvery"`
}

// inProcess answers an order with when each operation's value was there, by name.
func inProcess(c *http.Client) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var o order
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		delivered, err := o.carryOut(r.Context(), c)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(delivered)
	})
}

func (o order) carryOut(ctx context.Context, c *http.Client) (map[string]time.Time, error) {
	way := ways.Goroutine
	if o.PollUntilDone {
		way = ways.PollUntilDone
	}
	var all sync.WaitGroup
	at := make([]time.Time, len(o.Inputs))
	errs := make([]error, len(o.Inputs))
	tick := time.NewTicker(o.StartEvery)
	defer tick.Stop()
	for i, in := range o.Inputs {
		<-tick.C
		all.Go(func() {
			_, errs[i] = way(ctx, c, in)
			at[i] = time.Now()
		})
	}
	all.Wait()
	delivered := map[string]time.Time{}
	for i, in := range o.Inputs {
		delivered[in.Operation.Name] = at[i]
	}
	return delivered, errors.Join(errs...)
}
