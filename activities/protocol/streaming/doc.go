// Package streaming is what streamers have in common: the options that all of them
// take, and how a stream is taken up again after a break.
//
// May import: the root package, packages protocol and jmes, golang.org/x/text and the
// standard library.
package streaming
