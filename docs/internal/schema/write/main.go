// Command write writes the schemas. It runs in docs/internal/schema:
//
//	go run ./write
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/perdure-dev/perdure/docs/internal/schema"
)

func main() {
	if err := write(filepath.Join(schema.Root, schema.Folder)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(folder string) error {
	files, err := schema.Files()
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil { //nolint:gosec // documentation
			return err
		}
	}
	return nil
}
