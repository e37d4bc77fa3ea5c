package tokens

import (
	"errors"
	"fmt"
	"time"
)

// MaxSkew is how far clocks may differ: a token that was issued later than this
// after Expect.Now is refused, because it would outlive its lifetime.
const MaxSkew = 5 * time.Minute

// Expect is what the caller of [Keyset.Open] wants a token to be.
type Expect struct {
	// Kind is required.
	Kind Kind
	// Type is the token's type; empty: the token must have none.
	Type string
	// Audience is the token's audience; empty: the token must have none.
	Audience string
	// Service is the token's service; empty: any, or none.
	Service string
	// Lifetime is the age up to which a token opens, that age included, counted
	// from its time of issue (which is in whole seconds). 0: no limit, and the
	// time of issue is not looked at. Negative is an error.
	Lifetime time.Duration
	// Now is when the token is opened; required with a Lifetime.
	Now time.Time
}

func (e Expect) validate() error {
	switch {
	case !e.Kind.known():
		return errors.New("tokens: Expect.Kind is required: operation, page or stream")
	case e.Lifetime < 0:
		return errors.New("tokens: Expect.Lifetime is negative")
	case e.Lifetime > 0 && e.Now.IsZero():
		return errors.New("tokens: Expect.Now is required with a Lifetime")
	}
	return nil
}

// check compares an authenticated header with what is wanted.
func (e Expect) check(h Header) error {
	if h.Kind != e.Kind {
		return mismatch(ErrKind, "kind", string(h.Kind), string(e.Kind))
	}
	if e.Service != "" && h.Service != e.Service {
		return mismatch(ErrService, "service", h.Service, e.Service)
	}
	if h.Type != e.Type {
		return mismatch(ErrType, "type", h.Type, e.Type)
	}
	if h.Audience != e.Audience {
		return mismatch(ErrAudience, "audience", h.Audience, e.Audience)
	}
	return e.checkAge(h.IssuedAt)
}

func (e Expect) checkAge(issuedAt time.Time) error {
	if e.Lifetime == 0 {
		return nil
	}
	issued := issuedAt.Format(time.RFC3339)
	age := e.Now.Sub(issuedAt)
	if age > e.Lifetime {
		return fmt.Errorf("%w: issued at %s, the lifetime is %s", ErrExpired, issued, e.Lifetime)
	}
	if age < -MaxSkew {
		return fmt.Errorf("%w: issued at %s, which is in the future", ErrExpired, issued)
	}
	return nil
}

func mismatch(sentinel error, what, has, want string) error {
	return fmt.Errorf("%w: the token is for %s, asked for %s", sentinel, named(what, has), named(what, want))
}

func named(what, value string) string {
	if value == "" {
		return "no " + what
	}
	return fmt.Sprintf("%s %q", what, value)
}
