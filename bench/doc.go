// Package bench measures, side by side in one run, the ways in which Perdure could do
// its work, and what it costs beside doing without. `make bench` compares
// ways of polling (command polling), `make bench-go` runs the benchmarks of this package,
// `make bench-inflight` command inflight; the figures in the documentation name the one
// that gives them.
//
// The large forms of what the tests do small take minutes each, and run on demand. A
// million events, fifty readers of one stream, ten thousand calls of a stream, and ten
// thousand pages:
//
//	go test -run '^$' -bench StreamEvents -benchtime 1000000x -timeout 1h .
//	go test -run '^$' -bench StreamReaders -benchtime 1x -timeout 1h .
//	go test -run '^$' -bench 'StreamCalls/(a_query|an_update)$' -benchtime 10000x -timeout 1h .
//	go test -run '^$' -bench CollectionSize -benchtime 1x -timeout 1h .
//
// A reader that asks a collection ten thousand times, and ten thousand pages in a store,
// from ../devserver:
//
//	PERDURE_ASKS=10000 go test -count=1 -v -run TestAReaderAsksMoreOftenThanARunTakes -timeout 1h ./e2e
//	PERDURE_STORED_PAGES=10000 go test -count=1 -v -run TestPagesInTheStore -timeout 1h ./e2e
//
// May import: everything.
package bench
