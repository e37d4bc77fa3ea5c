// Package bench measures, side by side in one run, the ways in which Perdure could do
// its work, and what it costs beside doing without. `make bench` runs everything; the
// figures in the documentation name the benchmark that gives them.
//
// May import: everything.
package bench
