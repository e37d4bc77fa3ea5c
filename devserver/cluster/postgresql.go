package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// PostgreSQL is a database server of one's own, with the superuser temporal, whom it
// trusts on the loopback interface.
type PostgreSQL struct {
	Port int

	dir  string
	as   *syscall.Credential // nil: who runs this
	bins string
}

// startPostgreSQL makes a database server in a directory of its own. As root it runs as
// the user postgres, since PostgreSQL refuses root. After an error nothing is left.
func startPostgreSQL(ctx context.Context) (_ *PostgreSQL, err error) {
	p := &PostgreSQL{}
	if p.bins, err = binaries(); err != nil {
		return nil, err
	}
	if p.dir, err = os.MkdirTemp("", "perdure-postgresql-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(p.dir)
		}
	}()
	if os.Geteuid() == 0 {
		if p.as, err = ordinaryUser(p.dir); err != nil {
			return nil, err
		}
	}
	if err := p.run(ctx, "initdb", "--pgdata", p.data(), "--username", "temporal", "--auth", "trust", "--encoding", "UTF8", "--no-sync"); err != nil {
		return nil, err
	}
	ports, err := freePorts(ctx, 1)
	if err != nil {
		return nil, err
	}
	p.Port = ports[0]
	return p, p.Start(ctx)
}

// Start runs the server, and returns when it takes connections.
func (p *PostgreSQL) Start(ctx context.Context) error {
	options := fmt.Sprintf("-p %d -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c max_connections=200", p.Port)
	return p.run(ctx, "pg_ctl", "start", "--wait", "--pgdata", p.data(), "--log", filepath.Join(p.dir, "log"), "--options", options)
}

// Stop ends the server at once, as if its machine had failed: it recovers when it is
// started again.
func (p *PostgreSQL) Stop(ctx context.Context) error { return p.stop(ctx, "immediate") }

// StopInOrder ends the server as whoever operates it does: what runs in it is rolled back,
// and nothing is left to recover.
func (p *PostgreSQL) StopInOrder(ctx context.Context) error { return p.stop(ctx, "fast") }

func (p *PostgreSQL) stop(ctx context.Context, mode string) error {
	return p.run(ctx, "pg_ctl", "stop", "--wait", "--pgdata", p.data(), "--mode", mode)
}

// PID of the server's first process, from which all its others come.
func (p *PostgreSQL) PID() (int, error) {
	file := filepath.Join(p.data(), "postmaster.pid")
	content, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", file, err)
	}
	return pid, nil
}

// Runs reports whether the server runs.
func (p *PostgreSQL) Runs(ctx context.Context) bool {
	return p.run(ctx, "pg_ctl", "status", "--pgdata", p.data()) == nil
}

// remove ends the server and deletes what it had.
func (p *PostgreSQL) remove(ctx context.Context) {
	_ = p.Stop(ctx)
	_ = os.RemoveAll(p.dir)
}

func (p *PostgreSQL) data() string { return filepath.Join(p.dir, "data") }

func (p *PostgreSQL) run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(p.bins, name), args...)
	cmd.Dir = p.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.as, Setpgid: true}
	log, err := os.OpenFile(filepath.Join(p.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd.Stdout, cmd.Stderr = log, log // a pipe would be inherited by the server, and stay open
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, lastLines(log.Name()))
	}
	return nil
}

// ordinaryUser gives the directory to the user postgres.
func ordinaryUser(dir string) (*syscall.Credential, error) {
	who, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no user postgres: %w", err)
	}
	uid, errUID := strconv.ParseUint(who.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(who.Gid, 10, 32)
	if err := errors.Join(errUID, errGID); err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, int(uid), int(gid))
}

// ErrNoPostgreSQL says that its binaries are not installed here.
var ErrNoPostgreSQL = errors.New("cluster: no initdb on the PATH or below /usr/lib/postgresql")

// binaries is the directory of PostgreSQL's, the newest where there are several.
func binaries() (string, error) {
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb"); len(found) > 0 {
		return filepath.Dir(slices.Max(found)), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", ErrNoPostgreSQL
	}
	return filepath.Dir(path), nil
}
