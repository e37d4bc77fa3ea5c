package docs_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/worker"
)

// What the README asks for on its command line is what its configuration allows.
func TestREADMEAllowsWhatItAsksFor(t *testing.T) {
	t.Parallel()
	config, err := worker.Parse("perdure.yaml", []byte(blocksOf(t, "../README.md", "yaml")[0]))
	require.NoError(t, err)
	require.NoError(t, config.Check())
	asked := 0
	for _, block := range blocksOf(t, "../README.md", "console") {
		for _, m := range regexp.MustCompile(`(?m)^\$ perdure \w+ ([A-Z]+ /\S+) --service (\w+)`).FindAllStringSubmatch(block, -1) {
			require.Contains(t, config.Services[m[2]].Allow, m[1])
			asked++
		}
	}
	require.Positive(t, asked)
}
