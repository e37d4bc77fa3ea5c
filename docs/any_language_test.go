package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each block of TypeScript is a part of the program, which is compiled and run.
func TestAnyLanguageIsTheProgram(t *testing.T) {
	t.Parallel()
	var program strings.Builder
	files, err := filepath.Glob("../examples/typescript/src/*.ts")
	require.NoError(t, err)
	for _, name := range files {
		file, err := os.ReadFile(name)
		require.NoError(t, err)
		program.Write(file)
	}
	for _, block := range blocksOf(t, "any-language.md", "ts") {
		require.True(t, strings.Contains(program.String(), block), "no part of the program:\n%s", block)
	}
}
