package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/perdure-dev/perdure/devserver/cluster"
)

// Kind of a Temporal server, by its database.
type Kind string

const (
	// SQLite is perdure-devserver with its database in memory: server and database are one
	// process.
	SQLite Kind = "SQLite"
	// PostgreSQL is the server that docker-compose.yml describes, on a PostgreSQL of its own.
	PostgreSQL Kind = "PostgreSQL"
)

// ErrNoPostgreSQL says that its binaries are not installed here.
var ErrNoPostgreSQL = cluster.ErrNoPostgreSQL

// Server is a Temporal server with the search attributes of Perdure in the namespace
// "default".
type Server struct {
	hostPort string
	temporal *Process
	database *Process // nil: within temporal
	// databaseURL is "" where it is within temporal.
	databaseURL string
	stop        func() error
}

// ServerCPU is what a server has computed.
type ServerCPU struct {
	Temporal time.Duration
	// Database is 0 where it is within the server.
	Database time.Duration
}

// StartServer starts a server of a kind. The arguments are perdure-devserver's, for SQLite
// only: "--db-filename", path.
func (p *Programs) StartServer(ctx context.Context, kind Kind, args ...string) (*Server, error) {
	switch kind {
	case SQLite:
		return p.startDevserver(ctx, args)
	case PostgreSQL:
		return p.startCluster(ctx)
	}
	return nil, fmt.Errorf("machine: no server of the kind %q", kind)
}

func (p *Programs) startDevserver(ctx context.Context, args []string) (*Server, error) {
	var said struct{ Address string }
	process, err := Start(ctx, &said, p.Path("perdure-devserver"),
		append([]string{"--headless", "--port", "0", "--output", "json", "--log-level", "never"}, args...)...)
	if err != nil {
		return nil, err
	}
	return &Server{hostPort: said.Address, temporal: process, stop: process.Stop}, nil
}

func (p *Programs) startCluster(ctx context.Context) (*Server, error) {
	c, err := cluster.Start(ctx, p.root, p.dir)
	if err != nil {
		return nil, err
	}
	stop := func() error { c.Stop(context.WithoutCancel(ctx)); return nil }
	database, err := c.Database.PID()
	if err == nil {
		err = p.setUp(ctx, c.HostPort())
	}
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	return &Server{
		hostPort: c.HostPort(), temporal: &Process{pid: c.PID()}, database: &Process{pid: database},
		databaseURL: fmt.Sprintf("postgres://temporal@127.0.0.1:%d/temporal", c.Database.Port), stop: stop,
	}, nil
}

// setUp registers the search attributes.
func (p *Programs) setUp(ctx context.Context, hostPort string) error {
	setup := exec.CommandContext(ctx, p.Path("perdure"), "setup")
	setup.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+hostPort)
	if out, err := setup.CombinedOutput(); err != nil {
		return fmt.Errorf("perdure setup: %w: %s", err, out)
	}
	return nil
}

// HostPort is where clients reach the server.
func (s *Server) HostPort() string { return s.hostPort }

// DatabaseURL is where the database is, "" where it is within the server.
func (s *Server) DatabaseURL() string { return s.databaseURL }

// CPU is what the server and its database have computed so far.
func (s *Server) CPU() (cpu ServerCPU, err error) {
	if cpu.Temporal, err = s.temporal.CPU(); err != nil || s.database == nil {
		return cpu, err
	}
	cpu.Database, err = s.database.CPU()
	return cpu, err
}

// RSS is how many bytes of memory are resident: of the server, and of its database where
// that is a process of its own.
func (s *Server) RSS() (temporal, database int, err error) {
	if temporal, err = s.temporal.RSS(); err != nil || s.database == nil {
		return temporal, 0, err
	}
	database, err = s.database.RSS()
	return temporal, database, err
}

// Stop ends the server, and its database with all that it holds.
func (s *Server) Stop() error { return s.stop() }
