package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/perdure-dev/perdure/bench/internal/machine"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "inflight:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	starts := flag.String("starts", "1,20,100,400", "measure starts by so many `callers` at once; empty: do not")
	each := flag.Int("each", 3000, "how many operations are started for each number of callers")
	kinds := flag.String("databases", "PostgreSQL,SQLite,SQLite in memory", "`databases` to measure starts on")
	held := flag.String("hold", string(machine.PostgreSQL), "`database` to hold operations on; empty: do not")
	wait := flag.Int("waiting", 20_000, "how many operations wait")
	watched := flag.String("watched", "1500,2000,2500,3000,4000", "how many are watched beside them, one after the other, until polls are late")
	window := flag.Duration("window", time.Minute, "how long each number of watched operations is measured")
	results := flag.String("results", "inflight/results.json", "`file` of what was measured; what is not measured now is kept")
	page := flag.String("page", "", "`page` to write it into; empty: none")
	profiles := flag.String("profiles", "", "`directory` for CPU profiles of server and worker while operations are started; empty: none")
	flag.Parse()

	r, err := readResults(*results)
	if err != nil {
		return err
	}
	programs, err := machine.Build(ctx, "..")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, programs.Close()) }()
	if *starts != "" {
		size := startsSize{n: *each, profiles: *profiles}
		if size.atOnce, err = counts(*starts); err != nil {
			return err
		}
		for _, kind := range strings.Split(*kinds, ",") {
			if err := r.measureStarts(ctx, programs, machine.Kind(kind), size); err != nil {
				return err
			}
		}
	}
	if *held != "" {
		size := holdSize{waiting: *wait, each: *window, sample: 200, atOnce: 100}
		if size.watched, err = counts(*watched); err != nil {
			return err
		}
		if err := r.measureHold(ctx, programs, machine.Kind(*held), size); err != nil {
			return err
		}
	}
	if err := r.write(*results); err != nil || *page == "" {
		return err
	}
	return r.publish(*page)
}

func counts(list string) ([]int, error) {
	var out []int
	for _, text := range strings.Split(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no count", text)
		}
		out = append(out, n)
	}
	return out, nil
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s "+format+"\n", append([]any{time.Now().UTC().Format(time.TimeOnly)}, args...)...)
}
