// Package paging is an example of a program that reads a paged collection through
// Perdure, and of how it is tested without Temporal, a worker or the service.
//
// The program is [Print] and [Find]. All that it knows of paging is [Assistants], an
// interface of its own, with the pages of package starter in it. [Service] is that
// interface over starter; [Mock] is it in memory, with tokens that are really sealed: copy
// it into your own tests.
//
// This package may import the root package, tokens and starter.
package paging
