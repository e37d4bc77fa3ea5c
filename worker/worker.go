package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/payloads"
	"github.com/perdure-dev/perdure/tokens"
	"github.com/perdure-dev/perdure/workflows"
)

// stickyTimeout is how long a workflow waits for the worker that knows it, before
// any other may go on with it.
const stickyTimeout = 5 * time.Second

// deadlockTimeout is how long a workflow may compute. It takes milliseconds, of which a
// busy machine can make the second that the SDK allows.
const deadlockTimeout = 5 * time.Second

// Options of a Worker.
type Options struct {
	// Namespace that the client was made with. Default "default", as the client's.
	Namespace string
	// Payloads that the client was made with: the configuration's, from [Config.Payloads].
	// Required where it has encryption or storage.
	Payloads *payloads.Payloads
	// Protocols beside the built-in ones; "auto" tries them first.
	Protocols []protocol.Protocol
	// Pagers beside the built-in ones; "auto" tries them first.
	Pagers []protocol.Pager
	// Streamers beside the built-in ones.
	Streamers []protocol.Streamer
	// Credentials of your own, by the names that auth of type custom gives. One may
	// serve several services.
	Credentials map[string]auth.Credential
	// CredentialKinds make the credentials of the types azure, google and aws, whose
	// libraries only those who want them link: azure.New, google.New and aws.New of the
	// packages below activities/auth. Default: the worker does not have these types.
	CredentialKinds map[string]auth.Kind
	// Logger of the worker itself; the SDK logs with the client's. Default
	// [slog.Default].
	Logger *slog.Logger
	// MetricsHandler counts what the worker does; that of package telemetry does for
	// Prometheus. The SDK counts with the client's. Default: nothing is counted.
	MetricsHandler client.MetricsHandler
	// Handlers are served where the configuration has worker.listen, beside /healthz and
	// /readyz, by their patterns for [http.ServeMux]: "GET /metrics". Default: none.
	Handlers map[string]http.Handler
}

// Worker serves a task queue. It runs once.
type Worker struct {
	sdk        worker.Worker
	listen     string
	source     source
	missing    func() []*KeyError
	logger     *slog.Logger
	attributes *searchAttributes
	keys       *tokens.Keyset
	health     *health
	handlers   map[string]http.Handler
	open       *openOperations
	fatal      chan error
	started    sync.Once
}

// New makes a worker of a configuration, which it checks. It reads the keyset and
// touches no network. The client stays the caller's to close, after Run.
func New(c client.Client, cfg *Config, o Options) (*Worker, error) {
	if o.MetricsHandler == nil {
		o.MetricsHandler = client.MetricsNopHandler
	}
	opts, err := cfg.activities(o)
	if err != nil {
		return nil, err
	}
	written, err := cfg.agree(o.Payloads)
	if err != nil {
		return nil, err
	}
	opts.DataConverter, opts.Stored = written.DataConverter(), written.Stored()
	if opts.Pagers, err = pagers(o.Pagers); err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	if opts.Streamers, err = streamers(o.Streamers); err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	w := &Worker{
		listen: cfg.Worker.Listen, source: cfg.source, missing: cfg.missingSecrets,
		logger: cmp.Or(o.Logger, slog.Default()), handlers: o.Handlers, fatal: make(chan error, 1),
	}
	w.health = newHealth(func(ctx context.Context) error {
		_, err := c.CheckHealth(ctx, &client.CheckHealthRequest{})
		return err
	})
	namespace := cmp.Or(o.Namespace, client.DefaultNamespace)
	w.attributes = newSearchAttributes(listAttributes(c, namespace), w.logger)
	opts.SearchAttributes = w.attributes.names
	w.keys = opts.Keyset
	if written.Encrypted() {
		opts.SearchAttributes = w.attributes.inClear
	}
	a, err := activities.New(opts)
	if err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	if o.MetricsHandler != client.MetricsNopHandler {
		w.open = newOpenOperations(countOpen(c, namespace, cfg.taskQueue()), o.MetricsHandler, slices.Sorted(maps.Keys(cfg.Services)))
	}
	w.sdk = worker.New(c, cfg.taskQueue(), w.options(cfg))
	register(w.sdk, a)
	return w, nil
}

func (w *Worker) options(cfg *Config) worker.Options {
	scaling := worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{})
	return worker.Options{
		MaxConcurrentActivityExecutionSize: cmp.Or(cfg.Worker.ConcurrentActivities, DefaultConcurrentActivities),
		WorkflowTaskPollerBehavior:         scaling,
		ActivityTaskPollerBehavior:         scaling,
		StickyScheduleToStartTimeout:       stickyTimeout,
		DeadlockDetectionTimeout:           deadlockTimeout,
		WorkerStopTimeout:                  cfg.drain(),
		DisableRegistrationAliasing:        true,
		OnFatalError:                       w.fail,
		DeploymentOptions:                  cfg.Worker.Deployment.options(),
	}
}

// fail ends Run with an error; the first is the cause.
func (w *Worker) fail(err error) {
	select {
	case w.fatal <- err:
	default:
	}
}

// register registers everything under its name in the contract.
func register(r worker.Registry, a *activities.Activities) {
	workflows.Register(r)
	r.RegisterActivityWithOptions(a.Start, activity.RegisterOptions{Name: perdure.ActivityStart})
	r.RegisterActivityWithOptions(a.LookAtStart, activity.RegisterOptions{Name: perdure.ActivityLookAtStart})
	r.RegisterActivityWithOptions(a.Poll, activity.RegisterOptions{Name: perdure.ActivityPoll})
	r.RegisterActivityWithOptions(a.Cancel, activity.RegisterOptions{Name: perdure.ActivityCancel})
	r.RegisterActivityWithOptions(a.FetchPage, activity.RegisterOptions{Name: perdure.ActivityFetchPage})
	r.RegisterActivityWithOptions(a.ReadStream, activity.RegisterOptions{Name: perdure.ActivityReadStream})
	r.RegisterActivityWithOptions(a.Rehydrate, activity.RegisterOptions{Name: perdure.ActivityRehydrate})
	r.RegisterActivityWithOptions(a.Follow, activity.RegisterOptions{Name: perdure.ActivityFollow})
}

// Run serves the task queue until ctx ends, and then drains: it takes no new tasks,
// running activities are told and hand over what they know, and after at most
// drainSeconds it returns nil. Anything else that ends it is an error. The address
// of worker.listen is served from first to last.
func (w *Worker) Run(ctx context.Context) error {
	err := errors.New("worker: Run was called twice")
	w.started.Do(func() { err = w.run(ctx) })
	return err
}

func (w *Worker) run(ctx context.Context) error {
	listener, err := serve(ctx, w.listen, newHandler(w.health, w.handlers), w.logger)
	if err != nil {
		return w.source.problem("worker.listen", err.Error())
	}
	defer listener.close(ctx)
	w.warnOfMissingSecrets()

	probing, stop := context.WithCancel(ctx)
	var background sync.WaitGroup
	defer background.Wait()
	defer stop()
	w.attributes.probe(probing)
	if err := w.sdk.Start(); err != nil {
		return fmt.Errorf("worker: start: %w", err)
	}
	background.Go(func() { w.attributes.keepProbing(probing) })
	if w.open != nil {
		background.Go(func() { w.open.keepCounting(probing, w.attributes) })
	}
	background.Go(func() { tellOfKeys(probing, w.keys, w.logger) })
	w.health.serving()
	w.logger.Info("worker is running")

	select {
	case <-ctx.Done():
		err = nil
	case err = <-w.fatal:
		err = fmt.Errorf("worker: %w", err)
	case err = <-listener.failed:
		err = fmt.Errorf("worker: listen: %w", err)
	}
	w.health.draining()
	w.logger.Info("worker is draining")
	w.sdk.Stop()
	w.logger.Info("worker has stopped")
	return err
}

// warnOfMissingSecrets names them: operations of their services end as
// CredentialFailed until they are there.
func (w *Worker) warnOfMissingSecrets() {
	for _, problem := range w.missing() {
		w.logger.Warn("a service has no credential", "key", problem.Key, "problem", problem.Message)
	}
}
