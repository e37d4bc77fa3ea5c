package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure/tokens"
)

// The values of --output.
const (
	outputText = "text"
	outputJSON = "json"
)

// app is one run of the command line.
type app struct {
	Process
	global globals
	// ran is set once the flags were read: an error before that is one of usage.
	ran bool
	// waits is set by commands whose exit status tells what became of the operation.
	waits bool
	// connect reaches Temporal. Tests put an engine of their own here.
	connect func(context.Context, *settings, *tokens.Keyset) (*session, error)
}

// globals are the flags that every command has.
type globals struct {
	output    string
	config    string
	taskQueue string
	keyset    string
	address   string
	namespace string
	profile   string
}

func newApp(p Process) *app {
	a := &app{Process: p}
	a.connect = a.dial
	return a
}

func (a *app) json() bool { return a.global.output == outputJSON }

func (a *app) addGlobals(root *cobra.Command) {
	f := root.PersistentFlags()
	f.SortFlags = false
	f.StringVarP(&a.global.output, "output", "o", outputText, "text or json")
	f.StringVar(&a.global.config, "config", "", "configuration `file` (default $PERDURE_CONFIG); clients take task queue and keyset from it")
	f.StringVar(&a.global.taskQueue, "task-queue", "", "task `queue` that the workers serve (default the configuration's, or perdure)")
	f.StringVar(&a.global.keyset, "keyset", "", "keyset `file` that verifies tokens (default the configuration's tokens.keysetFile)")
	f.StringVar(&a.global.address, "address", "", "Temporal's `host:port` (default $TEMPORAL_ADDRESS, the profile's, or localhost:7233)")
	f.StringVarP(&a.global.namespace, "namespace", "n", "", "Temporal `namespace` (default $TEMPORAL_NAMESPACE, the profile's, or default)")
	f.StringVar(&a.global.profile, "profile", "", "`name` of a profile in Temporal's configuration file (default $TEMPORAL_PROFILE)")
	complete(root, "output", outputText, outputJSON)
}

// complete gives the shell the values that a flag can have.
func complete(cmd *cobra.Command, flag string, values ...string) {
	// It fails for a flag that is not there, which the tests of the flag would see.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}
