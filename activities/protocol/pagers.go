package protocol

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/perdure-dev/perdure"
)

// Pagers holds the conventions of lists that a worker speaks. It is not changed after
// it was made, and safe for concurrent use.
type Pagers struct {
	ordered []Pager
	byName  names[Pager]
}

// NewPagers holds pagers. Their order is the order in which "auto" tries them on a
// first page.
func NewPagers(pagers ...Pager) (*Pagers, error) {
	known, err := byName(pagers)
	if err != nil {
		return nil, err
	}
	return &Pagers{ordered: slices.Clone(pagers), byName: known}, nil
}

// Names lists what can be asked for, sorted.
func (p *Pagers) Names() []string { return p.byName.sorted() }

// Bind finds a pager by name and binds it to its options. Auto binds to no options:
// name the pager to give some.
func (p *Pagers) Bind(name string, options json.RawMessage) (Paging, error) {
	if name == perdure.AutoProtocol {
		if err := NoOptions(options); err != nil {
			return nil, belowOptions(err)
		}
		return autoPaging{}, nil
	}
	pager, err := p.byName.find(name, perdure.AutoProtocol)
	if err != nil {
		return nil, err
	}
	paging, err := pager.Bind(options)
	if err != nil {
		return nil, belowOptions(err)
	}
	return paging, nil
}

// candidate is a convention that a first page seems to follow.
type candidate struct {
	name   string
	paging Paging
	finds  finding
	count  int // of the values that it finds
}

// finding is what a convention makes of a first page. The lowest of several counts: no
// convention may take a page for the last in which another finds one to come.
type finding int

const (
	goesOn     finding = iota // there is another page
	unreadable                // it breaks the convention, which may have lost the way on
	isLast                    // this is all
)

// Detect picks, for "auto", the convention that a first page follows. False: nobody
// recognises it, or those who do take it for the last page while something in it says
// otherwise.
func (p *Pagers) Detect(first Exchange) (string, Paging, bool) {
	var found []candidate
	for _, pager := range p.ordered {
		paging, err := pager.Bind(nil)
		if err == nil && paging.Recognizes(first) {
			c := candidate{name: pager.Name(), paging: paging}
			c.finds, c.count = find(paging, first)
			found = append(found, c)
		}
	}
	if len(found) == 0 {
		return "", nil, false
	}
	best := slices.MinFunc(found, func(a, b candidate) int { return cmp.Compare(a.finds, b.finds) })
	if best.finds == isLast && saysMore(first, best.count) {
		return "", nil, false
	}
	return best.name, best.paging, true
}

func find(paging Paging, first Exchange) (f finding, count int) {
	page, err := paging.Read(first)
	switch {
	case err != nil:
		return unreadable, 0
	case page.Next != nil:
		return goesOn, page.Count
	}
	return isLast, page.Count
}

// autoPaging stands for a convention that the first page has yet to show.
type autoPaging struct{}

// Recognizes is asked of the pagers that auto stands for, not of auto.
func (autoPaging) Recognizes(Exchange) bool { return false }

// Ask sends the first request as it is; there is no other.
func (autoPaging) Ask(first Ask, next json.RawMessage) (Ask, error) {
	if len(next) > 0 {
		return Ask{}, undecidedPage()
	}
	first.Header = first.Header.Clone()
	return first, nil
}

// Read reads a page that nobody recognises.
func (autoPaging) Read(Exchange) (Page, error) { return Page{}, undecidedPage() }

func undecidedPage() error {
	return &perdure.ProtocolError{Protocol: perdure.AutoProtocol, Message: "nothing in the first page says for certain how the list goes on, or that it ends; name a protocol"}
}
