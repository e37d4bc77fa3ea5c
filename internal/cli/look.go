package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// looker is a command that looks at one operation, by id or token, and takes nothing
// up again.
func (a *app) looker(use, short, long string, do func(ctx context.Context, op operation) error) *cobra.Command {
	return a.lookerAtBoth(use, short, long, do, nil)
}

// lookerAtBoth is a looker that takes the id of a collection too, unless doCollection
// is nil.
func (a *app) lookerAtBoth(
	use, short, long string,
	do func(ctx context.Context, op operation) error, doCollection func(ctx context.Context, c collection) error,
) *cobra.Command {
	var o operand
	cmd := &cobra.Command{
		Use: use + " " + operandUse, Short: short, Long: long + operandHelp,
		Args: args(0, 1, operandWords),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.read(a, cmd, args); err != nil {
				return err
			}
			ctx := cmd.Context()
			there, session, err := a.find(ctx, &o)
			if err != nil {
				return err
			}
			defer session.close()
			if there.collection != nil && doCollection != nil {
				return about(there.collection.ID(), doCollection(ctx, there.collection))
			}
			op, err := there.asOperation(named(cmd))
			if err != nil {
				return err
			}
			return about(op.ID(), do(ctx, op))
		},
	}
	o.flags(cmd)
	return cmd
}
