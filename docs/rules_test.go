package docs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/docs/internal/rules"
)

// The tables of rules are what the tests declare.
func TestRules(t *testing.T) {
	pages, err := rules.Pages(os.DirFS(".."))
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join("..", name))
		require.NoError(t, err)
		require.True(t, string(got) == want, "%s is not what the tests declare: run make docs", name)
	}
}
