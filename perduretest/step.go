package perduretest

import (
	"fmt"
	"net/http"
	"strings"
)

// Step is one line of a script: which request is expected, and what is answered
// to it. It is a value: every method gives a changed copy, so that a step may
// be kept, varied and used in several scripts.
//
// The Want methods say more about the request, all others are about the answer,
// which is by default an empty 200.
type Step struct {
	method string
	path   string
	query  string
	wants  []func(Request) error

	times  int // anyTimes: none to as many as come
	answer answer
}

const anyTimes = -1

// On is a step for the method and the path, as the path stands on the wire
// (escaped). With a query in it, as in "/jobs?after=7", that very query is
// demanded, byte for byte; without one every query is taken.
func On(method, path string) Step {
	path, query, _ := strings.Cut(path, "?")
	return Step{method: method, path: path, query: query, times: 1, answer: answer{status: http.StatusOK}}
}

// GET is [On] for that method.
func GET(path string) Step { return On(http.MethodGet, path) }

// POST is [On] for that method.
func POST(path string) Step { return On(http.MethodPost, path) }

// PUT is [On] for that method.
func PUT(path string) Step { return On(http.MethodPut, path) }

// PATCH is [On] for that method.
func PATCH(path string) Step { return On(http.MethodPatch, path) }

// DELETE is [On] for that method.
func DELETE(path string) Step { return On(http.MethodDelete, path) }

// Times lets the step stand for n requests in a row; n is at least 1.
func (s Step) Times(n int) Step {
	if n < 1 {
		panic(fmt.Sprintf("perduretest: %s: Times(%d): at least 1", s.line(), n))
	}
	s.times = n
	return s
}

// AnyTimes lets the step stand for any number of requests, none included, until
// one comes that the step after it is for. It is for polls nobody counts.
func (s Step) AnyTimes() Step {
	s.times = anyTimes
	return s
}

func (s Step) takes(r Request) bool {
	return s.method == r.Method && s.path == r.URL.EscapedPath() && (s.query == "" || s.query == r.URL.RawQuery)
}

func (s Step) line() string {
	if s.query == "" {
		return s.method + " " + s.path
	}
	return s.method + " " + s.path + "?" + s.query
}
