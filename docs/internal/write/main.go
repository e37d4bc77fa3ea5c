// Command write writes what is made from the code into the pages of docs. It runs in
// the root of the project:
//
//	go run ./docs/internal/write
package main

import (
	"fmt"
	"os"

	"github.com/perdure-dev/perdure/docs/internal/rules"
)

func main() {
	if err := write("."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(root string) error {
	tree, err := os.OpenRoot(root)
	if err != nil {
		return err
	}
	pages, err := rules.Pages(tree.FS())
	if err != nil {
		return err
	}
	for name, text := range pages {
		if err := tree.WriteFile(name, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
