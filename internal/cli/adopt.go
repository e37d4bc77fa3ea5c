package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// maxResumeToken is the most bytes that a resume token of an Azure SDK has.
const maxResumeToken = 64 << 10

// adoptionFlags name an operation that others started.
type adoptionFlags struct {
	azcore string
	perdure.Adoption
}

func (f *adoptionFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.azcore, "azcore", "", "`file` with a resume token of the Azure SDK for Go (- is standard input)")
	cmd.Flags().StringVar(&f.Operation, "operation", "", "the service's `id` or name of the operation")
	cmd.Flags().StringVar(&f.Collection, "collection", "", "with --operation: the `URL` that its start went to")
	cmd.Flags().StringVar(&f.StatusURL, "status-url", "", "`URL` of its status monitor")
	cmd.Flags().StringVar(&f.Method, "method", "", "with --status-url: the start's `method`")
	cmd.Flags().StringVar(&f.Resource, "resource", "", "with --status-url: the `URL` of the resource that the start was for")
}

// read gives the adoption, nil where no flag names one.
func (f *adoptionFlags) read(a *app) (*perdure.Adoption, error) {
	if f.azcore != "" {
		content, err := a.readFile(f.azcore, maxResumeToken)
		if err != nil {
			return nil, err
		}
		f.Azcore = string(content)
	}
	if f.Adoption == (perdure.Adoption{}) {
		return nil, nil //nolint:nilnil // no flag is no adoption
	}
	adoption := f.Adoption
	return &adoption, nil
}

func (a *app) adoptCommand() *cobra.Command {
	var (
		taken adoptionFlags
		in    perdure.OperationInput
		o     starter.StartOptions
		shown progressFlags
		wait  bool
		name  string
	)
	cmd := &cobra.Command{
		Use: "adopt --service S", Short: "Take over an operation that others started",
		Long: `Take over an operation that others started at a service, without starting it again: by a
resume token of the Azure SDK for Go, by the service's own id, or by the URL of its status
monitor. However often it is adopted, it is one operation here. With --output json:
{"workflowId","runId","token","status"}.`,
		Example: `  perdure adopt --service openai --operation batch_68 --collection /batches --wait
  perdure adopt --service arm --azcore resume-token.json`,
		Args: args(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.waits = true
			adoption, err := taken.read(a)
			if err != nil {
				return err
			}
			if adoption == nil {
				return usagef("adopt: want --azcore, --operation or --status-url")
			}
			in.Adopt = adoption
			if name != "" {
				in.Protocol = &perdure.ProtocolChoice{Name: name}
			}
			return a.adopt(cmd.Context(), in, o, shown, wait)
		},
	}
	cmd.Flags().StringVar(&in.Service, "service", "", "`name` of the service in the worker's configuration")
	taken.flags(cmd)
	cmd.Flags().StringVar(&name, "protocol", "", "`name` of the protocol that the service speaks (default the service's)")
	cmd.Flags().StringVar(&o.ID, "id", "", "workflow `id` (default made of the service and the operation)")
	cmd.Flags().StringVar(&in.Type, "type", "", "your `name` for the method: bound into the token, and demanded again")
	cmd.Flags().StringVar(&in.Audience, "audience", "", "for `whom`: bound into the token, and demanded again")
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until it is over, and print its value")
	shown.flags(cmd)
	return cmd
}

func (a *app) adopt(ctx context.Context, in perdure.OperationInput, o starter.StartOptions, shown progressFlags, wait bool) error {
	if err := in.Check(); err != nil {
		return err
	}
	session, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer session.close()
	op, err := session.engine.Start(ctx, in, &o)
	switch {
	case err != nil:
		return a.stopped(ctx, o.ID, op, err)
	case wait:
		return a.await(ctx, shown, op)
	}
	return a.started(ctx, op)
}
