package starter

import (
	"errors"

	"github.com/perdure-dev/perdure"
)

// Service is what the methods of a typed client have in common. It is safe for
// concurrent use once it is filled in.
type Service struct {
	// Client starts what the methods call. Required.
	Client *Client
	// Name is what the workers' configuration calls the service. Required.
	Name string
	// Protocol of the methods that name none; nil: the one of the configuration, else
	// the one that the start's answer shows.
	Protocol *perdure.ProtocolChoice
	// Headers are sent with every call. Credentials are the worker's and refused here.
	Headers map[string][]string
	// DecodeError makes the errors with which the methods, and the handles that they
	// give, wrap an error of the service's own type; nil: they wrap none.
	DecodeError ErrorDecoder
}

func (s *Service) check() error {
	switch {
	case s == nil:
		return errors.New("starter: the method has no Service")
	case s.Client == nil:
		return errors.New("starter: Service.Client is nil")
	case s.Name == "":
		return errors.New("starter: Service.Name is empty, want the name in the workers' configuration")
	}
	return nil
}

// protocol is the method's, else the service's.
func (s *Service) protocol(method *perdure.ProtocolChoice) *perdure.ProtocolChoice {
	if method != nil {
		return method
	}
	return s.Protocol
}
