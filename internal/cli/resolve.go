package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure"
)

func (a *app) resolveCommand() *cobra.Command {
	var r perdure.Resolve
	var taken adoptionFlags
	cmd := a.looker("resolve", "Settle an ambiguous start by what you found at the service",
		`Settle an ambiguous start, after a look at the service itself. Nothing was started there:
--retry sends the start again. It runs there: --operation, --status-url or --azcore take it
over. Neither helps: --fail gives up. Prints the status.`,
		looks{operation: func(ctx context.Context, op operation) error {
			adoption, err := taken.read(a)
			if err != nil {
				return err
			}
			r.Adopt = adoption
			if err := r.Check(); err != nil {
				return usagef("resolve: want exactly one of --retry, --fail and what names an operation (--operation, --status-url, --azcore)")
			}
			s, err := op.Resolve(ctx, r)
			if err != nil {
				return err
			}
			return a.printStatus(op.ID(), s)
		}})
	cmd.Flags().BoolVar(&r.Retry, "retry", false, "nothing was started: send the start again")
	taken.flags(cmd)
	cmd.Flags().StringVar(&r.Fail, "fail", "", "give up, for this `reason`")
	return cmd
}
