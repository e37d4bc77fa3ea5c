package transport

import (
	"context"
	"net"
	"net/http"
	"time"
)

// PrivateRange is the name of the range of an address that is not public.
var PrivateRange = privateRange

// Dialer is what connects to a service.
func (c Config) Dialer() *net.Dialer { return c.dialer() }

// SetDial makes a service dial by another function.
func (s *Service) SetDial(dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	for _, rt := range []http.RoundTripper{s.asks, s.starts} {
		if t, ok := rt.(*http.Transport); ok {
			t.DialContext = dial
		}
	}
}

// PausedUntil is until when the service wants to be left alone.
func (s *Service) PausedUntil() time.Time { return *s.pause.until.Load() }

// SetRoundTripper makes a service send by another round tripper.
func (s *Service) SetRoundTripper(rt http.RoundTripper) { s.asks, s.starts = rt, rt }

// MatchSegments matches a path's segments with a rule's.
var MatchSegments = matchSegments
