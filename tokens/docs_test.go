package tokens_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// example finds the fenced block that follows a marker in docs/tokens.md.
func example(t *testing.T, doc, marker string) string {
	t.Helper()
	block := regexp.MustCompile("(?s)<!-- " + marker + " -->\n```[a-z]*\n(.*?)\n```")
	found := block.FindStringSubmatch(doc)
	require.NotNil(t, found, "docs/tokens.md has no example marked %q", marker)
	return found[1]
}

func TestExampleOfTheDocsIsTheFirstVector(t *testing.T) {
	b, err := os.ReadFile("../docs/tokens.md")
	require.NoError(t, err)
	v, _ := readVectors(t)
	doc, vector := string(b), v.Open[0]
	require.Equal(t, vector.Text, example(t, doc, "vector: text"))
	require.Equal(t, vector.Header, example(t, doc, "vector: header"))
	require.Equal(t, string(vector.State), example(t, doc, "vector: state"))
}
