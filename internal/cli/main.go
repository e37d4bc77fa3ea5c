package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/term"
)

// Process is what a command line has around it.
type Process struct {
	Args           []string // without the program's name
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Env            []string // "NAME=value", as [os.Environ] has it
}

// Run is the process's own command line. The first SIGINT or SIGTERM ends what is
// under way, orderly; a second one ends the process.
func Run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return Main(ctx, Process{Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Env: os.Environ()})
}

// Main runs a command line to its end and gives the exit status. When ctx ends,
// waiting stops (the operation goes on), and a worker drains.
func Main(ctx context.Context, p Process) int {
	return newApp(p).main(ctx)
}

func (a *app) main(ctx context.Context) int {
	root := a.root() //nolint:contextcheck // commands get theirs from ExecuteContext
	root.SetArgs(a.Args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if !a.ran {
		err = asUsage(err)
	}
	return a.fail(ctx, err)
}

// LookupEnv is as [os.LookupEnv], over the process's own environment.
func (p Process) LookupEnv(name string) (string, bool) {
	for _, pair := range slices.Backward(p.Env) {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// Environ is the process's environment.
func (p Process) Environ() []string { return p.Env }

func (p Process) getenv(name string) string {
	value, _ := p.LookupEnv(name)
	return value
}

func isTerminal(w any) bool {
	f, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd()))
}
