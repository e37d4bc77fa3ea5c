package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/tokens"
)

// state is all that an operation needs to go on, in any process: what is sealed in
// its continuation token.
type state struct {
	Protocol string          `json:"protocol"`
	Options  json.RawMessage `json:"options,omitempty"`
	// CallerOptions are the names of the options that the caller gave; what they name
	// is held against the service's allow list.
	CallerOptions []string        `json:"callerOptions,omitempty"`
	State         json.RawMessage `json:"state"`
	RemoteID      string          `json:"remoteId,omitempty"`
	// Fetching: the operation has succeeded, its value is being asked for.
	Fetching      bool   `json:"fetching,omitempty"`
	ServiceStatus string `json:"serviceStatus,omitempty"`
	// Headers of the start request that later requests repeat.
	Headers map[string][]string `json:"headers,omitempty"`
	// Cookies that the service has set, where its cookies are sticky.
	Cookies transport.Cookies `json:"cookies,omitempty"`
	// GraceSince is from when a 404 means "not there yet".
	GraceSince time.Time               `json:"graceSince,omitzero"`
	Polling    *perdure.Polling        `json:"polling,omitempty"`
	Cancel     *perdure.CancelSettings `json:"cancel,omitempty"`
	Deadline   time.Time               `json:"deadline,omitzero"`
	StartedAt  time.Time               `json:"startedAt,omitzero"`
}

// operation is one whose state is open: what the activities work with.
type operation struct {
	a       *Activities
	service *Service
	bound   protocol.Bound
	header  tokens.Header
	state   state
	// sealed is the state as it was sealed last, and plain its content.
	sealed string
	plain  string
}

// open opens the state that the workflow carries. Its errors end nothing: another
// worker may have the key, or the service's configuration.
func (a *Activities) open(sealed string) (*operation, error) {
	h, plain, err := a.Keyset.OpenState(sealed)
	if err != nil {
		a.metrics.tokenRefused(err)
		return nil, fmt.Errorf("open the operation's state: %w", err)
	}
	if h.Kind != tokens.KindOperation {
		return nil, fmt.Errorf("open the operation's state: it is of kind %q", h.Kind)
	}
	return a.bind(h, sealed, plain)
}

func (a *Activities) bind(h tokens.Header, sealed string, plain []byte) (*operation, error) {
	o := &operation{a: a, header: h, sealed: sealed, plain: string(plain)}
	if err := json.Unmarshal(plain, &o.state); err != nil {
		return nil, fmt.Errorf("read the operation's state: %w", err)
	}
	service := a.Services[h.Service]
	if service == nil {
		return nil, fmt.Errorf("service %q is not in this worker's configuration", h.Service)
	}
	bound, err := a.Protocols.Bind(o.state.Protocol, o.state.Options)
	if err != nil {
		return nil, fmt.Errorf("bind the operation's protocol: %w", err)
	}
	o.service, o.bound = service, bound
	return o, nil
}

// seal seals the state where it has changed, and where it is old. It gives the new
// text, or "" for as it was.
func (o *operation) seal(ctx context.Context) (string, error) {
	plain, err := json.Marshal(o.state)
	if err != nil {
		return "", err
	}
	now := time.Now().UTC()
	if o.sealed != "" && !o.a.isOld(o.header) && string(plain) == o.plain {
		return "", nil
	}
	info := activity.GetInfo(ctx)
	o.header.Kind = tokens.KindOperation
	o.header.WorkflowID, o.header.Namespace = info.WorkflowExecution.ID, info.Namespace
	o.header.Protocol, o.header.IssuedAt = o.state.Protocol, now
	o.header.KeyID = o.a.Keyset.PrimaryKeyID()
	sealed, err := o.a.Keyset.SealState(o.header, plain)
	if err != nil {
		return "", fmt.Errorf("seal the operation's state: %w", err)
	}
	o.sealed, o.plain = sealed, string(plain)
	return sealed, nil
}

// take takes over what a step says of where to go on.
func (o *operation) take(step protocol.Step, at time.Time) {
	if step.Fetch && !o.state.Fetching {
		o.state.Fetching, o.state.GraceSince = true, at
	}
	if step.State != nil {
		o.state.State = step.State
	}
	o.state.RemoteID = cmp.Or(step.RemoteID, o.state.RemoteID)
	if step.Fetch {
		o.state.ServiceStatus = step.ServiceStatus
	}
}

func (o *operation) pace() pace {
	pacer, _ := o.bound.(protocol.Pacer)
	return pace{caller: o.state.Polling, service: o.service.Polling, pacer: pacer}
}

// laterHeaders are the start's headers that go on later requests too.
func laterHeaders(r *perdure.Request, s *Service) map[string][]string {
	if r == nil {
		return nil
	}
	out := map[string][]string{}
	for name, values := range r.Headers {
		n := http.CanonicalHeaderKey(name)
		switch {
		case strings.HasPrefix(n, "If-"), strings.HasPrefix(n, "Content-"), n == "Range", n == "Prefer",
			n == "Idempotency-Key", n == "X-Idempotency-Key", n == "Operation-Id", strings.HasPrefix(n, "Repeatability-"),
			s.Idempotency.Header != "" && n == http.CanonicalHeaderKey(s.Idempotency.Header):
			continue
		}
		out[n] = values
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
