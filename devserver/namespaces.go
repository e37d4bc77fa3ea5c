package devserver

import (
	"context"
	"fmt"
	"maps"
	"slices"

	enumspb "go.temporal.io/api/enums/v1"
	persistencespb "go.temporal.io/server/api/persistence/v1"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/persistence"
	"go.temporal.io/server/common/persistence/serialization"
	temporalsql "go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/resolver"
	"go.temporal.io/server/common/searchattribute/sadefs"
	"go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

// ensureNamespaces creates the namespaces that are missing and gives each the
// search attributes that it lacks. It writes to the database before the server
// runs: each of the four services caches namespaces, and a search attribute
// added through the operator service reaches them one after the other. It gives the
// columns that their search attributes are in.
func ensureNamespaces(ctx context.Context, db *config.SQL, opts Options) (columns map[string]bool, err error) {
	var missing []*sqlite.NamespaceConfig
	for _, name := range opts.Namespaces {
		namespace, err := sqlite.NewNamespaceConfig(clusterName, name, false, nil)
		if err != nil {
			return nil, fmt.Errorf("devserver: namespace %s: %w", name, err)
		}
		namespace.Detail.Config.Retention = durationpb.New(opts.Retention)
		missing = append(missing, namespace)
	}
	if err := sqlite.CreateNamespaces(db, missing...); err != nil {
		return nil, fmt.Errorf("devserver: %w", err)
	}

	conn, err := temporalsql.NewSQLDB(sqlplugin.DbKindMain, db, resolver.NewNoopResolver(), log.NewNoopLogger(), metrics.NoopMetricsHandler)
	if err != nil {
		return nil, fmt.Errorf("devserver: %w", err)
	}
	defer func() { _ = conn.Close() }()
	columns = map[string]bool{}
	for _, name := range opts.Namespaces {
		aliases, err := ensureSearchAttributes(ctx, conn, name, opts.SearchAttributes)
		if err != nil {
			return nil, fmt.Errorf("devserver: namespace %s: %w", name, err)
		}
		for column := range aliases {
			columns[column] = true
		}
	}
	return columns, nil
}

// ensureSearchAttributes gives the names of the search attributes by their columns.
func ensureSearchAttributes(ctx context.Context, db sqlplugin.DB, namespace string, wanted map[string]enumspb.IndexedValueType) (map[string]string, error) {
	rows, err := db.SelectFromNamespace(ctx, sqlplugin.NamespaceFilter{Name: &namespace})
	if err != nil {
		return nil, err
	}
	row := rows[0]
	serializer := serialization.NewSerializer()
	detail, err := serializer.NamespaceDetailFromBlob(persistence.NewDataBlob(row.Data, row.DataEncoding))
	if err != nil {
		return nil, err
	}
	changed, err := addSearchAttributes(detail.Config, wanted)
	aliases := detail.Config.CustomSearchAttributeAliases
	if err != nil || !changed {
		return aliases, err
	}
	blob, err := serializer.NamespaceDetailToBlob(detail)
	if err != nil {
		return nil, err
	}
	row.Data, row.DataEncoding = blob.Data, blob.EncodingType.String()
	_, err = db.UpdateNamespace(ctx, &row)
	return aliases, err
}

// addSearchAttributes gives each wanted attribute that the namespace lacks one of
// the columns that the schema has for its type.
func addSearchAttributes(namespace *persistencespb.NamespaceConfig, wanted map[string]enumspb.IndexedValueType) (changed bool, err error) {
	columns := sadefs.GetDBIndexSearchAttributes(nil).CustomSearchAttributes
	if namespace.CustomSearchAttributeAliases == nil {
		namespace.CustomSearchAttributeAliases = map[string]string{}
	}
	aliases := namespace.CustomSearchAttributeAliases
	columnOf := make(map[string]string, len(aliases))
	for column, name := range aliases {
		columnOf[name] = column
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		valueType := wanted[name]
		if column, ok := columnOf[name]; ok {
			if columns[column] != valueType {
				return false, fmt.Errorf("search attribute %s is there as %v, not %v", name, columns[column], valueType)
			}
			continue
		}
		column, ok := freeColumn(columns, aliases, valueType)
		if !ok {
			return false, fmt.Errorf("search attribute %s: no room for one more of type %v", name, valueType)
		}
		aliases[column] = name
		changed = true
	}
	return changed, nil
}

func freeColumn(columns map[string]enumspb.IndexedValueType, taken map[string]string, valueType enumspb.IndexedValueType) (string, bool) {
	for _, column := range slices.Sorted(maps.Keys(columns)) {
		if _, used := taken[column]; !used && columns[column] == valueType {
			return column, true
		}
	}
	return "", false
}
