package cluster_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/devserver/cluster"
)

const root = "../.."

// A service is told what its image asks for, by the source of the version that is pinned.
func TestTheImagesKnowTheirVariables(t *testing.T) {
	t.Parallel()
	services, err := cluster.Services(root)
	require.NoError(t, err)
	for _, tt := range []struct{ service, module, file, asks string }{
		{"temporal", "go.temporal.io/server", "common/config/config_template_embedded.yaml", `env %q`},
		{"schema", "go.temporal.io/server", "tools/sql/main.go", `EnvVar: %q`},
		{"ui", "github.com/temporalio/ui-server/v2", "config/docker.yaml", `env %q`},
	} {
		t.Run(tt.service, func(t *testing.T) {
			t.Parallel()
			listed, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", tt.module).Output()
			require.NoError(t, err)
			version, dir, _ := strings.Cut(strings.TrimSpace(string(listed)), " ")
			require.Contains(t, services[tt.service].Image, ":-"+strings.TrimPrefix(version, "v")+"}", "the version that is tested")
			source, err := os.ReadFile(filepath.Join(dir, tt.file))
			require.NoError(t, err)
			require.NotEmpty(t, services[tt.service].Environment)
			for name := range services[tt.service].Environment {
				require.Contains(t, string(source), fmt.Sprintf(tt.asks, name), tt.file)
			}
		})
	}
}

// The script asks for the namespace that the others use, and for the retention that tests
// have; a namespace that is there it leaves alone.
func TestTheScriptOfTheNamespace(t *testing.T) {
	t.Parallel()
	services, err := cluster.Services(root)
	require.NoError(t, err)
	namespace := services["namespace"].Environment["TEMPORAL_NAMESPACE"]
	require.Equal(t, namespace, services["worker"].Environment["TEMPORAL_NAMESPACE"])
	describe := "operator namespace describe --namespace " + namespace + "\n"
	create := fmt.Sprintf("operator namespace create --namespace %s --retention %.fh\n", namespace, cluster.Retention.Hours())
	for _, tt := range []struct{ name, described, want string }{
		{"missing", "1", describe + create},
		{"there", "0", describe},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bins := t.TempDir()
			said := filepath.Join(bins, "said") // standard output is the script's to throw away
			standIn := "#!/bin/sh\necho \"$*\" >>" + said + "\ncase \"$*\" in *describe*) exit " + tt.described + ";; esac\n"
			require.NoError(t, os.WriteFile(filepath.Join(bins, "temporal"), []byte(standIn), 0o700))
			script := exec.CommandContext(t.Context(), "/bin/sh", root+"/deploy/namespace.sh")
			script.Env = []string{"PATH=" + bins, "TEMPORAL_NAMESPACE=" + namespace}
			out, err := script.CombinedOutput()
			require.NoError(t, err, "%s", out)
			asked, err := os.ReadFile(said)
			require.NoError(t, err)
			require.Equal(t, tt.want, string(asked))
		})
	}
}
