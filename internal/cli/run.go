package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure/starter"
)

func (a *app) runCommand() *cobra.Command {
	var input inputFlags
	var shown progressFlags
	cmd := &cobra.Command{
		Use: "run " + inputUse, Short: "Start an operation, wait for it, print its value",
		Long: "Start an operation, wait until it is over, and print its value; with --output json the\n" +
			"whole result. Ctrl-C stops the waiting, never the operation." + inputHelp,
		Example: `  perdure run POST /jobs --service jobs --data '{"size":3}'
  perdure run --file operation.yaml --timeout 24h --output json`,
		Args: args(0, 2, "METHOD URL, or --file F"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a.waits = true
			return a.run(cmd.Context(), cmd, &input, shown, args)
		},
	}
	input.flags(cmd)
	shown.flags(cmd)
	return cmd
}

func (a *app) run(ctx context.Context, cmd *cobra.Command, input *inputFlags, shown progressFlags, args []string) error {
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
	if err != nil {
		stop()
		return a.stopped(ctx, o.ID, op, err)
	}
	shown.note(a.Stderr, "%s: started", op.ID())
	result, err := op.Result(ctx)
	stop()
	if err != nil {
		return a.stopped(ctx, o.ID, op, err)
	}
	return a.printResult(op.ID(), shown, result)
}

// followStart shows progress from before the service has answered, where the id is
// known by then.
func (a *app) followStart(ctx context.Context, shown progressFlags, s *session, id string) (stop func()) {
	if id == "" {
		return func() {}
	}
	return a.follow(ctx, shown, id, atOperation(func(ctx context.Context) (operation, error) { return s.engine.Attach(ctx, id) }))
}

// stopped says how to go on, where the waiting was stopped from here.
func (a *app) stopped(ctx context.Context, id string, op operation, err error) error {
	if op != nil {
		id = op.ID()
	}
	if ctx.Err() == nil {
		return about(id, withStatus(ctx, op, err))
	}
	message := "stopped waiting; the operation goes on"
	if id != "" {
		message += ", and this waits for it again: perdure wait " + id
	}
	return about(id, &typedError{kind: typeStopped, message: message})
}

// withStatus adds what was known of an operation to the error that its workflow was ended
// in Temporal.
func withStatus(ctx context.Context, op operation, err error) error {
	if op == nil || !errors.Is(err, starter.ErrTerminated) {
		return err
	}
	s, asked := op.Status(ctx)
	if asked != nil {
		return err
	}
	return &terminatedError{err: err, status: s}
}
