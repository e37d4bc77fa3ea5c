package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure/internal/attributes"
)

// How long, and how often, it is asked whether the attributes are in force: the
// servers of a cluster learn of them one after the other.
const (
	visibleWithin = 90 * time.Second
	visibleEvery  = 250 * time.Millisecond
)

// registry is what set-up asks of a namespace.
type registry interface {
	Have(ctx context.Context) (map[string]enumspb.IndexedValueType, error)
	Add(ctx context.Context, attributes map[string]enumspb.IndexedValueType) error
	// Usable reports whether the attribute can be searched by.
	Usable(ctx context.Context, name string, kind enumspb.IndexedValueType) (bool, error)
}

// setupReport is what set-up did.
type setupReport struct {
	Namespace string   `json:"namespace"`
	Added     []string `json:"added"`
	Present   []string `json:"present"`
}

func (a *app) setupCommand() *cobra.Command {
	return &cobra.Command{
		Use: "setup", Short: "Register the search attributes in the namespace",
		Long: `Register Perdure's search attributes in the namespace, so that "perdure list" and Temporal's
web UI can search by state and service. What is there already is left alone.`,
		Args: args(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			session, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer session.close()
			report, err := register(cmd.Context(), namespaceRegistry{session.temporal, session.namespace}, a.Stderr)
			if err != nil {
				return inNamespace(session.namespace, err)
			}
			report.Namespace = session.namespace
			return a.printSetup(report)
		},
	}
}

// register adds what is missing and returns when it can be used.
func register(ctx context.Context, r registry, log io.Writer) (setupReport, error) {
	report := setupReport{Added: []string{}, Present: []string{}}
	have, err := r.Have(ctx)
	if err != nil {
		return report, err
	}
	missing := map[string]enumspb.IndexedValueType{}
	for _, want := range attributes.All {
		kind, there := have[want.Name]
		switch {
		case !there:
			missing[want.Name] = want.Type
			report.Added = append(report.Added, want.Name)
		case kind != want.Type:
			return report, fmt.Errorf("search attribute %s is there as %s, want %s: remove it first", want.Name, kind, want.Type)
		default:
			report.Present = append(report.Present, want.Name)
		}
	}
	if len(missing) > 0 {
		if err := r.Add(ctx, missing); err != nil {
			return report, err
		}
		fmt.Fprintln(log, "added; waiting until they can be used")
	}
	return report, awaitUsable(ctx, r)
}

func awaitUsable(ctx context.Context, r registry) error {
	ctx, cancel := context.WithTimeoutCause(ctx, visibleWithin, errors.New("the search attributes are registered, and cannot be used yet; ask again in a minute"))
	defer cancel()
	tick := time.NewTicker(visibleEvery)
	defer tick.Stop()
	for _, want := range attributes.All {
		for {
			ok, err := r.Usable(ctx, want.Name, want.Type)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				return err
			}
			if ok {
				break
			}
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-tick.C:
			}
		}
	}
	return nil
}

func (a *app) printSetup(report setupReport) error {
	if a.json() {
		return a.printJSON(report)
	}
	for _, name := range report.Added {
		fmt.Fprintf(a.Stdout, "%-21s added\n", name)
	}
	for _, name := range report.Present {
		fmt.Fprintf(a.Stdout, "%-21s was there\n", name)
	}
	return nil
}

// inNamespace says where, and what to do where this may not be done from here.
func inNamespace(namespace string, err error) error {
	var denied *serviceerror.PermissionDenied
	var unimplemented *serviceerror.Unimplemented
	if errors.As(err, &denied) || errors.As(err, &unimplemented) {
		return fmt.Errorf("namespace %q: search attributes may not be registered from here; register PerdureState, PerdureService, "+
			"PerdureServiceStatus and PerdureRemoteId as Keyword and PerdurePercent as Int with the namespace's own tools: %w", namespace, err)
	}
	return fmt.Errorf("namespace %q: %w", namespace, err)
}

// namespaceRegistry is a namespace of a server.
type namespaceRegistry struct {
	temporal  client.Client
	namespace string
}

// Have asks the operator service.
func (r namespaceRegistry) Have(ctx context.Context) (map[string]enumspb.IndexedValueType, error) {
	answer, err := r.temporal.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: r.namespace})
	return answer.GetCustomAttributes(), err
}

// Add returns before the servers have learnt of it.
func (r namespaceRegistry) Add(ctx context.Context, attributes map[string]enumspb.IndexedValueType) error {
	_, err := r.temporal.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: r.namespace, SearchAttributes: attributes,
	})
	if _, there := errors.AsType[*serviceerror.AlreadyExists](err); there {
		return nil // somebody else was quicker
	}
	return err
}

// Usable searches by the attribute, and reports whether the server knew it.
func (r namespaceRegistry) Usable(ctx context.Context, name string, kind enumspb.IndexedValueType) (bool, error) {
	value := "'none'"
	if kind == enumspb.INDEXED_VALUE_TYPE_INT {
		value = "-1"
	}
	_, err := r.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: r.namespace, Query: name + " = " + value,
	})
	if _, unknown := errors.AsType[*serviceerror.InvalidArgument](err); unknown {
		return false, nil
	}
	return err == nil, err
}
