package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func init() { cobra.EnableCommandSorting = false } // commands are listed in the order of their use

const rootLong = `Perdure runs long-running operations of cloud services durably: each is a Temporal
workflow that starts it, asks how it goes, and keeps the result. Paged collections and
event streams are read the same way.

Connection: Temporal's own environment (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE,
TEMPORAL_API_KEY, TEMPORAL_TLS_*) and configuration file, with --address,
--namespace and --profile over them.

Exit status of run, start, adopt, wait, pages, page and stream, and of rehydrate --wait:
  0   succeeded (start: started, adopt: taken over)
  10  OperationFailed, StartRejected, PollRejected or PageRejected
  11  canceled
  12  ambiguous: it cannot be known whether the service started it
  13  timed out
  1   any other error
  2   the command line, or the input it names, is wrong; nothing was asked
The other commands exit with 0 when they could answer.`

const rootExample = `  perdure run POST /jobs --service jobs --data '{"size":3}'
  perdure start --file operation.yaml --id nightly-2031-05-17
  perdure wait nightly-2031-05-17 --output json
  perdure pages GET /items --service jobs --values
  perdure stream GET /events --service jobs --protocol sse
  perdure worker --config perdure.yaml`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "perdure", Short: "Long-running operations that survive", Long: rootLong, Example: rootExample,
		Version: readVersion().line(), SilenceUsage: true, SilenceErrors: true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if a.global.output != outputText && a.global.output != outputJSON {
				return usagef("--output: is %q, want text or json", a.global.output)
			}
			a.ran = true
			return nil
		},
	}
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%s; this lists the flags: %s --help", oneLine(err.Error()), cmd.CommandPath())
	})
	a.addGlobals(root)
	root.AddGroup(
		&cobra.Group{ID: groupOperations, Title: "Operations"},
		&cobra.Group{ID: groupCollections, Title: "Paged collections"},
		&cobra.Group{ID: groupStreams, Title: "Event streams"},
		&cobra.Group{ID: groupRunning, Title: "Workers and set-up"},
	)
	inGroup(root, groupOperations, a.runCommand(), a.startCommand(), a.waitCommand(), a.statusCommand(), a.pollCommand(),
		a.responseCommand(), a.tokenCommand(), a.cancelCommand(), a.resolveCommand(), a.rehydrateCommand(), a.adoptCommand(), a.listCommand())
	inGroup(root, groupCollections, a.pagesCommand(), a.pageCommand())
	inGroup(root, groupStreams, a.streamCommand())
	inGroup(root, groupRunning, a.workerCommand(), a.readyCommand(), a.setupCommand(), a.keysCommand(), a.configCommand(), a.codecServerCommand())
	root.AddCommand(a.versionCommand())
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	needsSubcommand(root, func(cmd *cobra.Command) error { return cmd.Help() })
	for _, cmd := range root.Commands() {
		if cmd.HasSubCommands() {
			needsSubcommand(cmd, wantSubcommand)
		}
	}
	return root
}

const (
	groupOperations  = "operations"
	groupCollections = "collections"
	groupStreams     = "streams"
	groupRunning     = "running"
)

func inGroup(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, cmd := range commands {
		cmd.GroupID = group
		cmd.Flags().SortFlags = false
		root.AddCommand(cmd)
	}
}

// needsSubcommand makes a command that does nothing by itself say, in one line, what
// it does not know.
func needsSubcommand(cmd *cobra.Command, alone func(*cobra.Command) error) {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return alone(cmd)
		}
		unknown := strings.TrimPrefix(cmd.CommandPath()+" ", "perdure ") + args[0]
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			return usagef("there is no command %q; did you mean %s?", unknown, strings.Join(near, " or "))
		}
		return usagef("there is no command %q; this lists them: %s --help", unknown, cmd.CommandPath())
	}
}

func wantSubcommand(cmd *cobra.Command) error {
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return usagef("%s: want one of %s", named(cmd), strings.Join(names, ", "))
}

// named is the command as a message begins with it.
func named(cmd *cobra.Command) string { return strings.TrimPrefix(cmd.CommandPath(), "perdure ") }

// args checks how many arguments there are; want says in words what they are.
func args(least, most int, want string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		if len(given) >= least && len(given) <= most {
			return nil
		}
		return usagef("%s: want %s, got %d arguments", named(cmd), want, len(given))
	}
}

// usageError: the command line is wrong, and nothing was asked.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

func usagef(format string, values ...any) error {
	return &usageError{message: fmt.Sprintf(format, values...)}
}

// asUsage takes over an error of the flag parser.
func asUsage(err error) error {
	if _, ok := errors.AsType[*usageError](err); ok {
		return err
	}
	return &usageError{message: err.Error()}
}
