// Command polling measures, in one run on one machine, Perdure's way of polling beside
// others, and writes what it found into docs/performance.md: `make bench`.
//
// The Temporal server, its database, the workers and the service that is polled are
// processes of their own. It ends with status 1 when something that the documentation
// promises is not held.
//
// May import: everything.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	var err error
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		err = play(ctx, os.Args[1], os.Args[2:])
	} else {
		err = bench(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "polling:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context) error {
	root := flag.String("root", "..", "of the repository")
	quick := flag.Bool("quick", false, "measure little, and write nothing into the documentation")
	docs := flag.String("docs", "", "where to write; default: the repository's docs")
	chosen := flag.String("parts", strings.Join(allParts, ","), "what to measure; the rest is as in the last run")
	repeats := flag.Int("repeats", 0, "how often the ways take turns; default: 3, and 1 with -quick")
	flag.Parse()
	sizes := full
	if *quick {
		sizes = short
	}
	sizes.repeats = cmp.Or(*repeats, sizes.repeats)
	if err := where(docs, *root, *quick); err != nil {
		return err
	}
	path := filepath.Join(*docs, resultsFile)
	results, err := readResults(path)
	if err == nil && *chosen != "" {
		results, err = measure(ctx, *root, strings.Split(*chosen, ","), sizes, path)
	}
	if err != nil {
		return err
	}
	return publish(*docs, results)
}

// where says where to write, unless that was given: what is measured quickly is not for
// the documentation.
func where(docs *string, root string, quick bool) (err error) {
	switch {
	case *docs != "":
	case quick:
		*docs, err = os.MkdirTemp("", "perdure-bench-docs-")
		fmt.Println("written to", *docs)
	default:
		*docs = filepath.Join(root, "docs")
	}
	return err
}
