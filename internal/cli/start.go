package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure/starter"
)

func (a *app) startCommand() *cobra.Command {
	var input inputFlags
	var shown progressFlags
	cmd := &cobra.Command{
		Use: "start " + inputUse, Short: "Start an operation, and return when the service has answered",
		Long: "Start an operation, and return when the service has answered the start. With --output json:\n" +
			`{"workflowId","runId","token","status"}.` + inputHelp,
		Example: `  perdure start POST /jobs --service jobs --data @job.json --id nightly
  perdure start --file operation.yaml --output json`,
		Args: args(0, 2, "METHOD URL, or --file F"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a.waits = true
			return a.start(cmd.Context(), cmd, &input, shown, args)
		},
	}
	input.flags(cmd)
	shown.flags(cmd)
	return cmd
}

func (a *app) start(ctx context.Context, cmd *cobra.Command, input *inputFlags, shown progressFlags, args []string) error {
	in, err := input.read(a, cmd, args)
	if err != nil {
		return err
	}
	session, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer session.close()
	o := input.startOptions(in)
	stop := a.followStart(ctx, shown, session, o.ID)
	op, err := session.engine.Start(ctx, in, o)
	stop()
	if err != nil {
		return a.stopped(ctx, o.ID, op, err)
	}
	return a.started(ctx, op)
}

// started prints an operation that was started, or taken up. That its token cannot be
// had does not undo that.
func (a *app) started(ctx context.Context, op operation) error {
	text := ""
	if a.json() {
		token, err := op.Token(ctx)
		if err != nil && !errors.Is(err, starter.ErrNoToken) {
			fmt.Fprintln(a.Stderr, "perdure: the token cannot be had:", redact(oneLine(err.Error())))
		}
		text = token.Text()
	}
	return a.printStarted(op, text, op.LastStatus())
}
