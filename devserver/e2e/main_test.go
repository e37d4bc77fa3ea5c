package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/devserver/cluster"
)

// binaries and server are made once for all tests.
var (
	perdureBinary string
	shared        temporalServer
)

// temporalServer is one that tests run on: embedded, or as it is deployed.
type temporalServer interface{ HostPort() string }

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "perdure-e2e-")
	if err != nil {
		return fail(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if perdureBinary, err = buildPerdure(dir); err != nil {
		return fail(err)
	}
	stop, err := startShared(dir)
	if errors.Is(err, cluster.ErrNoPostgreSQL) && os.Getenv("CI") == "" {
		fmt.Fprintln(os.Stderr, "e2e: skipped:", err)
		return 0
	}
	if err != nil {
		return fail(err)
	}
	defer stop()
	return m.Run()
}

// startShared starts the server that tests share: the embedded one or, where
// PERDURE_E2E_CLUSTER is set, that of docker-compose.yml on PostgreSQL.
func startShared(dir string) (stop func(), err error) {
	ctx := context.Background()
	if os.Getenv("PERDURE_E2E_CLUSTER") == "" {
		embedded, err := devserver.Start(ctx, devserver.Options{Headless: true, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			return nil, err
		}
		shared = embedded
		return embedded.Stop, nil
	}
	deployed, err := cluster.Start(ctx, "../..", dir)
	if err != nil {
		return nil, err
	}
	shared = deployed
	stop = func() { deployed.Stop(ctx) }
	setup := exec.Command(perdureBinary, "setup")
	setup.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+deployed.HostPort())
	if out, err := setup.CombinedOutput(); err != nil {
		stop()
		return nil, fmt.Errorf("perdure setup: %w: %s", err, out)
	}
	return stop, nil
}

// buildPerdure builds the command, or takes the one that PERDURE_E2E_BINARY names, to
// test what is about to be released.
func buildPerdure(dir string) (string, error) {
	if given := os.Getenv("PERDURE_E2E_BINARY"); given != "" {
		return given, nil
	}
	path := filepath.Join(dir, "perdure")
	build := exec.Command("go", "build", "-o", path, "./cmd/perdure")
	build.Dir = "../.." // as its own module builds it
	build.Stderr = os.Stderr
	return path, build.Run()
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "e2e:", err)
	return 1
}
