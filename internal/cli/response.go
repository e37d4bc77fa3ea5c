package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure"
)

func (a *app) responseCommand() *cobra.Command {
	return a.looker("response", "Print what the service answered last",
		`Print what the service answered last, as it was captured: without credentials and cookies,
query strings redacted, a large body cut; of a stream, by its id, without the events.`,
		looks{
			operation: func(ctx context.Context, op operation) error {
				r, err := op.RawResponse(ctx)
				if err != nil {
					return err
				}
				return a.printResponse(op.ID(), r)
			},
			stream: func(ctx context.Context, events stream) error {
				r, err := events.RawResponse(ctx)
				if err != nil {
					return err
				}
				return a.printResponse(events.ID(), r)
			},
		})
}

// printResponse writes request, status, headers and body, much as they went by. Nil: the
// service has not answered.
func (a *app) printResponse(id string, r *perdure.Response) error {
	if a.json() {
		return a.printJSON(r)
	}
	if r == nil {
		fmt.Fprintf(a.Stderr, "%s: the service has not answered yet\n", id)
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", oneLine(r.Request.Method), oneLine(r.Request.URL))
	fmt.Fprintf(&b, "HTTP %d, received %s\n", r.Status, stamp(r.ReceivedAt))
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		for _, value := range r.Headers[name] {
			fmt.Fprintf(&b, "%s: %s\n", oneLine(name), oneLine(value))
		}
	}
	if _, err := fmt.Fprint(a.Stdout, b.String()); err != nil {
		return err
	}
	if r.Body == nil {
		return nil
	}
	fmt.Fprintln(a.Stdout)
	if err := a.printBody(r.Body); err != nil {
		return err
	}
	if r.Truncated {
		fmt.Fprintln(a.Stderr, "the body was cut at the service's captureBytes")
	}
	return nil
}
