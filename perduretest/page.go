package perduretest

import (
	"encoding/json"

	"github.com/perdure-dev/perdure"
)

// Page is one page of a scripted collection. It is a value: every method gives a changed
// copy.
type Page struct {
	values   json.RawMessage
	count    int
	response *perdure.Response
	failed   *pageFailure
	gate     gate
}

type pageFailure struct {
	errorType string
	err       *perdure.ServiceError
}

// NewPage is a page of these values, which are written as JSON. Its tokens, its index and
// whether it is the last are its place's.
func NewPage[T any](values ...T) Page {
	if values == nil {
		values = []T{}
	}
	return Page{values: marshal("NewPage", values), count: len(values)}
}

// PageError is a page that cannot be had, for a reason that is one of package perdure's
// Error constants, such as perdure.ErrorPageRejected. Whoever asks for it gets a
// *perdure.CollectionError; whoever asks again gets the page that follows in the script, or
// the same error where none does.
func PageError(errorType string, e perdure.ServiceError) Page {
	return Page{failed: &pageFailure{errorType, &e}}
}

// Response is what the service answered with. Default: status 200, and the values.
// Request and ReceivedAt are filled in where they are zero.
func (p Page) Response(r perdure.Response) Page {
	p.response = &r
	return p
}

// Hold keeps the page from coming until release is closed.
func (p Page) Hold(release <-chan struct{}) Page {
	p.gate.hold = release
	return p
}

// pages are those of a collection by their index. The frontend's lock guards them.
type pages struct {
	pages []Page
	// failed are the errors that come before the page of an index, one by one.
	failed map[int][]Page
}

func newPages(script []Page) *pages {
	p := &pages{failed: map[int][]Page{}}
	for _, page := range script {
		if page.failed != nil {
			p.failed[len(p.pages)] = append(p.failed[len(p.pages)], page)
			continue
		}
		p.pages = append(p.pages, page)
	}
	if len(script) == 0 {
		p.pages = []Page{NewPage[any]()}
	}
	return p
}

// at is the page of an index, or the error that is to come in its stead.
func (p *pages) at(index int) Page {
	if failed := p.failed[index]; len(failed) > 0 {
		return failed[0]
	}
	return p.pages[index]
}

// told takes an error off that was given, unless nothing comes after it.
func (p *pages) told(index int) {
	if failed := p.failed[index]; len(failed) > 1 || index < len(p.pages) {
		p.failed[index] = failed[1:]
	}
}

// isLast: there is nothing after the page of this index.
func (p *pages) isLast(index int) bool {
	return index == len(p.pages)-1 && len(p.failed[index+1]) == 0
}
