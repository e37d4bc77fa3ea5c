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
	f := parse()
	r, err := readResults(f.results)
	if err != nil {
		return err
	}
	if err := f.measure(ctx, r); err != nil {
		return err
	}
	if err := r.write(f.results); err != nil || f.page == "" {
		return err
	}
	return r.publish(f.page)
}

// flags are what is measured, and where it goes.
type flags struct {
	starts, databases, profiles string
	each                        int

	hold, watched string
	waiting       int
	timed         bool
	window        time.Duration

	results, page string
}

func parse() (f flags) {
	flag.StringVar(&f.starts, "starts", "1,20,100,400", "measure starts by so many `callers` at once; empty: do not")
	flag.IntVar(&f.each, "each", 2000, "how many operations are started for each number of callers")
	flag.StringVar(&f.databases, "databases", "PostgreSQL,SQLite,SQLite in memory", "`databases` to measure starts on")
	flag.StringVar(&f.profiles, "profiles", "", "`directory` for CPU profiles, made while operations are started; empty: none")
	flag.StringVar(&f.hold, "hold", string(machine.SQLite), "`database` to hold operations on; empty: do not")
	flag.IntVar(&f.waiting, "waiting", 20_000, "how many operations wait")
	flag.BoolVar(&f.timed, "timed", true, "before that, measure polls after durable timers")
	flag.StringVar(&f.watched, "watched", "1500,2500,3500,4500,5500", "how many are watched beside them, one `number` after the other, until polls are late")
	flag.DurationVar(&f.window, "window", time.Minute, "how long each number of watched operations is measured")
	flag.StringVar(&f.results, "results", "inflight/results.json", "`file` of what was measured; what is not measured now is kept")
	flag.StringVar(&f.page, "page", "", "`page` to write it into; empty: none")
	flag.Parse()
	return f
}

// measure adds to the results what the flags ask for.
func (f flags) measure(ctx context.Context, r *Results) (err error) {
	if f.starts == "" && f.hold == "" {
		return nil
	}
	programs, err := machine.Build(ctx, "..")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, programs.Close()) }()
	if f.starts != "" {
		size := startsSize{n: f.each, profiles: f.profiles}
		if size.atOnce, err = counts(f.starts); err != nil {
			return err
		}
		for kind := range strings.SplitSeq(f.databases, ",") {
			if err := r.measureStarts(ctx, programs, machine.Kind(kind), size); err != nil {
				return err
			}
		}
	}
	if f.hold == "" {
		return nil
	}
	size := holdSize{timed: f.timed, waiting: f.waiting, each: f.window, sample: 200, atOnce: 100}
	if size.watched, err = counts(f.watched); err != nil {
		return err
	}
	return r.measureHold(ctx, programs, machine.Kind(f.hold), size)
}

func counts(list string) ([]int, error) {
	var out []int
	for text := range strings.SplitSeq(list, ",") {
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
