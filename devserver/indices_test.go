package devserver_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/devserver/devservertest"
)

// Only the search attributes that there are have an index, and it is that of the schema.
func TestIndicesOfSearchAttributes(t *testing.T) {
	t.Parallel()
	type attributes = map[string]enumspb.IndexedValueType
	opts := devserver.Options{Headless: true, DBFilename: filepath.Join(t.TempDir(), "temporal.db")}
	for _, test := range []struct {
		attributes attributes
		want       []string
	}{
		{attributes{"Color": enumspb.INDEXED_VALUE_TYPE_KEYWORD}, []string{"by_keyword_01"}},
		{
			attributes{"Size": enumspb.INDEXED_VALUE_TYPE_INT, "Shape": enumspb.INDEXED_VALUE_TYPE_KEYWORD, "Words": enumspb.INDEXED_VALUE_TYPE_TEXT},
			[]string{"by_int_01", "by_keyword_01", "by_keyword_02"},
		},
	} {
		opts.SearchAttributes = test.attributes
		devservertest.Start(t, opts).Stop()
		require.Equal(t, test.want, indices(t, opts.DBFilename))
	}
}

// indices of custom search attributes.
func indices(t *testing.T, file string) (names []string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	rows, err := db.QueryContext(t.Context(), `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND name GLOB 'by_*_[0-9][0-9]' AND name NOT LIKE 'by_temporal_%' ORDER BY name`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var name, statement string
		require.NoError(t, rows.Scan(&name, &statement))
		require.Regexp(t, `\(namespace_id, \w+, +\(COALESCE\(close_time, '9999-12-31 23:59:59\+00:00'\)\) DESC, start_time DESC, run_id\)$`, statement)
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	return names
}
