package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/perdure-dev/perdure/bench/internal/machine"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// inMemory is SQLite without a file: what is committed waits for no disk.
const inMemory machine.Kind = "SQLite in memory"

// databases, in the order in which they are told of.
var databases = []machine.Kind{machine.PostgreSQL, machine.SQLite, inMemory}

// place is Perdure as it is deployed, with a service and those who start operations.
type place struct {
	kind     machine.Kind
	file     string // of the database, where it is SQLite
	server   *machine.Server
	worker   *machine.Process
	listen   string // of the worker
	profiles string // of the server, where it has them
	service  *service
	listener *http.Server
	temporal client.Client
	starter  *starter.Client
	numbers  int // of jobs, so far
}

func newPlace(ctx context.Context, programs *machine.Programs, kind machine.Kind) (_ *place, err error) {
	dir, err := os.MkdirTemp(programs.Dir(), "place-")
	if err != nil {
		return nil, err
	}
	p := &place{kind: kind, service: &service{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	server, args := kind, []string(nil)
	switch kind {
	case machine.SQLite:
		p.file = filepath.Join(dir, "temporal.db")
		args = []string{"--db-filename", p.file, "--log-level", "never"}
	case inMemory:
		server, args = machine.SQLite, []string{"--log-level", "never"}
	case machine.PostgreSQL:
	}
	if p.profiles, err = freeAddress(ctx); err != nil {
		return nil, err
	}
	if err := tellProfiles(p.profiles); err != nil {
		return nil, err
	}
	if p.server, err = programs.StartServer(ctx, server, args...); err != nil {
		return nil, err
	}
	url, err := p.serve(ctx)
	if err != nil {
		return nil, err
	}
	config, err := p.configure(ctx, dir, url)
	if err != nil {
		return nil, err
	}
	if p.worker, err = programs.StartWorker(ctx, p.server.HostPort(), config, "--pprof"); err != nil {
		return nil, err
	}
	p.temporal, err = client.DialContext(ctx, client.Options{
		HostPort: p.server.HostPort(), Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return nil, err
	}
	p.starter, err = starter.New(p.temporal, starter.Options{})
	return p, err
}

// serve runs the service, and gives its URL.
func (p *place) serve(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	p.listener = &http.Server{Handler: p.service, ReadHeaderTimeout: time.Minute}
	go func() { _ = p.listener.Serve(l) }() // until it is closed
	return "http://" + l.Addr().String(), nil
}

// configure writes the worker's configuration, which is all defaults.
func (p *place) configure(ctx context.Context, dir, service string) (string, error) {
	var err error
	if p.listen, err = freeAddress(ctx); err != nil {
		return "", err
	}
	if _, err := tokens.Create(filepath.Join(dir, "keyset.json")); err != nil {
		return "", err
	}
	config := filepath.Join(dir, "perdure.yaml")
	return config, os.WriteFile(config, fmt.Appendf(nil, `tokens: {keysetFile: keyset.json}
worker: {listen: %q}
services:
  jobs: {baseURL: %q, allowPrivateNetwork: true}
`, p.listen, service), 0o600)
}

// freeAddress is one that nobody listens on now.
func freeAddress(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func (p *place) close() error {
	var all []error
	if p.temporal != nil {
		p.temporal.Close()
	}
	if p.worker != nil {
		p.worker.Kill() // draining thousands of watchers is nothing to wait for here
	}
	if p.listener != nil {
		all = append(all, p.listener.Close())
	}
	if p.server != nil {
		all = append(all, p.server.Stop())
	}
	return errors.Join(all...)
}
