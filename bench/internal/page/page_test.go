package page_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/bench/internal/page"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	const content = "Prose.\n\n<!-- bench:begin polling a -->\nold\n<!-- bench:end polling a -->\n\nMore.\n\n" +
		"<!-- bench:begin polling b -->\n<!-- bench:end polling b -->\n<!-- bench:begin other a -->\nkept\n<!-- bench:end other a -->\n"
	path := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))

	require.ErrorContains(t, page.Write(path, "polling", map[string]string{"a": "1\n", "c": "3\n"}), `no place for "c"`)
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, content, string(got))

	for range 2 { // the second time over what the first has written
		require.NoError(t, page.Write(path, "polling", map[string]string{"a": "1\n", "b": "2\n"}))
	}
	got, err = os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "Prose.\n\n<!-- bench:begin polling a -->\n1\n<!-- bench:end polling a -->\n\nMore.\n\n"+
		"<!-- bench:begin polling b -->\n2\n<!-- bench:end polling b -->\n<!-- bench:begin other a -->\nkept\n<!-- bench:end other a -->\n", string(got))
}
