package perduretest_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// The guide's Go is of examples that are compiled and run.
func TestTheGuidesGoIsCompiled(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../docs/testing.md")
	require.NoError(t, err)
	examples, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	ofServices, err := os.ReadFile("example_service_test.go")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(string(guide), -1)
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		require.Contains(t, string(examples)+string(ofServices), block[1])
	}
}
