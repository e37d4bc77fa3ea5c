package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure"
)

func (a *app) rehydrateCommand() *cobra.Command {
	var o operand
	var shown progressFlags
	var wait bool
	cmd := &cobra.Command{
		Use: "rehydrate TOKEN", Short: "Take an operation up again from its token",
		Long: `Take an operation up again from its continuation token. The token is verified first: with
the keyset where there is one, and else by a worker. Where its workflow is there, open or
closed, that is it; where it is gone, was terminated, or failed for a reason that can be
mended, one with the same id goes on from the token's state. With --output json:
{"workflowId","runId","token","status"}.

Arguments show up in process lists: give the token by --token-file F, or by - on standard
input.`,
		Example: "  perdure rehydrate --token-file operation.token --keyset keyset.json --wait",
		Args:    args(0, 1, "a token (or - for standard input, or --token-file)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a.waits = wait
			if err := o.read(a, cmd, args); err != nil {
				return err
			}
			if o.token.IsZero() {
				return usagef("%s: %q is no token; \"perdure status\" and \"perdure wait\" take a workflow id", named(cmd), o.id)
			}
			return a.rehydrate(cmd.Context(), &o, shown, wait)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until it is over, and print its value")
	shown.flags(cmd)
	return cmd
}

func (a *app) rehydrate(ctx context.Context, o *operand, shown progressFlags, wait bool) error {
	op, session, err := a.take(ctx, o)
	if session != nil {
		defer session.close()
	}
	switch {
	case err != nil && (op == nil || wait || !isAnswer(err)):
		return a.stopped(ctx, idOf(op), op, err)
	case wait:
		return a.await(ctx, shown, op)
	}
	return a.started(ctx, op)
}

// isAnswer: what became of the operation, and not why it could not be taken up.
func isAnswer(err error) bool {
	bad, ok := errors.AsType[*perdure.OperationError](err)
	return ok && exitStatus(bad.Type) != exitError
}
