package perdure

import "encoding/json"

// The shapes that the workflows of pages and their activity exchange. They are in
// histories, so they only grow; they are not for users.

// PageTask is the input of perdure.fetchPage.v1: one of Input and Sealed is set.
type PageTask struct {
	// Input is the collection's: the page is its first.
	Input *CollectionInput `json:"input,omitempty"`
	// Sealed is the sealed state of the page, which is its continuation token.
	Sealed string `json:"sealed,omitempty"`
}

// PageAnswer is one page, or why there is none.
type PageAnswer struct {
	Service  string `json:"service,omitempty"`
	Protocol string `json:"protocol,omitempty"`
	// Values is a JSON array of Count values.
	Values json.RawMessage `json:"values,omitempty"`
	Count  int             `json:"count,omitempty"`
	// Sealed is the sealed state of this page, where the task had none, or an old one.
	Sealed string `json:"sealed,omitempty"`
	// Next is the sealed state of the page after; empty: this is the last.
	Next string `json:"next,omitempty"`
	// Print and NextPrint tell the requests for this page and the next from others.
	Print     string `json:"print,omitempty"`
	NextPrint string `json:"nextPrint,omitempty"`
	// Response has no body where Around has it.
	Response *Response `json:"response,omitempty"`
	// Around is the JSON body of the response before and after Values, which are in it
	// once and not twice.
	Around *Around `json:"around,omitempty"`

	ErrorType string        `json:"errorType,omitempty"`
	Error     *ServiceError `json:"error,omitempty"`
	// SearchAttributes are those that the namespace has.
	SearchAttributes []string `json:"searchAttributes,omitempty"`
}

// Around is what stands around the values in the body of a page.
type Around struct {
	Before string `json:"before"`
	After  string `json:"after"`
}

// Body puts the values back where they were.
func (a Around) Body(values json.RawMessage) *Body {
	return JSONBody(json.RawMessage(a.Before + string(values) + a.After))
}
