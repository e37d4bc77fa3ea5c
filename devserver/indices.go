package devserver

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/searchattribute/sadefs"
)

// fitIndices keeps an index of each search attribute that some namespace has, and drops
// the others. The schema has one for each that there could be, and every workflow that
// starts, changes or ends writes to all. A namespace that gets such a search attribute
// while the server runs can be searched by it all the same, and as fast as by the others
// from the next start on.
func (db *database) fitIndices(ctx context.Context, used map[string]bool) error {
	columns := sadefs.GetDBIndexSearchAttributes(nil).CustomSearchAttributes
	for _, column := range slices.Sorted(maps.Keys(columns)) {
		if !indexed(columns[column]) {
			continue
		}
		statement := fmt.Sprintf(dropIndex, indexOf(column))
		if used[column] {
			statement = fmt.Sprintf(createIndex, indexOf(column), column)
		}
		if _, err := db.keeper.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("devserver: index of %s: %w", column, err)
		}
	}
	return nil
}

const dropIndex = `DROP INDEX IF EXISTS %s`

// createIndex is as in the schema, for a name and a column.
const createIndex = `CREATE INDEX IF NOT EXISTS %s ON executions_visibility ` +
	`(namespace_id, %s, (COALESCE(close_time, '9999-12-31 23:59:59+00:00')) DESC, start_time DESC, run_id)`

// indexed: words in texts and lists are found in another way.
func indexed(t enumspb.IndexedValueType) bool {
	return t != enumspb.INDEXED_VALUE_TYPE_TEXT && t != enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST
}

var columnNumber = regexp.MustCompile(`\d+$`)

// indexOf is how the schema calls the index of a column: by_keyword_01 of Keyword01.
func indexOf(column string) string {
	return "by_" + strings.ToLower(columnNumber.ReplaceAllString(column, "_$0"))
}
