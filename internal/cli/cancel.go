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
operation that is over nothing is asked.`,
		func(ctx context.Context, op operation) error {
			before, err := op.Status(ctx)
			if err != nil {
				return err
			}
			if !before.Done {
				if err := op.Cancel(ctx, reason); err != nil {
					return err
				}
			}
			if a.json() {
				return a.printJSON(struct {
					WorkflowID string `json:"workflowId"`
					Requested  bool   `json:"requested"` // false: it was over already
				}{op.ID(), !before.Done})
			}
			words := "cancel asked for; this waits for the end: perdure wait " + op.ID()
			if before.Done {
				words = "over already: " + stateWords(before)
			}
			_, err = fmt.Fprintf(a.Stdout, "%s: %s\n", op.ID(), words)
			return err
		})
	cmd.Flags().StringVar(&reason, "reason", "", "`why`, for whoever reads the status")
	return cmd
}
