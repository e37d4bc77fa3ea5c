package cli

import (
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

const (
	inputUse  = "[METHOD URL]"
	inputHelp = `

The request is METHOD and URL, or all of an operation's input as JSON or YAML in
--file; flags go over what the file says. A URL that begins with / is put after the
service's baseURL and needs --service. Credentials are the worker's, never yours to
send. The same --id is the same operation: starting it again attaches to it.`
)

// inputFlags make the input of an operation.
type inputFlags struct {
	requestFlags
	file           string
	id             string
	pollInterval   time.Duration
	timeout        time.Duration
	idempotencyKey string
}

func (i *inputFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&i.file, "file", "f", "", "operation input as JSON or YAML (- is standard input)")
	f.StringVar(&i.id, "id", "", "workflow `id`: the same id is the same operation (default a new one)")
	i.requestFlags.flags(cmd, "default the service's, or auto")
	f.DurationVar(&i.pollInterval, "poll-interval", 0, "wait between questions where the service asks for none, such as 30s")
	f.DurationVar(&i.timeout, "timeout", 0, "bound of the whole operation, such as 24h; 0: none")
	f.StringVar(&i.idempotencyKey, "idempotency-key", "", "`key` by which the service recognises a repeated start (default derived)")
}

// read makes the input, and checks it.
func (i *inputFlags) read(a *app, cmd *cobra.Command, args []string) (perdure.OperationInput, error) {
	var in perdure.OperationInput
	if err := i.consistent(cmd, args); err != nil {
		return in, err
	}
	if i.file != "" {
		if err := a.readInput(i.file, &in); err != nil {
			return in, err
		}
	}
	d := draft{request: in.Request, service: in.Service, kind: in.Type, audience: in.Audience, protocol: in.Protocol}
	if in.Token != "" || in.Adopt != nil {
		d.instead = "the file's token or adopt"
	}
	if err := i.apply(a, args, &d); err != nil {
		return in, err
	}
	in.Request, in.Service, in.Type, in.Audience, in.Protocol = d.request, d.service, d.kind, d.audience, d.protocol
	i.applyTimes(cmd, &in)
	override(&in.IdempotencyKey, i.idempotencyKey)
	if err := in.Check(); err != nil {
		return in, inWords(i.file, err)
	}
	return in, nil
}

// consistent refuses flags that cannot go together.
func (i *inputFlags) consistent(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 1:
		return usagef("%s: want METHOD URL, got METHOD only", named(cmd))
	case len(args) == 0 && i.file == "":
		return usagef("%s: want METHOD URL, such as POST /jobs --service jobs, or --file F", named(cmd))
	case i.file == "-" && i.data == "@-":
		return usagef("%s: --file and --data both read standard input", named(cmd))
	case i.pollInterval < 0:
		return usagef("--poll-interval: is %s, want 0s or more", i.pollInterval)
	case i.timeout < 0:
		return usagef("--timeout: is %s, want 0s or more", i.timeout)
	}
	return nil
}

// applyTimes sets what was given; --timeout 0 takes the file's bound away.
func (i *inputFlags) applyTimes(cmd *cobra.Command, in *perdure.OperationInput) {
	if cmd.Flags().Changed("poll-interval") {
		if in.Polling == nil {
			in.Polling = &perdure.Polling{}
		}
		in.Polling.IntervalSeconds = i.pollInterval.Seconds()
	}
	if cmd.Flags().Changed("timeout") {
		in.TimeoutSeconds = i.timeout.Seconds()
	}
}

// startOptions carry the workflow id. One is chosen here where nobody did, so that it
// can be told before the service has answered.
func (i *inputFlags) startOptions(in perdure.OperationInput) *starter.StartOptions {
	if i.id == "" && in.Request != nil {
		return &starter.StartOptions{ID: newID()}
	}
	return &starter.StartOptions{ID: i.id}
}

func newID() string { return "perdure-" + uuid.NewString() }
