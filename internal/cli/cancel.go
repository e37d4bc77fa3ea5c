package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) cancelCommand() *cobra.Command {
	var reason string
	cmd := a.looker("cancel", "Ask that an operation be canceled",
		`Ask that an operation be canceled, and return at once: "perdure wait" tells how it ended.
The service is asked to stop, and then how it goes until it says that it is over. Of an
operation that is over nothing is asked. A collection, by its id, fetches nothing more; its
pages stay readable, and their tokens still work. A stream, by its id, is broken off; its
events stay readable.`,
		looks{
			operation: func(ctx context.Context, op operation) error {
				before, err := op.Status(ctx)
				if err != nil {
					return err
				}
				return a.cancel(ctx, op, reason, before.Done, stateWords(before), "this waits for the end: perdure wait "+op.ID())
			},
			collection: func(ctx context.Context, c collection) error {
				before, err := c.Status(ctx)
				if err != nil {
					return err
				}
				return a.cancel(ctx, c, reason, before.Done, collectionWords(before), "the pages that were fetched stay readable")
			},
			stream: func(ctx context.Context, s stream) error {
				before, err := s.Status(ctx)
				if err != nil {
					return err
				}
				return a.cancel(ctx, s, reason, before.Done, streamWords(before), "the events that came stay readable")
			},
		})
	cmd.Flags().StringVar(&reason, "reason", "", "`why`, for whoever reads the status")
	return cmd
}

// cancelable can be asked to end.
type cancelable interface {
	ID() string
	Cancel(ctx context.Context, reason string) error
}

// cancel asks for it, unless it is over, and says what comes of it.
func (a *app) cancel(ctx context.Context, c cancelable, reason string, over bool, state, then string) error {
	if over {
		return a.printCancel(c.ID(), false, "over already: "+state)
	}
	if err := c.Cancel(ctx, reason); err != nil {
		return err
	}
	return a.printCancel(c.ID(), true, "cancel asked for; "+then)
}

// printCancel says whether a cancel was asked for: not of what is over already.
func (a *app) printCancel(id string, requested bool, words string) error {
	if a.json() {
		return a.printJSON(struct {
			WorkflowID string `json:"workflowId"`
			Requested  bool   `json:"requested"`
		}{id, requested})
	}
	_, err := fmt.Fprintf(a.Stdout, "%s: %s\n", id, words)
	return err
}
