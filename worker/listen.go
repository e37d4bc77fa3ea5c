package worker

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Bounds of the health listener, which answers in moments.
const (
	listenReadTimeout = 5 * time.Second
	listenIdleTimeout = time.Minute
	listenCloseWithin = time.Second
)

// listener serves health and metrics.
type listener struct {
	server *http.Server
	failed chan error // the server ended by itself
}

// serve listens on address; "" is nowhere.
func serve(ctx context.Context, address string, h http.Handler, logger *slog.Logger) (*listener, error) {
	l := &listener{failed: make(chan error, 1)}
	if address == "" {
		return l, nil
	}
	var config net.ListenConfig
	bound, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	l.server = &http.Server{
		Handler: h, ReadHeaderTimeout: listenReadTimeout, ReadTimeout: listenReadTimeout, IdleTimeout: listenIdleTimeout,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	logger.Info("worker is listening", "address", bound.Addr().String())
	go func() {
		if err := l.server.Serve(bound); !errors.Is(err, http.ErrServerClosed) {
			l.failed <- err
		}
	}()
	return l, nil
}

// close lets running answers end, for a moment.
func (l *listener) close(ctx context.Context) {
	if l.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), listenCloseWithin)
	defer cancel()
	if l.server.Shutdown(ctx) != nil {
		_ = l.server.Close() // nothing is left to say to anybody
	}
}
