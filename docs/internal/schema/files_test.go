package schema_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/docs/internal/schema"
)

var folder = filepath.Join(schema.Root, schema.Folder)

// The files are what the types say.
func TestFiles(t *testing.T) {
	t.Parallel()
	want, err := schema.Files()
	require.NoError(t, err)
	found, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, file := range found {
		require.Contains(t, want, file.Name(), "no shape has this name")
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err, "run make docs")
		require.Equal(t, string(text), string(got), "run make docs")
	}
}

// A description speaks of JSON, not of Go.
func TestDescriptionsAreNotGo(t *testing.T) {
	t.Parallel()
	files, err := schema.Files()
	require.NoError(t, err)
	described := regexp.MustCompile(`"description": "(.*)"`)
	goName := regexp.MustCompile(`\b(nil|[a-z]+\.[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*)\b`)
	for name, text := range files {
		for _, description := range described.FindAllStringSubmatch(string(text), -1) {
			for _, word := range goName.FindAllString(description[1], -1) {
				require.True(t, isShapeOrName(word), "%s: %q in %q", name, word, description[1])
			}
		}
	}
}

// isShapeOrName: a type that the schemas have too, an error type, or a unit.
func isShapeOrName(word string) bool {
	switch word {
	case "CancelSettings", "CancelSignal", "CancelStatus", "CollectionInput", "CollectionResult", "CollectionStatus",
		"FollowInput", "OperationInput", "OperationResult", "PageRequest", "PagesRequest", "ProtocolChoice", "ReadRequest",
		"InvalidToken", "RehydrateInput", "TokenRefusal", "ReportSettings", "RequestLine", "ServiceError", "StreamHeartbeat", "StreamInput", "StreamResult", "StreamSegment",
		"KiB", "StreamStatus", "TimedError", "UpdateStatusRequest", "WaitEventRequest", "WaitRequest":
		return true
	}
	return false
}
