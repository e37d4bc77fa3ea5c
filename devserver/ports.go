package devserver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

const loopback = "127.0.0.1"

// Free ports are taken from below what Linux, macOS and Windows hand out by
// themselves: there only somebody who asks for the very same number can take one
// in the moment between its choice here and the server's listening on it.
const (
	firstFreePort = 20000
	lastFreePort  = 29999
)

// PortError says that a port that was asked for cannot be had.
type PortError struct {
	// Option is the field of [Options] that named the port: Port or UIPort.
	Option string
	Port   int
	Err    error
}

func (e *PortError) Error() string {
	return fmt.Sprintf("devserver: %s %d: %v", e.Option, e.Port, e.Err)
}

func (e *PortError) Unwrap() error { return e.Err }

// ports are where one server listens.
type ports struct {
	frontend, frontendHTTP, history, matching, worker, ui int
}

// choosePorts finds a free port for everything that was not given one. All are
// held until the last is found, so that no two are the same.
func choosePorts(ctx context.Context, opts Options) (ports, error) {
	var held []net.Listener
	defer func() {
		for _, l := range held {
			_ = l.Close()
		}
	}()
	take := func(option, ip string, port int) (int, error) {
		l, got, err := listen(ctx, ip, port)
		if err != nil {
			if port != 0 {
				err = &PortError{Option: option, Port: port, Err: err}
			}
			return 0, err
		}
		held = append(held, l)
		return got, nil
	}
	var p ports
	var errs [6]error
	p.frontend, errs[0] = take("Port", opts.IP, opts.Port)
	if !opts.Headless {
		p.ui, errs[1] = take("UIPort", opts.IP, opts.UIPort)
	}
	p.frontendHTTP, errs[2] = take("", opts.IP, 0)
	p.history, errs[3] = take("", loopback, 0)
	p.matching, errs[4] = take("", loopback, 0)
	p.worker, errs[5] = take("", loopback, 0)
	return p, errors.Join(errs[:]...)
}

// listen on port, or on a free one for 0, and say on which.
func listen(ctx context.Context, ip string, port int) (l net.Listener, got int, err error) {
	var config net.ListenConfig
	if port != 0 {
		l, err = config.Listen(ctx, "tcp", address(ip, port))
		return l, port, err
	}
	for range 100 {
		got = firstFreePort + rand.IntN(lastFreePort-firstFreePort+1) //nolint:gosec // any will do
		if l, err = config.Listen(ctx, "tcp", address(ip, got)); err == nil {
			return l, got, nil
		}
	}
	return nil, 0, fmt.Errorf("devserver: no free port on %s: %w", ip, err)
}

func address(ip string, port int) string {
	return net.JoinHostPort(ip, strconv.Itoa(port))
}

// dialable is ip as a client on this machine writes it: nobody can connect to
// "every address".
func dialable(ip string) string {
	parsed := net.ParseIP(ip)
	switch {
	case !parsed.IsUnspecified():
		return ip
	case parsed.To4() != nil:
		return loopback
	default:
		return net.IPv6loopback.String()
	}
}
