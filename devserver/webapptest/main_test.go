package webapptest_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"

	"github.com/perdure-dev/perdure/devserver"
)

// These are made once for all tests.
var (
	binaries string // folder of perdure and webapp
	temporal *devserver.Server
	browser  context.Context
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	executable, err := findBrowser()
	if err != nil {
		return fail(err)
	}
	if executable == "" {
		return m.Run() // newWorld skips
	}
	if binaries, err = os.MkdirTemp("", "perdure-webapptest-"); err != nil {
		return fail(err)
	}
	defer func() { _ = os.RemoveAll(binaries) }()
	build := exec.Command("go", "build", "-o", binaries, "./cmd/perdure", "./examples/webapp/cmd/webapp")
	build.Dir = "../.." // as their own module builds them
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fail(err)
	}
	temporal, err = devserver.Start(context.Background(), devserver.Options{Headless: os.Getenv("PERDURE_SCREENSHOTS") == "", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fail(err)
	}
	defer temporal.Stop()
	var stop func()
	if browser, stop, err = startBrowser(executable); err != nil {
		return fail(err)
	}
	defer stop()
	return m.Run()
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "webapptest:", err)
	return 1
}
