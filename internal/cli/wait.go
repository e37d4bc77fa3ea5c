package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func (a *app) waitCommand() *cobra.Command {
	var o operand
	var shown progressFlags
	cmd := &cobra.Command{
		Use: "wait " + operandUse, Short: "Wait for an operation, print its value",
		Long: "Wait until an operation is over, and print its value; with --output json the whole result.\n" +
			"A token takes the operation up again where its workflow is gone. Ctrl-C stops the waiting,\n" +
			"never the operation." + operandHelp,
		Example: "  perdure wait nightly-2031-05-17\n  perdure wait --token-file operation.token --output json",
		Args:    args(0, 1, operandWords),
		RunE: func(cmd *cobra.Command, args []string) error {
			a.waits = true
			if err := o.read(a, cmd, args); err != nil {
				return err
			}
			ctx := cmd.Context()
			op, session, err := a.take(ctx, &o)
			if err != nil {
				if session != nil {
					session.close()
				}
				return a.stopped(ctx, idOf(op), op, err)
			}
			defer session.close()
			return a.await(ctx, shown, op)
		},
	}
	o.flags(cmd)
	shown.flags(cmd)
	return cmd
}

// await waits for the end and prints the result.
func (a *app) await(ctx context.Context, shown progressFlags, op operation) error {
	stop := a.follow(ctx, shown, op.ID(), atOperation(func(context.Context) (operation, error) { return op, nil }))
	result, err := op.Result(ctx)
	stop()
	if err != nil {
		return a.stopped(ctx, op.ID(), op, err)
	}
	return a.printResult(op.ID(), shown, result)
}
