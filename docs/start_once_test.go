package docs_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the page claims beside the tables that a test writes, a test that it links to shows.
func TestStartOnceNamesTestsThatExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("start-once.md")
	require.NoError(t, err)
	named := regexp.MustCompile(`\[(Test[A-Za-z]+)\]\(([^)]+)\)`).FindAllSubmatch(text, -1)
	require.NotEmpty(t, named)
	for _, n := range named {
		source, err := os.ReadFile(string(n[2]))
		require.NoError(t, err)
		require.Contains(t, string(source), "func "+string(n[1])+"(t *testing.T)")
	}
}
