package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure/starter"
)

func (a *app) statusCommand() *cobra.Command {
	return a.looker("status", "Say what is known of an operation, without asking the service",
		`Say what is known of an operation, running or over, without asking the service; or of a
collection or a stream, by its id. Where no worker answers it is what was recorded last, and
says so.`,
		looks{
			operation: func(ctx context.Context, op operation) error {
				s, err := op.Status(ctx)
				if err != nil {
					return err
				}
				return a.printStatus(op.ID(), s)
			},
			collection: func(ctx context.Context, c collection) error {
				s, err := c.Status(ctx)
				if err != nil {
					return err
				}
				return a.printCollectionStatus(c.ID(), s)
			},
			stream: func(ctx context.Context, events stream) error {
				s, err := events.Status(ctx)
				if err != nil {
					return err
				}
				return a.printStreamStatus(events.ID(), s)
			},
		})
}

// patience is how long nothing is said of an answer that does not come.
const patience = 5 * time.Second

func (a *app) pollCommand() *cobra.Command {
	var headers []string
	cmd := a.looker("poll", "Ask the service once, now, and say what it said",
		`Ask the service once, now, and print the status. Of an operation that is over, ambiguous
or not yet started nobody is asked.`,
		looks{operation: func(ctx context.Context, op operation) error {
			with, err := parseHeaders(headers)
			if err != nil {
				return err
			}
			reminder := time.AfterFunc(patience, func() {
				fmt.Fprintln(a.Stderr, "no answer yet; it needs a worker that runs")
			})
			defer reminder.Stop()
			s, err := op.UpdateStatus(ctx, &starter.UpdateStatusOptions{Headers: with})
			if err != nil {
				return err
			}
			return a.printStatus(op.ID(), s)
		}})
	cmd.Flags().StringArrayVarP(&headers, "header", "H", nil, "header for this question, `'Name: value'`; can be repeated")
	return cmd
}
