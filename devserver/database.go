package devserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/schema/sqlite"
)

// connLifetime is after how long the server's connection to the database is
// opened anew, and after how long a stopped server's is closed: the server's
// SQLite plug-in keeps its connection pools for ever.
const connLifetime = 10 * time.Second

// database is the SQLite database of one server.
type database struct {
	config config.SQL

	// keeper is a connection of our own that is open from Start to Stop. It
	// keeps a database in memory alive while the server's connection is
	// reopened, and spares a file the full checkpoint that closing the last
	// connection makes.
	keeper *sql.DB
	// lock keeps a second server off the file; nil in memory.
	lock *sql.DB
}

// openDatabase opens the file, or a database in memory for "", with the server's
// schema in it.
func openDatabase(ctx context.Context, filename string) (*database, error) {
	if filename == "" {
		return openInMemory(ctx)
	}
	return openFile(ctx, filename)
}

func openInMemory(ctx context.Context) (*database, error) {
	db := &database{config: sqlConfig("perdure-devserver-" + unique())}
	db.config.ConnectAttributes["mode"] = "memory"
	db.config.ConnectAttributes["cache"] = "shared"
	// The plug-in sets up the schema of a database in memory by itself.
	if err := db.openKeeper(ctx, "mode=memory&cache=shared"); err != nil {
		return nil, err
	}
	return db, nil
}

func openFile(ctx context.Context, filename string) (*database, error) {
	path, err := filepath.Abs(filename)
	if err != nil {
		return nil, fmt.Errorf("devserver: database: %w", err)
	}
	db := &database{config: sqlConfig(uriPath(path))}
	attributes := db.config.ConnectAttributes
	attributes["mode"] = "rwc"
	attributes["journal_mode"] = "wal"
	attributes["busy_timeout"] = "10000"
	// SQLite ignores a pragma that it does not know. This one gives each start a
	// connection pool of its own: the last start's may hold a file that has been
	// deleted since.
	attributes["perdure_start"] = unique()

	if db.lock, err = lockFile(ctx, uriPath(path)); err != nil {
		return nil, fmt.Errorf("devserver: database %s: %w", path, err)
	}
	if err := db.openKeeper(ctx, "mode=rwc&_pragma=journal_mode=wal&_pragma=busy_timeout=10000"); err != nil {
		db.close()
		return nil, fmt.Errorf("devserver: database %s: %w", path, err)
	}
	if err := db.ensureSchema(ctx); err != nil {
		db.close()
		return nil, fmt.Errorf("devserver: database %s: %w", path, err)
	}
	return db, nil
}

func unique() string { return strconv.FormatInt(rand.Int64(), 10) } //nolint:gosec // a name, no secret

func sqlConfig(name string) config.SQL {
	return config.SQL{
		PluginName:        sqliteplugin.PluginName,
		DatabaseName:      name,
		ConnectAttributes: map[string]string{},
		MaxConnLifetime:   connLifetime,
	}
}

// uriPath writes a path as it stands in a SQLite URI.
func uriPath(path string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(path))
}

var errInUse = errors.New("in use by another server")

// lockFile holds an exclusive transaction on an empty database beside the file.
// The operating system lets go of it when the process dies, however it dies.
func lockFile(ctx context.Context, uri string) (*sql.DB, error) {
	lock, err := openOne("file:" + uri + ".lock?mode=rwc")
	if err != nil {
		return nil, err
	}
	if _, err := lock.ExecContext(ctx, "BEGIN EXCLUSIVE"); err != nil {
		_ = lock.Close()
		if strings.Contains(err.Error(), "SQLITE_BUSY") {
			return nil, errInUse
		}
		return nil, err
	}
	return lock, nil
}

func (db *database) openKeeper(ctx context.Context, parameters string) error {
	keeper, err := openOne("file:" + db.config.DatabaseName + "?" + parameters)
	if err != nil {
		return err
	}
	db.keeper = keeper
	// SQLite opens a file with the first thing it reads from it.
	var tables int
	return keeper.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&tables)
}

// openOne opens a database with exactly one connection, which stays.
func openOne(dsn string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	return db, nil
}

// ensureSchema sets up an empty file, as one transaction: a server that was
// killed at it leaves an empty file, not a broken one.
func (db *database) ensureSchema(ctx context.Context) error {
	tx, err := db.keeper.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()

	var tables, temporals int
	const query = `SELECT count(*), count(CASE name WHEN 'executions' THEN 1 END) FROM sqlite_master WHERE type = 'table'`
	if err := tx.QueryRowContext(ctx, query).Scan(&tables, &temporals); err != nil {
		return err
	}
	switch {
	case temporals > 0:
		return nil
	case tables > 0:
		return errors.New("holds something else than a Temporal server's data")
	}
	if err := sqlite.SetupSchemaOnDB(schemaTarget{ctx: ctx, tx: tx}); err != nil {
		return err
	}
	return tx.Commit()
}

// schemaTarget is as much of an AdminDB as setting up a schema needs.
type schemaTarget struct {
	sqlplugin.AdminDB
	ctx context.Context
	tx  *sql.Tx
}

// Exec runs a statement within the transaction.
func (t schemaTarget) Exec(statement string, args ...any) error {
	_, err := t.tx.ExecContext(t.ctx, statement, args...)
	return err
}

// close leaves the file complete in itself, where the log can be written back.
func (db *database) close() {
	if db.keeper != nil {
		_, _ = db.keeper.Exec("PRAGMA wal_checkpoint(TRUNCATE)") //nolint:noctx // to its end, whoever has given up
		_ = db.keeper.Close()
	}
	if db.lock != nil {
		_ = db.lock.Close()
	}
}
