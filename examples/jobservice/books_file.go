package jobservice

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ReadBooks reads what a service has written to its [Options.BooksFile], also
// while it writes, and after it was killed. An entry has a line when the request
// was read, one when the answer is decided and one when it was written; the last
// line of a number is the entry, and a last line without its end is left out.
func ReadBooks(r io.Reader) (Books, error) {
	var books Books
	index := map[int]int{}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return books.inOrder(), nil
		}
		if err != nil {
			return nil, fmt.Errorf("jobservice: books: %w", err)
		}
		var entry Entry
		if err := json.Unmarshal(line, &entry); err != nil {
			return nil, fmt.Errorf("jobservice: books: %w", err)
		}
		if i, known := index[entry.Number]; known {
			books[i] = entry
			continue
		}
		index[entry.Number] = len(books)
		books = append(books, entry)
	}
}

// openBooksFile gives the file, ready to be added to, and what is in it.
func openBooksFile(name string) (*os.File, Books, error) {
	written, err := os.ReadFile(name) //nolint:gosec // the path is the operator's choice
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("jobservice: %w", err)
	}
	books, err := ReadBooks(bytes.NewReader(written))
	if err != nil {
		return nil, nil, err
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600) //nolint:gosec // likewise
	if err != nil {
		return nil, nil, fmt.Errorf("jobservice: %w", err)
	}
	whole := int64(bytes.LastIndexByte(written, '\n') + 1)
	if whole < int64(len(written)) { // the end of a line is missing: it was killed there
		if err := file.Truncate(whole); err != nil {
			return nil, nil, errors.Join(fmt.Errorf("jobservice: %w", err), file.Close())
		}
	}
	return file, books, nil
}
