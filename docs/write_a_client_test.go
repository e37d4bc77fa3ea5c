package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/worker"
)

const guided = "../examples/transcript"

// The guide's Go is the whole of the client that it leads to, file by file, and that is
// compiled and tested.
func TestTheGuideIsTheClient(t *testing.T) {
	t.Parallel()
	blocks := blocksOf(t, "write-a-client.md", "go")
	files := []string{"transcript.go", "client.go", "operation.go", "error.go", "example_test.go", "transcript_test.go"}
	require.Len(t, blocks, len(files))
	for i, name := range files {
		file, err := os.ReadFile(filepath.Join(guided, name))
		require.NoError(t, err)
		require.Equal(t, string(file), blocks[i], "block %d of the guide is not %s", i+1, name)
	}
	all, err := filepath.Glob(filepath.Join(guided, "*.go"))
	require.NoError(t, err)
	require.Len(t, all, len(files), "a file that the guide leaves out")
}

// The worker takes the guide's configuration.
func TestTheGuidesConfigurationIsRead(t *testing.T) {
	t.Parallel()
	for _, block := range blocksOf(t, "write-a-client.md", "yaml") {
		config, err := worker.Parse("perdure.yaml", []byte(block))
		require.NoError(t, err)
		require.NoError(t, config.Check())
	}
}

// blocksOf are a page's blocks in a language.
func blocksOf(t *testing.T, page, language string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	var blocks []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, m[1])
	}
	require.NotEmpty(t, blocks)
	return blocks
}
