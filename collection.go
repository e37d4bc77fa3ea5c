package perdure

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// DefaultIdleTimeout is how long a collection stays open while nobody asks for a page.
const DefaultIdleTimeout = time.Hour

// MaxAhead is how many pages a reader may have fetched ahead of the one it asks for.
const MaxAhead = 100

// maxIndex is the highest that can be asked for.
const maxIndex = math.MaxInt32

// CollectionInput is the input of perdure.collection.v1 and perdure.page.v1: exactly
// one of Request and Token is set.
type CollectionInput struct {
	// Request is the request for the first page. It may be sent again after a failure,
	// whatever its method.
	Request *Request `json:"request,omitempty"`
	// Token goes on from the page that a continuation token names.
	Token   string `json:"token,omitempty"`
	Service string `json:"service,omitempty"`
	// Type is the caller's name for its method, at most 256 bytes: bound into the
	// tokens and demanded again.
	Type string `json:"type,omitempty"`
	// Audience says for whom the pages are (a tenant, a user), at most 256 bytes: bound
	// into the tokens and demanded again.
	Audience string          `json:"audience,omitempty"`
	Protocol *ProtocolChoice `json:"protocol,omitempty"`
	// MaxPages ends a collection after so many pages; 0: no bound.
	MaxPages int `json:"maxPages,omitempty"`
	// IdleTimeoutSeconds is after how long a collection closes itself when nobody asks
	// for a page; its tokens still work. Of a single page it bounds the retries.
	// Default 3600.
	IdleTimeoutSeconds float64 `json:"idleTimeoutSeconds,omitempty"`
}

// Page is one page of a collection: the answer of the query "page", and the result of
// perdure.page.v1.
type Page struct {
	// Values is a JSON array, each value as the service wrote it.
	Values json.RawMessage `json:"values"`
	// PageToken gives this page again, NextPageToken the one after, each in any
	// process. NextPageToken is empty on the last page. Both are empty where the
	// state makes a token above MaxTokenBytes.
	PageToken     string `json:"pageToken,omitempty"`
	NextPageToken string `json:"nextPageToken,omitempty"`
	Last          bool   `json:"last"`
	// Index counts from 0, within the collection that was asked.
	Index    int       `json:"index"`
	Response *Response `json:"response,omitempty"`
}

// CollectionStatus is what is known of a collection: the answer of the query "status"
// and of the update "wait", and details[0] of every failure.
type CollectionStatus struct {
	// State is starting (no page has come), running, succeeded, failed or canceled.
	State State `json:"state"`
	// Done is true once nothing more will be fetched.
	Done     bool   `json:"done"`
	Service  string `json:"service,omitempty"`
	Protocol string `json:"protocol,omitempty"`
	Type     string `json:"type,omitempty"`
	// Pages and Items count what was fetched.
	Pages int `json:"pages"`
	Items int `json:"items"`
	// PageToken is of the page that was fetched last, NextPageToken of the one after.
	PageToken     string `json:"pageToken,omitempty"`
	NextPageToken string `json:"nextPageToken,omitempty"`
	// Segments say which run holds the pages from which index on, the newest last. The
	// answer of "wait" has only the one that holds the page, and those after it.
	Segments  []Segment `json:"segments,omitempty"`
	StartedAt time.Time `json:"startedAt,omitzero"`
	EndedAt   time.Time `json:"endedAt,omitzero"`
	// LastError is the last question that failed while none has succeeded since.
	LastError *TimedError `json:"lastError,omitempty"`
	// Stale is set by readers who found no worker running: this is what was recorded
	// last.
	Stale bool `json:"stale,omitempty"`
	// ErrorType and Error say how it ended, when badly, or how the page after the last
	// one failed.
	ErrorType string        `json:"errorType,omitempty"`
	Error     *ServiceError `json:"error,omitempty"`
}

// Segment is the part of a collection that one run of its workflow holds.
type Segment struct {
	RunID      string `json:"runId"`
	FirstIndex int    `json:"firstIndex"`
}

// CollectionResult is the result of perdure.collection.v1.
type CollectionResult struct {
	State State `json:"state"`
	Pages int   `json:"pages"`
	Items int   `json:"items"`
	// NextPageToken is empty unless the collection stopped early.
	NextPageToken string `json:"nextPageToken,omitempty"`
}

// PageRequest is the argument of the query "page".
type PageRequest struct {
	Index int `json:"index"`
}

// PagesRequest is the argument of the query "pages".
type PagesRequest struct {
	// Index is of the first page.
	Index int `json:"index"`
	// Max bounds the pages; 0: as many as fit into an answer of about 1 MB.
	Max int `json:"max,omitempty"`
}

// Pages is the answer of the query "pages": at least one page, and as many as the run
// has, as were asked for and as fit.
type Pages struct {
	Pages []Page `json:"pages"`
}

// WaitRequest is the argument of the update "wait".
type WaitRequest struct {
	Index int `json:"index"`
	// Ahead is how many pages after this one are fetched without being asked for, at
	// most MaxAhead. The answer does not wait for them. Default 1.
	Ahead int `json:"ahead,omitempty"`
	// WaitSeconds bounds the wait; nil: until the page is there or never will be.
	WaitSeconds *float64 `json:"waitSeconds,omitempty"`
}

// Check reports the first field that is wrong, as an *InputError. What only the
// worker knows (services, protocols, what a service allows) is checked there.
func (in *CollectionInput) Check() error {
	if err := exactlyOne(map[string]bool{"request": in.Request != nil, "token": in.Token != ""}, "request", "token"); err != nil {
		return err
	}
	if in.Request != nil {
		if err := in.Request.check("request", in.ServiceName()); err != nil {
			return err
		}
	}
	if err := checkCaller(in.Service, in.Request, in.Type, in.Audience); err != nil {
		return err
	}
	if in.Token != "" && in.Protocol != nil {
		return &InputError{Field: "protocol", Message: "is set beside token, which has its own"}
	}
	if in.MaxPages < 0 {
		return &InputError{Field: "maxPages", Message: "is negative, want 0 for no bound, or more"}
	}
	return checkSeconds("idleTimeoutSeconds", in.IdleTimeoutSeconds)
}

// ServiceName is the service that the caller named, if any.
func (in *CollectionInput) ServiceName() string {
	if in.Request != nil && in.Request.Service != "" {
		return in.Request.Service
	}
	return in.Service
}

// Check reports the first field that is wrong, as an *InputError.
func (r PageRequest) Check() error { return checkIndex(r.Index) }

// Check reports the first field that is wrong, as an *InputError.
func (r PagesRequest) Check() error {
	if r.Max < 0 {
		return &InputError{Field: "max", Message: "is negative, want 0 for as many as fit, or more"}
	}
	return checkIndex(r.Index)
}

// Check reports the first field that is wrong, as an *InputError.
func (r WaitRequest) Check() error {
	if err := checkIndex(r.Index); err != nil {
		return err
	}
	if r.Ahead < 0 || r.Ahead > MaxAhead {
		return &InputError{Field: "ahead", Message: fmt.Sprintf("is %d, want 1 to %d, or 0 for the default, which is 1", r.Ahead, MaxAhead)}
	}
	if r.WaitSeconds != nil {
		return checkSeconds("waitSeconds", *r.WaitSeconds)
	}
	return nil
}

func checkIndex(index int) error {
	switch {
	case index < 0:
		return &InputError{Field: "index", Message: "is negative, want 0 for the first page, or more"}
	case index > maxIndex:
		return &InputError{Field: "index", Message: fmt.Sprintf("is %d, want at most %d", index, maxIndex)}
	}
	return nil
}
