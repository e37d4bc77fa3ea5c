package docs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each block of Go is in a file that is compiled, whatever its indentation there.
func TestFromWorkflowsIsCompiled(t *testing.T) {
	t.Parallel()
	var sources strings.Builder
	for _, file := range []string{"../child/example_test.go", "../examples/flows/keep_pages.go", "../examples/flows/listen.go"} {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		sources.WriteString(flush(string(source)))
	}
	for _, block := range blocksOf(t, "from-workflows.md", "go") {
		require.True(t, strings.Contains(sources.String(), flush(block)), "not compiled:\n%s", block)
	}
}

// flush is text without what its lines begin with.
func flush(text string) string {
	return regexp.MustCompile(`(?m)^\s+`).ReplaceAllString(text, "")
}
