package protocoltest_test

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

// Shelves is a pager of one's own: a page is a shelf, whose last line says which one
// is below it.
type Shelves struct{}

func (Shelves) Name() string { return "shelves" }

func (Shelves) Bind(raw json.RawMessage) (protocol.Paging, error) {
	o := shelfOptions{Parameter: "shelf"}
	if err := protocol.Options(raw, &o); err != nil {
		return nil, err
	}
	if o.Parameter == "" {
		return nil, &perdure.InputError{Field: "parameter", Message: "is empty"}
	}
	return shelves{o}, nil
}

type shelfOptions struct {
	Parameter string `json:"parameter"` // of the query, with the shelf
}

type shelves struct{ shelfOptions }

func (shelves) Recognizes(first protocol.Exchange) bool {
	body, _ := first.Object()
	_, ok := body["shelf"]
	return ok
}

func (s shelves) Ask(first protocol.Ask, next json.RawMessage) (protocol.Ask, error) {
	first.Header = first.Header.Clone()
	if len(next) == 0 {
		return first, nil
	}
	var below string
	if json.Unmarshal(next, &below) != nil || below == "" || len(below) > 100 {
		return protocol.Ask{}, offTheShelf("the state is not this protocol's")
	}
	first.Header = nil
	first.URL = protocol.WithParameter(first.URL, s.Parameter, below)
	return first, nil
}

func (shelves) Read(answer protocol.Exchange) (protocol.Page, error) {
	body, _ := answer.Object()
	var books []json.RawMessage
	if json.Unmarshal(body["shelf"], &books) != nil || body["shelf"] == nil {
		return protocol.Page{}, offTheShelf("the page is no shelf")
	}
	page := protocol.Page{Values: body["shelf"], Count: len(books)}
	if books == nil {
		page.Values = json.RawMessage("[]")
	}
	if below := protocol.String(body["below"]); below != "" {
		page.Next, _ = json.Marshal(url.QueryEscape(below))
	}
	return page, nil
}

func offTheShelf(message string) error {
	return &perdure.ProtocolError{Protocol: "shelves", Message: message}
}

// shelfScenarios are all that the test of a pager has to say.
var shelfScenarios = []protocoltest.PageScenario{
	{
		Name: "two shelves", Recognized: true,
		Pages: []protocoltest.PageTurn{
			{Asks: "GET https://library.example.com/books?by=title", Body: `{"shelf":[{"title":"Emma"} , {"title":"Persuasion"}],"below":"b"}`, Values: `[{"title":"Emma"} , {"title":"Persuasion"}]`},
			{Asks: "GET https://library.example.com/books?by=title&shelf=b", Body: `{"shelf":[{"title":"Ulysses"}]}`, Values: `[{"title":"Ulysses"}]`},
		},
	},
	{
		Name: "an empty shelf, by another parameter", Options: `{"parameter":"s"}`, First: protocol.Ask{URL: "/books"},
		Pages: []protocoltest.PageTurn{
			{Asks: "GET /books", Body: `{"shelf":[],"below":"b"}`},
			{Asks: "GET /books?s=b", Body: `{"shelf":null}`},
		},
	},
	{
		Name:  "a cupboard",
		Pages: []protocoltest.PageTurn{{Asks: "GET https://library.example.com/books", Body: `{"cups":[]}`, Violation: true}},
	},
	{Name: "an empty parameter", Options: `{"parameter":""}`, Refused: "parameter"},
}

func TestShelves(t *testing.T) { protocoltest.RunPager(t, Shelves{}, shelfScenarios...) }

func FuzzShelves(f *testing.F) { protocoltest.FuzzPager(f, Shelves{}, shelfScenarios...) }
