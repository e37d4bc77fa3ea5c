// Command worker runs the workflows of package flows, beside Perdure's worker:
//
//	$ TEMPORAL_ADDRESS=127.0.0.1:7233 worker -service jobs -dir pages
//
// It stops on SIGINT and SIGTERM.
//
// This command may import the package flows and the Temporal SDK.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/worker"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/flows"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	var f flows.Flows
	var k flows.Keeper
	flags := flag.NewFlagSet("worker", flag.ContinueOnError)
	queue := flags.String("task-queue", flows.TaskQueue, "the task queue of the workflows")
	flags.StringVar(&f.Perdure, "perdure", perdure.DefaultTaskQueue, "the task queue of Perdure's workers")
	flags.StringVar(&f.Service, "service", "openai", "the service, as Perdure's configuration calls it")
	flags.StringVar(&k.Dir, "dir", ".", "where pages are kept")
	if err := flags.Parse(args); err != nil {
		return err
	}
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return err
	}
	temporal, err := client.DialContext(context.Background(), options)
	if err != nil {
		return err
	}
	defer temporal.Close()
	w := worker.New(temporal, *queue, worker.Options{DisableRegistrationAliasing: true})
	flows.Register(w, &f, &k)
	return w.Run(worker.InterruptCh())
}
