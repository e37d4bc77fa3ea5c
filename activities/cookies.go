package activities

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/transport"
)

// withCookies sends a request of a start's, and seals the cookies when the answer has
// changed them: for the next request, which may be another task's or another worker's.
// They reach Temporal's server with the next heartbeat or with the verdict. A worker that
// dies before loses them, and the service sets them again.
func (s *starting) withCookies(
	ctx context.Context, r transport.Request, send func(context.Context, transport.Request) (*transport.Response, error),
) (*transport.Response, error) {
	before := s.cookies
	r.Cookies = &s.cookies
	resp, err := send(ctx, r)
	if !slices.Equal(before, s.cookies) {
		o := &operation{a: s.a, state: state{Cookies: s.cookies}}
		o.header.Service = s.plan.service.Name()
		if sealed, err := o.seal(ctx); err == nil { // else the answer counts, and its cookies are lost
			s.sealed = sealed
		}
	}
	return resp, err
}

// openCookies reads what withCookies has sealed. A worker that cannot read it sends none: a
// start neither fails for want of its cookies, nor waits for a worker that has the key.
func (a *Activities) openCookies(sealed string, s *Service) transport.Cookies {
	h, plain, err := a.Keyset.OpenState(sealed)
	if err != nil || h.Service != s.Name() {
		return nil
	}
	var left state
	if json.Unmarshal(plain, &left) != nil {
		return nil
	}
	return left.Cookies
}

// withSealed adds the state where a request to stop was answered with cookies, which
// are all that it changes.
func (o *operation) withSealed(ctx context.Context, a *perdure.CancelAnswer, before transport.Cookies) *perdure.CancelAnswer {
	if !slices.Equal(before, o.state.Cookies) {
		if sealed, err := o.seal(ctx); err == nil { // else the answer counts, and its cookies are lost
			a.Sealed = sealed
		}
	}
	return a
}
