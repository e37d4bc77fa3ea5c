// Package bench measures, side by side in one run, the ways in which Perdure could do
// its work, and what it costs beside doing without. `make bench` compares
// ways of polling (command polling), `make bench-go` runs the benchmarks of this package,
// `make bench-inflight` command inflight; the figures in the documentation name the one
// that gives them.
//
// May import: everything.
package bench
