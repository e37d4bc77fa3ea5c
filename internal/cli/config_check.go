package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure/worker"
)

func (a *app) configCommand() *cobra.Command {
	var skipEnvironment bool
	check := &cobra.Command{
		Use: "check [FILE]", Short: "Say what is wrong with a configuration",
		Long: `Say all that is wrong with a configuration, one problem a line: unknown keys, values that
make no sense, and what it names and this environment does not have: secrets, certificates
and keysets. A warning is about what is allowed and probably not meant, such as services
that share an origin. Exit status 1 if there is a problem other than warnings. Nothing is
sent anywhere.`,
		Example: "  perdure config check perdure.yaml --skip-environment",
		Args:    args(0, 1, "at most one FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := a.configFile()
			if len(args) == 1 {
				file = args[0]
			}
			if file == "" {
				return usagef("%s: want FILE, --config FILE or PERDURE_CONFIG", named(cmd))
			}
			return a.checkConfig(file, skipEnvironment)
		},
	}
	check.Flags().BoolVar(&skipEnvironment, "skip-environment", false, "do not look for secrets and the keyset")
	cmd := &cobra.Command{Use: "config", Short: "Check a configuration"}
	cmd.AddCommand(check)
	return cmd
}

func (a *app) checkConfig(file string, skipEnvironment bool) error {
	problems, err := worker.Examine(file, &worker.ExamineOptions{SkipEnvironment: skipEnvironment})
	if err != nil {
		return err
	}
	wrong := slices.ContainsFunc(problems, func(p *worker.KeyError) bool { return !p.Warning })
	if a.json() {
		return a.printChecked(file, problems, wrong)
	}
	for _, p := range problems {
		fmt.Fprintln(a.Stdout, redact(p.Error()))
	}
	if wrong {
		return errAnswered
	}
	_, err = fmt.Fprintf(a.Stdout, "%s: ok\n", file)
	return err
}

func (a *app) printChecked(file string, problems []*worker.KeyError, wrong bool) error {
	if wrong {
		errs := make([]error, len(problems))
		for i, p := range problems {
			errs[i] = p
		}
		return errors.Join(errs...)
	}
	return a.printJSON(struct {
		File     string    `json:"file"`
		OK       bool      `json:"ok"`
		Warnings []problem `json:"warnings,omitempty"`
	}{file, true, describe(problems)})
}

// errAnswered: all was said on standard output, and only the exit status is left.
var errAnswered = errors.New("the answer was no")

// problem is one thing that is wrong with a configuration.
type problem struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Key     string `json:"key,omitempty"`
	Message string `json:"message"`
	Warning bool   `json:"warning,omitempty"`
}

func describe(errs []*worker.KeyError) []problem {
	out := make([]problem, len(errs))
	for i, e := range errs {
		out[i] = problem{File: e.File, Line: e.Line, Key: e.Key, Message: redact(e.Message), Warning: e.Warning}
	}
	return out
}

// problemsOf gives every KeyError that is joined in err.
func problemsOf(err error) []*worker.KeyError {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []*worker.KeyError
		for _, e := range joined.Unwrap() {
			out = append(out, problemsOf(e)...)
		}
		return out
	}
	if p, ok := errors.AsType[*worker.KeyError](err); ok {
		return []*worker.KeyError{p}
	}
	return nil
}
