package perdure_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The README promises nothing that no test shows.
func TestREADMENamesTestsThatExist(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile("`(Test[A-Za-z]+)`").FindAllStringSubmatch(read(t, "README.md"), -1)
	require.NotEmpty(t, named)
	var sources strings.Builder
	for _, pattern := range []string{"*_test.go", "*/*_test.go", "*/*/*_test.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, f := range files {
			sources.WriteString(read(t, f))
		}
	}
	for _, n := range named {
		require.Contains(t, sources.String(), "func "+n[1]+"(t *testing.T)", "README names %s", n[1])
	}
}

// The README's Go is the body of a compiled example.
func TestREADMEGoIsCompiled(t *testing.T) {
	t.Parallel()
	_, rest, ok := strings.Cut(read(t, "README.md"), "```go\n")
	require.True(t, ok)
	block, _, ok := strings.Cut(rest, "```")
	require.True(t, ok)
	indented := "\t" + strings.ReplaceAll(strings.TrimSpace(block), "\n", "\n\t")
	require.Contains(t, read(t, "starter/example_test.go"), indented)
}

// Links in the README lead somewhere.
func TestREADMELinksExist(t *testing.T) {
	t.Parallel()
	for _, m := range regexp.MustCompile(`\[[^\]]+\]\(([\w./-]+)\)`).FindAllStringSubmatch(read(t, "README.md"), -1) {
		_, err := os.Stat(m[1])
		require.NoError(t, err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}
