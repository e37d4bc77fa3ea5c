package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
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

var (
	called = regexp.MustCompile(`\b(?:query|signal|update|execute_update\w*|setUpdate\w+)\(\s*"([^"]*)"`)
	quoted = regexp.MustCompile(`"(\w[\w.]*)"`)
)

// No compiler knows the names in the blocks of Python and Java, which are not run: what is
// asked of a workflow is a query, a signal or an update of the contract, and every other
// word is one of the contract's names or fields, or the caller's own.
func TestAnyLanguageHasTheNames(t *testing.T) {
	t.Parallel()
	asked, words := map[string]bool{}, map[string]bool{"POST": true, "openai": true, "name": true}
	for name, value := range constants(t, "..") {
		words[value] = true
		asked[value] = asked[value] || strings.HasPrefix(name, "Query") || strings.HasPrefix(name, "Signal") || strings.HasPrefix(name, "Update")
	}
	for _, shape := range wire {
		for _, field := range fields(shape) {
			words[field] = true
		}
	}
	for _, language := range []string{"python", "java"} {
		text := strings.Join(blocksOf(t, "any-language.md", language), "\n")
		calls := called.FindAllStringSubmatch(text, -1)
		require.Greater(t, len(calls), 3, language)
		for _, call := range calls {
			require.True(t, asked[call[1]], "%s asks for %q", language, call[1])
		}
		for _, word := range quoted.FindAllStringSubmatch(text, -1) {
			require.True(t, words[word[1]], "%s has %q", language, word[1])
		}
	}
}
