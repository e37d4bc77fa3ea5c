package cli

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure/internal/program"
)

const sdkModule = "go.temporal.io/sdk"

// version is what the binary knows of itself.
type version struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"` // of the revision
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	SDK      string `json:"temporalSDK,omitempty"`
}

func readVersion() version {
	v := version{Version: cmp.Or(program.Version(), "(devel)"), Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	for _, dep := range info.Deps {
		if dep.Path == sdkModule {
			v.SDK = dep.Version
		}
	}
	return v
}

const shortRevision = 12

// line is the version for a person.
func (v version) line() string {
	line := "perdure " + v.Version
	if v.Revision != "" {
		line += " " + v.Revision[:min(len(v.Revision), shortRevision)]
	}
	if v.Modified {
		line += " (modified)"
	}
	return line + ", " + v.Go
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version",
		Args: args(0, 0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			v := readVersion()
			if a.json() {
				return a.printJSON(v)
			}
			_, err := fmt.Fprintln(a.Stdout, v.line())
			return err
		},
	}
}
