package devserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// askAgain is how long waiting for a condition waits between two looks at it.
const askAgain = 5 * time.Millisecond

// waitReady returns when a client can use every namespace: the frontend knows
// it, history answers for its workflows, and its search attributes can be
// queried.
func waitReady(ctx context.Context, hostPort string, opts Options) error {
	conn, err := grpc.NewClient("passthrough:///"+hostPort, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("devserver: %w", err)
	}
	defer func() { _ = conn.Close() }()
	client := workflowservice.NewWorkflowServiceClient(conn)
	for _, namespace := range opts.Namespaces {
		err := until(ctx, func() error { return usable(ctx, client, namespace, opts) })
		if err != nil {
			return fmt.Errorf("devserver: namespace %s is not ready: %w", namespace, err)
		}
	}
	return nil
}

func usable(ctx context.Context, client workflowservice.WorkflowServiceClient, namespace string, opts Options) error {
	if _, err := client.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace}); err != nil {
		return err
	}
	_, err := client.DescribeWorkflowExecution(ctx, &workflowservice.DescribeWorkflowExecutionRequest{
		Namespace: namespace,
		Execution: &commonpb.WorkflowExecution{WorkflowId: "perdure-devserver-not-there"},
	})
	if _, ok := errors.AsType[*serviceerror.NotFound](serviceerror.FromStatus(status.Convert(err))); !ok {
		return fmt.Errorf("asked for a workflow that is not there: %w", err)
	}
	_, err = client.CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: namespace,
		Query:     searchAttributesQuery(opts),
	})
	return err
}

// searchAttributesQuery mentions every search attribute; one that the server does
// not know makes it an invalid query.
func searchAttributesQuery(opts Options) string {
	var terms []string
	for _, name := range slices.Sorted(maps.Keys(opts.SearchAttributes)) {
		terms = append(terms, fmt.Sprintf("`%s` IS NULL", name))
	}
	return strings.Join(terms, " AND ")
}

// until calls condition till it has no error. It gives up when ctx is done, with
// the condition's last word.
func until(ctx context.Context, condition func() error) error {
	ticker := time.NewTicker(askAgain)
	defer ticker.Stop()
	for {
		err := condition()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-ticker.C:
		}
	}
}
