package e2e_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/perdure-dev/perdure/devserver"
)

// binaries and server are made once for all tests.
var (
	perdureBinary string
	shared        *devserver.Server
)

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
	shared, err = devserver.Start(context.Background(), devserver.Options{Headless: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fail(err)
	}
	defer shared.Stop()
	return m.Run()
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
