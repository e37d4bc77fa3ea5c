package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/perdure-dev/perdure/bench/internal/page"
)

// Files below the documentation.
const (
	resultsFile = "performance/polling.json"
	pageFile    = "performance.md"
	pictures    = "performance"
)

// publish prints what was measured, and writes it into the documentation: tables between
// marks of the page, where it has them, and pictures. Its error is a promise that is not
// held.
func publish(docs string, r *Results) error {
	tables := r.tables()
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		fmt.Printf("\n%s\n\n%s", name, tables[name])
	}
	if err := page.Write(filepath.Join(docs, pageFile), "polling", tables); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := r.draw(filepath.Join(docs, pictures)); err != nil {
		return err
	}
	fmt.Println()
	var broken []error
	for _, p := range r.promises() {
		fmt.Println(p)
		if !p.held() {
			broken = append(broken, fmt.Errorf("not held: %s (%s)", p.what, p.where))
		}
	}
	return errors.Join(broken...)
}
