package devserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"syscall"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/temporal"
)

// Server is a running Temporal server. Its methods are safe for concurrent use.
type Server struct {
	hostPort string
	log      demoter
	database *database
	temporal temporal.Server
	ui       *webUI // nil when headless

	stop    sync.Once
	stopped chan struct{}
}

// Start runs a server and returns when clients can use all of its namespaces,
// after about a second. ctx bounds the start only: the server runs until
// [Server.Stop]. After an error nothing is left running. A port that was asked
// for and is taken is a [*PortError].
func Start(ctx context.Context, opts Options) (*Server, error) {
	opts, err := opts.validated()
	if err != nil {
		return nil, err
	}
	s := &Server{log: newDemoter(opts.Logger.Handler()), stopped: make(chan struct{})}
	if err := s.start(ctx, opts); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, opts Options) error {
	p, err := s.startTemporal(ctx, opts)
	if err != nil {
		return err
	}
	s.hostPort = address(dialable(opts.IP), p.frontend)
	if err := waitReady(ctx, s.hostPort, opts); err != nil {
		return err
	}
	if opts.Headless {
		return nil
	}
	s.ui, err = startUI(ctx, opts, p.ui, s.hostPort)
	return err
}

func (s *Server) startTemporal(ctx context.Context, opts Options) (ports, error) {
	settings, err := dynamicConfig(opts.DynamicConfig)
	if err != nil {
		return ports{}, err
	}
	// Before the database: that a port is taken is said without creating a file.
	p, err := choosePorts(ctx, opts)
	if err != nil {
		return ports{}, err
	}
	if s.database, err = openDatabase(ctx, opts.DBFilename); err != nil {
		return ports{}, err
	}
	columns, err := ensureNamespaces(ctx, &s.database.config, opts)
	if err != nil {
		return ports{}, err
	}
	if err := s.database.fitIndices(ctx, columns); err != nil {
		return ports{}, err
	}
	for tries := 1; ; tries++ {
		s.temporal, err = launch(opts, p, &s.database.config, settings, slogLogger{slog.New(s.log)})
		if err == nil {
			return p, nil
		}
		if tries == maxTries || !errors.Is(err, syscall.EADDRINUSE) {
			return ports{}, fmt.Errorf("devserver: %w", err)
		}
		// Somebody was faster: others, unless it was a port that was asked for.
		if p, err = choosePorts(ctx, opts); err != nil {
			return ports{}, err
		}
	}
}

// maxTries to listen on the ports that were found free.
const maxTries = 4

// launch makes a server and starts it. After an error it has been stopped.
func launch(opts Options, p ports, db *config.SQL, settings dynamicconfig.Client, logger log.Logger) (server temporal.Server, err error) {
	if opts.onPorts != nil {
		opts.onPorts(p)
	}
	if server, err = newTemporal(opts, p, db, settings, logger); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = server.Stop()
			server = nil
		}
	}()
	defer recoverFatal(&err)
	return server, server.Start()
}

// HostPort is where clients reach the server, such as 127.0.0.1:7233.
func (s *Server) HostPort() string { return s.hostPort }

// UIURL is the web UI's address, such as http://127.0.0.1:8233; "" when headless.
func (s *Server) UIURL() string {
	if s.ui == nil {
		return ""
	}
	return s.ui.url
}

// Done is closed when the server has stopped.
func (s *Server) Done() <-chan struct{} { return s.stopped }

// Stop ends the server and returns when its ports are free and its database file
// may be used by another. Called again, it waits for the same end.
func (s *Server) Stop() {
	s.stop.Do(func() {
		defer close(s.stopped)
		s.log.on.Store(true)
		if s.ui != nil {
			s.ui.stop()
		}
		if s.temporal != nil {
			_ = s.temporal.Stop() // what a service says about its end is logged
		}
		if s.database != nil {
			s.database.close()
		}
	})
}
