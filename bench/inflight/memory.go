package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/perdure-dev/perdure/bench/internal/machine"
)

// Memory is what is in use, in bytes.
type Memory struct {
	// WorkerLive is what the worker still uses right after a collection: heap and stacks.
	WorkerLive int `json:"workerLive"`
	WorkerRSS  int `json:"workerRSS"`
	ServerRSS  int `json:"serverRSS"` // without a database of its own
	// Stored is what the database has on disk.
	Stored int `json:"stored"`
}

func (p *place) memory(ctx context.Context) (m Memory, err error) {
	if m.WorkerLive, err = p.workerLive(ctx); err != nil {
		return m, err
	}
	if m.WorkerRSS, err = p.worker.RSS(); err != nil {
		return m, err
	}
	if m.ServerRSS, _, err = p.server.RSS(); err != nil {
		return m, err
	}
	m.Stored, err = p.stored(ctx)
	return m, err
}

// workerLive has the worker collect its garbage, and reads what is left.
func (p *place) workerLive(ctx context.Context) (int, error) {
	stats := map[string]int{}
	err := readProfile(ctx, p.listen, "heap?debug=1&gc=1", func(profile io.Reader) error {
		lines := bufio.NewScanner(profile)
		for lines.Scan() {
			name, value, ok := strings.Cut(strings.TrimPrefix(lines.Text(), "# "), " = ")
			if !ok {
				continue
			}
			value, _, _ = strings.Cut(value, " ") // of two, what is in use
			if n, err := strconv.Atoi(value); err == nil {
				stats[name] = n
			}
		}
		return lines.Err()
	})
	if err == nil && (stats["HeapAlloc"] == 0 || stats["Stack"] == 0) {
		err = fmt.Errorf("the worker's profile has no HeapAlloc and Stack: %v", stats)
	}
	return stats["HeapAlloc"] + stats["Stack"], err
}

func (p *place) stored(ctx context.Context) (int, error) {
	if p.kind == machine.PostgreSQL {
		return storedInPostgreSQL(ctx, p.server.DatabaseURL())
	}
	if p.file == "" {
		return 0, nil
	}
	sum := 0
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(p.file + suffix)
		if err != nil {
			return 0, err
		}
		sum += int(info.Size())
	}
	return sum, nil
}

func storedInPostgreSQL(ctx context.Context, url string) (int, error) {
	db, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close(context.WithoutCancel(ctx)) }()
	var sum int
	err = db.QueryRow(ctx, "SELECT sum(pg_database_size(datname))::bigint FROM pg_database WHERE NOT datistemplate").Scan(&sum)
	return sum, err
}
