package jobservice

import (
	"net/http"
	"time"
)

// Kind is the kind of what a request is about.
type Kind string

// The kinds: of operations, and of what the paged lists hold.
const (
	VectorStore Kind = "vector_store"
	Batch       Kind = "batch"
	Job         Kind = "job"
	Item        Kind = "item"
)

// Action is what a request asks for.
type Action string

// The actions.
const (
	Start  Action = "start"
	Poll   Action = "poll"
	Result Action = "result" // what a job's 303 leads to
	Cancel Action = "cancel"
	List   Action = "list"
)

// Entry is one request in the books.
type Entry struct {
	// Number counts from 1, in the order of arrival.
	Number int `json:"number"`
	// At is when the request had been read.
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Query  string    `json:"query,omitempty"`
	// Headers are without credentials and cookies.
	Headers http.Header `json:"headers,omitempty"`
	// Body is empty when a fault broke the connection before it was read.
	Body string `json:"body,omitempty"`

	// Kind and Action are empty for a request that the service does not know.
	Kind   Kind   `json:"kind,omitempty"`
	Action Action `json:"action,omitempty"`
	// Operation is the id of the operation that the request started, or asked
	// for and found.
	Operation string `json:"operation,omitempty"`
	// Repeated says that a start was known by its idempotency key: nothing new
	// was started.
	Repeated bool `json:"repeated,omitempty"`
	// Page is the index, from 0, of the page of items that the request asked for;
	// nil: it asked for none, or for one that is not there.
	Page *int `json:"page,omitempty"`

	// Status is what the service decided to answer, 0 while it has not.
	Status int `json:"status,omitempty"`
	// State is the operation's state in that answer, in the service's own word,
	// and Done says that it is a last one, or that the page is.
	State string `json:"state,omitempty"`
	Done  bool   `json:"done,omitempty"`
	// Written says that the whole answer was handed to the connection, at
	// WrittenAt; whether it arrived, only the client knows.
	Written   bool      `json:"written,omitempty"`
	WrittenAt time.Time `json:"writtenAt,omitzero"`
	// Fault is the id of the fault that the request met.
	Fault string `json:"fault,omitempty"`
}
