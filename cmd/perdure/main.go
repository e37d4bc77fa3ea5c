// Command perdure starts long-running operations, waits for them, takes them up
// again, and runs the worker that does the work. "perdure --help" says more.
//
// May import: internal/cli and the standard library.
package main

import (
	"os"

	"github.com/perdure-dev/perdure/internal/cli"
)

func main() { os.Exit(cli.Run()) }
