package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The program of the image has the version that the image was built with, which is its
// build id.
func TestTheImageHasItsVersion(t *testing.T) {
	t.Parallel()
	dockerfile, err := os.ReadFile("../../Dockerfile")
	require.NoError(t, err)
	require.Contains(t, string(dockerfile), "\nARG VERSION\n")
	flags := regexp.MustCompile(`-ldflags="([^"]*\$\{VERSION\}[^"]*)"`).FindStringSubmatch(string(dockerfile))
	require.NotNil(t, flags)
	dir := t.TempDir()
	binary, config := filepath.Join(dir, "perdure"), filepath.Join(dir, "perdure.yaml")
	// As there, no repository is at hand.
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-ldflags", strings.ReplaceAll(flags[1], "${VERSION}", "v1.2.3"), "-o", binary, "./cmd/perdure")
	build.Dir = "../.."
	said, err := build.CombinedOutput()
	require.NoError(t, err, "%s", said)

	said, err = exec.CommandContext(t.Context(), binary, "version").CombinedOutput()
	require.NoError(t, err, "%s", said)
	require.Contains(t, string(said), "perdure v1.2.3, go1.")
	require.NoError(t, os.WriteFile(config, []byte(`tokens: {keysetFile: keyset.json}
worker: {deployment: {name: perdure}}
services: {a: {baseURL: "https://a.example.com"}}
`), 0o600))
	said, err = exec.CommandContext(t.Context(), binary, "config", "check", "--skip-environment", config).CombinedOutput()
	require.NoError(t, err, "%s", said)
}
