// Package paging is what all pagers have in common: the options that each of them
// takes, where a body has its values, and how the request for another page is made
// from the first.
//
// May import: the root package, packages protocol and jmes, and the standard library.
package paging
