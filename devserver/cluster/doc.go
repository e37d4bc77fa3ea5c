// Package cluster runs Temporal as docker-compose.yml deploys it, without containers: the
// same server binary on a PostgreSQL of its own, with the same commands, environment and
// settings, each on a free port of the loopback interface.
//
// It needs PostgreSQL's binaries (initdb, pg_ctl) on the PATH or below
// /usr/lib/postgresql; temporal-server and temporal-sql-tool are this module's tools.
//
// May import: the standard library, goccy/go-yaml, and Temporal's API and SDK.
package cluster
