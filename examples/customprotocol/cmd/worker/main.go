// Command worker is Perdure's worker with one protocol more.
//
//	$ TEMPORAL_ADDRESS=127.0.0.1:7233 worker renders.yaml
//
// It drains and stops on SIGINT and SIGTERM.
//
// This command may import the packages customprotocol, worker and storage/s3, and the
// Temporal SDK's client.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/examples/customprotocol"
	"github.com/perdure-dev/perdure/storage/s3"
	"github.com/perdure-dev/perdure/worker"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("want the configuration file")
	}
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return err
	}
	cfg, err := worker.Load(args[0])
	if err != nil {
		return err
	}
	written, err := cfg.Payloads(ctx, s3.Open)
	if err != nil {
		return err
	}
	temporal, err := client.DialContext(ctx, written.ClientOptions(options))
	if err != nil {
		return err
	}
	defer temporal.Close()
	w, err := newWorker(temporal, cfg, worker.Options{Namespace: options.Namespace, Payloads: written})
	if err != nil {
		return err
	}
	return w.Run(ctx)
}

// newWorker makes a worker that speaks the built-in protocols and the render farm's.
func newWorker(temporal client.Client, cfg *worker.Config, o worker.Options) (*worker.Worker, error) {
	o.Protocols = []protocol.Protocol{customprotocol.Protocol{}}
	return worker.New(temporal, cfg, o)
}
