package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/tokens"
)

// Options of Activities. Services, Keyset and Protocols are required.
type Options struct {
	// Services by name.
	Services map[string]*Service
	// Keyset seals the state of operations.
	Keyset *tokens.Keyset
	// TokenLifetime is how old a token may be that is taken up; 0: no bound. A state
	// is sealed anew when a quarter of it has passed.
	TokenLifetime time.Duration
	Protocols     *protocol.Registry
	// Pagers of collections; nil: pages are not fetched here.
	Pagers *protocol.Pagers
	// Streamers of event streams; nil: streams are not read here.
	Streamers *protocol.Streamers
	// Logbook is where streams are written down. Default: their workflows, through the
	// client that runs the activity.
	Logbook Logbook
	Watch   Watch
	// SearchAttributes gives those of Perdure's that the namespace has; nil: none.
	SearchAttributes func() []string
	// RecordNow records a heartbeat and returns when the server has it. Default: the
	// client that runs the activity.
	RecordNow func(ctx context.Context, details any) error
	// Describe asks Temporal for a workflow. Default: the client that runs the activity.
	Describe func(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
	// TakeUp takes up what a token names, whose header was verified. Default: through the
	// client that runs the activity.
	TakeUp func(ctx context.Context, in perdure.RehydrateInput, h tokens.Header) (perdure.Rehydrated, error)
	// DataConverter reads heartbeats and inputs. Default: that of the SDK.
	DataConverter converter.DataConverter
	// MetricsHandler counts what the activities do; docs/operations.md has the names. Values
	// of its tags are names of Services and words of ours. Default: nobody counts.
	MetricsHandler MetricsHandler
	// Stored says that payloads of any size are kept outside of Temporal: values and
	// pages are bounded by their service's MaxResponseBytes alone.
	Stored bool
}

// Watch says how long an activity waits in process. Zero fields take the default.
type Watch struct {
	// Threshold: a longer wait is left to the workflow's durable timer. Default 20 s.
	Threshold time.Duration
	// Window is how long an activity watches at most. Default 10 minutes.
	Window time.Duration
	// HandOver is the time within which the activities that watch return, one after the
	// other, when the worker drains. Default: all at once.
	HandOver time.Duration
}

// Defaults of Watch.
const (
	DefaultWatchThreshold = 20 * time.Second
	DefaultWatchWindow    = 10 * time.Minute
)

// Activities are the activities of a worker, safe for concurrent use.
type Activities struct {
	Options
	metrics *metrics
	turns   turns
}

// New checks the options.
func New(o Options) (*Activities, error) {
	switch {
	case o.Keyset == nil:
		return nil, errors.New("activities: Keyset is missing")
	case o.Protocols == nil:
		return nil, errors.New("activities: Protocols is missing")
	}
	if o.Watch.Threshold == 0 {
		o.Watch.Threshold = DefaultWatchThreshold
	}
	if o.Watch.Window == 0 {
		o.Watch.Window = DefaultWatchWindow
	}
	if o.SearchAttributes == nil {
		o.SearchAttributes = func() []string { return nil }
	}
	if o.RecordNow == nil {
		o.RecordNow = recordNow
	}
	if o.Describe == nil {
		o.Describe = describe
	}
	if o.DataConverter == nil {
		o.DataConverter = converter.GetDefaultDataConverter()
	}
	if o.Logbook == nil {
		o.Logbook = workflowLogs{}
	}
	a := &Activities{Options: o, metrics: newMetrics(o.MetricsHandler, o.Services), turns: turns{within: o.Watch.HandOver}}
	if a.TakeUp == nil {
		a.TakeUp = a.takeUp
	}
	return a, nil
}

// recordNow goes past the SDK's batching, which returns no error.
func recordNow(ctx context.Context, details any) error {
	return activity.GetClient(ctx).RecordActivityHeartbeat(ctx, activity.GetInfo(ctx).TaskToken, details)
}

func describe(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return activity.GetClient(ctx).DescribeWorkflowExecution(ctx, workflowID, runID)
}

// checkService refuses the name of a service that is not configured.
func (a *Activities) checkService(name string) error {
	if a.Services[name] != nil {
		return nil
	}
	return &perdure.InputError{Field: "service", Message: fmt.Sprintf("%q is not in the worker's configuration", name)}
}

// transports are the services as package transport knows them.
func (a *Activities) transports() map[string]*transport.Service {
	out := make(map[string]*transport.Service, len(a.Services))
	for name, s := range a.Services {
		out[name] = s.Service
	}
	return out
}
