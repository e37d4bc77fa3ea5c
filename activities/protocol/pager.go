package protocol

import "encoding/json"

// Pager is a convention by which services split a collection into pages.
type Pager interface {
	// Name is what inputs call it.
	Name() string
	// Bind checks the options and returns the pager as they shape it. An unknown or
	// malformed option is a *perdure.InputError whose field is the option's name.
	Bind(options json.RawMessage) (Paging, error)
}

// Paging is a pager with its options. Its methods are pure and safe for concurrent
// use. Answers come from outside; no answer may make a method panic.
type Paging interface {
	// Recognizes reports whether a first page's 2xx answer follows this convention.
	Recognizes(first Exchange) bool
	// Ask is the request for a page, made from the collection's first request, which
	// it leaves as it is. Next is where the page before said that this one is; empty:
	// the first page. A first request that cannot be made so is a *perdure.InputError.
	Ask(first Ask, next json.RawMessage) (Ask, error)
	// Read reads the 2xx answer to a page's request. An error is a
	// *perdure.ProtocolError: the service broke its contract.
	Read(answer Exchange) (Page, error)
}

// Page is what an answer holds.
type Page struct {
	// Values is a JSON array of Count values, each as the service spelled it.
	Values json.RawMessage
	Count  int
	// Next says where the next page is, as JSON that only the pager reads; nil: this
	// is the last.
	Next json.RawMessage
}
