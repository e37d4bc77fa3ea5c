// Command perdure-devserver runs a Temporal server with its web UI, in memory or
// on a SQLite file, until it is interrupted. Its flags are those of
// `temporal server start-dev`.
//
// May import: devserver, cobra, the Temporal API's enumerations and the SDK's
// worker, the standard library.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"go.temporal.io/sdk/worker"
)

func main() {
	// The server's own workers would read this whole binary, some 200 MB, to
	// tell it by its checksum.
	worker.SetBinaryChecksum("perdure-devserver")
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	// A second signal ends the process at once.
	context.AfterFunc(ctx, cancel)
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "perdure-devserver:", err)
		os.Exit(exitStatus(err))
	}
}
