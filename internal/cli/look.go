package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// looker is a command that looks at one operation, by id or token, and takes nothing
// up again.
func (a *app) looker(use, short, long string, do func(ctx context.Context, op operation) error) *cobra.Command {
	var o operand
	cmd := &cobra.Command{
		Use: use + " " + operandUse, Short: short, Long: long + operandHelp,
		Args: args(0, 1, operandWords),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.read(a, cmd, args); err != nil {
				return err
			}
			op, session, err := a.find(cmd.Context(), &o)
			if err != nil {
				return err
			}
			defer session.close()
			return about(op.ID(), do(cmd.Context(), op))
		},
	}
	o.flags(cmd)
	return cmd
}
