package worker_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/worker"
)

// TestDocumentedKeys holds the documentation's tables equal to the configuration's
// keys and bounds.
func TestDocumentedKeys(t *testing.T) {
	doc, err := os.ReadFile("../docs/configuration.md")
	require.NoError(t, err)
	documented := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Za-z.]+)` \\| ([^|]+) \\| ([^|]*) \\|").FindAllSubmatch(doc, -1) {
		require.NotContains(t, documented, string(row[1]), "documented twice")
		documented[string(row[1])] = string(row[3])
	}
	keys := worker.KeyBounds()
	require.Equal(t, slices.Sorted(maps.Keys(keys)), slices.Sorted(maps.Keys(documented)))
	for key, want := range keys {
		if want != "" {
			require.Equal(t, want, documented[key], key)
		}
	}
}
