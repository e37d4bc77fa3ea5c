#!/bin/sh
# The two databases of a Temporal server on PostgreSQL, and their schemas, which are
# inside temporal-sql-tool. Where to is in SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD.
# Done again, it brings them up to date.
set -eu

for database in temporal temporal_visibility; do
  kind=${database#temporal_}
  temporal-sql-tool --db "$database" create-database
  # Version 0.0 is where updates begin; an existing schema keeps its version.
  temporal-sql-tool --db "$database" setup-schema --version 0.0
  temporal-sql-tool --db "$database" update-schema --schema-name "postgresql/v12/$kind"
done
