package devserver

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.temporal.io/server/common/searchattribute/sadefs"
)

// dropIdleIndices drops the indices of search attributes that no namespace has: the schema
// keeps one for each that there could be, and each takes a write, of nothing, with every
// workflow that starts, changes or ends. Who gets such a search attribute later finds by it
// all the same, and not as fast.
func (db *database) dropIdleIndices(ctx context.Context, used map[string]bool) error {
	for _, column := range slices.Sorted(maps.Keys(sadefs.GetDBIndexSearchAttributes(nil).CustomSearchAttributes)) {
		if used[column] {
			continue
		}
		if _, err := db.keeper.ExecContext(ctx, "DROP INDEX IF EXISTS "+indexOf(column)); err != nil {
			return fmt.Errorf("devserver: index of %s: %w", column, err)
		}
	}
	return nil
}

var columnNumber = regexp.MustCompile(`\d+$`)

// indexOf is how the schema calls the index of a column: by_keyword_01 of Keyword01.
func indexOf(column string) string {
	return "by_" + strings.ToLower(columnNumber.ReplaceAllString(column, "_$0"))
}
