package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

const defaultListLimit = 100

var states = []string{
	string(perdure.StateStarting), string(perdure.StateRunning), string(perdure.StateCanceling), string(perdure.StateAmbiguous),
	string(perdure.StateSucceeded), string(perdure.StateFailed), string(perdure.StateCanceled), string(perdure.StateUnknown),
}

func (a *app) listCommand() *cobra.Command {
	var state, service string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List the operations that the namespace knows, newest first",
		Long: `List the operations that the namespace knows, newest first, with what was recorded of them
last. --state and --service need the search attributes that "perdure setup" registers.
With --output json one document a line.`,
		Example: "  perdure list --state ambiguous\n  perdure list --service jobs --limit 0 --output json",
		Args:    args(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case state != "" && !slices.Contains(states, state):
				return usagef("--state: is %q, want one of %s", state, strings.Join(states, ", "))
			case limit < 0:
				return usagef("--limit: is %d, want 0 (all) or more", limit)
			}
			return a.list(cmd.Context(), &starter.ListOptions{State: perdure.State(state), Service: service}, limit)
		},
	}
	f := cmd.Flags()
	f.StringVar(&state, "state", "", "only those in this state: "+strings.Join(states, ", "))
	f.StringVar(&service, "service", "", "only those of this service")
	f.IntVar(&limit, "limit", defaultListLimit, "at most so many; 0: all")
	complete(cmd, "state", states...)
	return cmd
}

func (a *app) list(ctx context.Context, o *starter.ListOptions, limit int) error {
	session, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer session.close()
	rows := a.summaryPrinter()
	n := 0
	for summary, err := range session.engine.List(ctx, o) {
		if err != nil {
			_ = rows.flush() // the error that is told is why there are no more
			return err
		}
		if limit > 0 && n == limit {
			fmt.Fprintf(a.Stderr, "there are more than %d; --limit 0 lists all\n", limit)
			break
		}
		n++
		if err := rows.print(summary); err != nil {
			return err
		}
	}
	if n == 0 && !a.json() {
		fmt.Fprintln(a.Stderr, "no operations")
	}
	return rows.flush()
}

// summaryPrinter prints operations as they come: a table's rows, or JSON a line.
type summaryPrinter struct {
	print func(starter.Summary) error
	flush func() error
}

func (a *app) summaryPrinter() summaryPrinter {
	if a.json() {
		return summaryPrinter{
			print: func(s starter.Summary) error { return a.printJSON(s) },
			flush: func() error { return nil },
		}
	}
	table := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	head := sync.OnceFunc(func() {
		fmt.Fprintln(table, "ID\tSTATE\tSERVICE\tTYPE\tSERVICE STATUS\tPERCENT\tSTARTED") // errors come with Flush
	})
	return summaryPrinter{
		print: func(s starter.Summary) error {
			head()
			_, err := fmt.Fprintln(table, strings.Join(row(s, time.Now()), "\t"))
			return err
		},
		flush: table.Flush,
	}
}

func row(s starter.Summary, now time.Time) []string {
	progress := ""
	if s.PercentComplete != nil {
		progress = percent(*s.PercentComplete)
	}
	columns := []string{
		s.WorkflowID, string(s.State), s.Service, s.Type, s.ServiceStatus, progress, ago(s.StartedAt, now),
	}
	for i, text := range columns {
		if columns[i] = oneLine(text); columns[i] == "" {
			columns[i] = "-"
		}
	}
	return columns
}
