package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/perdure-dev/perdure/bench/internal/machine"
)

// tellProfiles has the server of the compose file serve its profiles there.
func tellProfiles(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	return os.Setenv("PPROF_PORT", port)
}

// profiled is how many seconds of CPU a profile covers.
const profiled = 10

// keepProfiles writes profiles of the worker, and of the server where it has them, into a
// directory; stop waits for them. "" keeps none.
func (p *place) keepProfiles(ctx context.Context, dir string) (stop func() error) {
	if dir == "" {
		return func() error { return nil }
	}
	both, ctx := errgroup.WithContext(ctx)
	served := map[string]string{"worker": p.listen}
	if p.kind == machine.PostgreSQL {
		served["server"] = p.profiles
	}
	for name, address := range served {
		both.Go(func() error {
			file, err := os.Create(filepath.Join(dir, fmt.Sprintf("%s-%s.pprof", p.kind, name)))
			if err != nil {
				return err
			}
			defer func() { _ = file.Close() }()
			return readProfile(ctx, address, fmt.Sprintf("profile?seconds=%d", profiled), func(profile io.Reader) error {
				_, err := io.Copy(file, profile)
				return err
			})
		})
	}
	return both.Wait
}

// readProfile reads one that a process serves.
func readProfile(ctx context.Context, address, name string, read func(io.Reader) error) error {
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/debug/pprof/"+name, nil)
	if err != nil {
		return err
	}
	answer, err := new(http.Client).Do(ask)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	return read(answer.Body)
}
