package jobservice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
)

// ledger holds the books, in memory and in a file if there is one. It is safe
// for concurrent use.
type ledger struct {
	max  int
	file *os.File // nil: none

	mu      sync.Mutex
	entries Books // by number, without gaps
	last    int   // number of the last entry
	changed chan struct{}
}

func openLedger(file string, limit int) (*ledger, error) {
	l := &ledger{max: limit, changed: make(chan struct{})}
	if file == "" {
		return l, nil
	}
	var err error
	if l.file, l.entries, err = openBooksFile(file); err != nil {
		return nil, err
	}
	if len(l.entries) > 0 {
		l.last = l.entries[len(l.entries)-1].Number
	}
	if l.last-len(l.entries) != 0 {
		return nil, errors.Join(errors.New("jobservice: books: entries are missing in "+file), l.close())
	}
	l.forget()
	return l, nil
}

// add gives the entry its number, which has been written when add returns.
func (l *ledger) add(entry Entry) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry.Number = l.last + 1
	if err := l.write(entry); err != nil {
		return 0, err
	}
	l.last++
	l.entries = append(l.entries, entry)
	l.forget()
	l.tell()
	return entry.Number, nil
}

// update changes the entry, if it is not forgotten.
func (l *ledger) update(number int, change func(*Entry)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := len(l.entries) - 1 - (l.last - number)
	if i < 0 {
		return nil
	}
	entry := l.entries[i]
	change(&entry)
	if err := l.write(entry); err != nil {
		return err
	}
	l.entries[i] = entry
	l.tell()
	return nil
}

func (l *ledger) write(entry Entry) error {
	if l.file == nil {
		return nil
	}
	line, err := json.Marshal(entry)
	if err != nil {
		return fmt.Errorf("jobservice: books: %w", err)
	}
	if _, err := l.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("jobservice: books: %w", err)
	}
	return nil
}

func (l *ledger) forget() {
	if surplus := len(l.entries) - l.max; surplus > 0 {
		clear(l.entries[:surplus]) // what is forgotten is not held by the array
		l.entries = l.entries[surplus:]
	}
}

func (l *ledger) tell() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// read gives a copy, and what is closed with the next change.
func (l *ledger) read() (Books, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries), l.changed
}

func (l *ledger) waitFor(ctx context.Context, condition func(Books) bool) error {
	for {
		books, changed := l.read()
		if condition(books) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *ledger) close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}
