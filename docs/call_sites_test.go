package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Our side of the comparison is compiled.
func TestTheCallSitesAreCompiled(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("call-sites.md")
	require.NoError(t, err)
	ours := regexp.MustCompile("(?ms)^Perdure:\n\n```go\n(.*?)^```$").FindAllStringSubmatch(string(page), -1)
	require.Len(t, ours, strings.Count(string(page), "\nPerdure:\n"))
	var examples strings.Builder
	files, err := filepath.Glob("../examples/*/example_test.go")
	require.NoError(t, err)
	for _, name := range files {
		file, err := os.ReadFile(name)
		require.NoError(t, err)
		examples.WriteString(unindented(string(file)))
	}
	for _, block := range ours {
		require.Contains(t, examples.String(), unindented(block[1]))
	}
}

func unindented(code string) string {
	return regexp.MustCompile(`(?m)^\t+`).ReplaceAllString(code, "")
}
