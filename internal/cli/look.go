package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// looks are what a command does with what it finds; nil: it is not for those.
type looks struct {
	operation  func(ctx context.Context, op operation) error
	collection func(ctx context.Context, c collection) error
	stream     func(ctx context.Context, s stream) error
}

// looker is a command that looks at what is there, by id or an operation's token, and
// takes nothing up again.
func (a *app) looker(use, short, long string, do looks) *cobra.Command {
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
			return do.at(ctx, named(cmd), there)
		},
	}
	o.flags(cmd)
	return cmd
}

func (l looks) at(ctx context.Context, command string, there found) error {
	switch {
	case there.collection != nil && l.collection != nil:
		return about(there.collection.ID(), l.collection(ctx, there.collection))
	case there.stream != nil && l.stream != nil:
		return about(there.stream.ID(), l.stream(ctx, there.stream))
	}
	op, err := there.asOperation(forOperations(command))
	if err != nil {
		return err
	}
	return about(op.ID(), l.operation(ctx, op))
}
