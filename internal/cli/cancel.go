package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) cancelCommand() *cobra.Command {
	var reason string
	cmd := a.lookerAtBoth("cancel", "Ask that an operation be canceled",
		`Ask that an operation be canceled, and return at once: "perdure wait" tells how it ended.
The service is asked to stop, and then how it goes until it says that it is over. Of an
operation that is over nothing is asked. A collection, by its id, fetches nothing more; its
pages stay readable, and their tokens still work.`,
		func(ctx context.Context, op operation) error {
			before, err := op.Status(ctx)
			switch {
			case err != nil:
				return err
			case before.Done:
				return a.printCancel(op.ID(), false, "over already: "+stateWords(before))
			}
			if err := op.Cancel(ctx, reason); err != nil {
				return err
			}
			return a.printCancel(op.ID(), true, "cancel asked for; this waits for the end: perdure wait "+op.ID())
		},
		func(ctx context.Context, c collection) error {
			before, err := c.Status(ctx)
			switch {
			case err != nil:
				return err
			case before.Done:
				return a.printCancel(c.ID(), false, "over already: "+collectionWords(before))
			}
			if err := c.Cancel(ctx, reason); err != nil {
				return err
			}
			return a.printCancel(c.ID(), true, "cancel asked for; the pages that were fetched stay readable")
		})
	cmd.Flags().StringVar(&reason, "reason", "", "`why`, for whoever reads the status")
	return cmd
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
