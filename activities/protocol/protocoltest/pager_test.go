package protocoltest_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

// spoiledPager is the example's pager with a fault.
type spoiledPager struct {
	Shelves
	bind func(json.RawMessage) (protocol.Paging, error)
	ask  func(p protocol.Paging, first protocol.Ask, next json.RawMessage) (protocol.Ask, error)
	read func(p protocol.Paging, e protocol.Exchange) (protocol.Page, error)
}

func (s spoiledPager) Bind(raw json.RawMessage) (protocol.Paging, error) {
	if s.bind != nil {
		return s.bind(raw)
	}
	p, err := s.Shelves.Bind(raw)
	if err != nil {
		return nil, err
	}
	return spoiledPaging{p, s}, nil
}

type spoiledPaging struct {
	protocol.Paging
	fault spoiledPager
}

func (p spoiledPaging) Ask(first protocol.Ask, next json.RawMessage) (protocol.Ask, error) {
	if p.fault.ask != nil {
		return p.fault.ask(p.Paging, first, next)
	}
	return p.Paging.Ask(first, next)
}

func (p spoiledPaging) Read(e protocol.Exchange) (protocol.Page, error) {
	if p.fault.read != nil {
		return p.fault.read(p.Paging, e)
	}
	return p.Paging.Read(e)
}

// changePage is a Read that changes the right page.
func changePage(f func(*protocol.Page, protocol.Exchange)) func(protocol.Paging, protocol.Exchange) (protocol.Page, error) {
	return func(p protocol.Paging, e protocol.Exchange) (protocol.Page, error) {
		page, err := p.Read(e)
		if err == nil {
			f(&page, e)
		}
		return page, err
	}
}

func TestTheSuiteFindsNothingWrongWithTheExamplePager(t *testing.T) {
	require.Empty(t, protocoltest.PagerProblems(Shelves{}, shelfScenarios...))
}

//rule:pages 1
func TestTheSuiteFindsFaultsOfPagers(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	tests := []struct {
		name  string
		fault spoiledPager
		want  string // is in one of the problems
	}{
		{"values that were read and written", spoiledPager{read: func(p protocol.Paging, e protocol.Exchange) (protocol.Page, error) {
			page, err := p.Read(e)
			var values []any
			if err == nil && json.Unmarshal(page.Values, &values) == nil {
				page.Values, err = json.Marshal(values)
			}
			return page, err
		}}, "two shelves: "},
		{"numbers through float64", spoiledPager{read: func(p protocol.Paging, e protocol.Exchange) (protocol.Page, error) {
			page, err := p.Read(e)
			page.Values = json.RawMessage(strings.ReplaceAll(string(page.Values), "1.10", "1.1"))
			return page, err
		}}, "values as they are spelled"},
		{"an order of one's own", spoiledPager{read: changePage(func(page *protocol.Page, _ protocol.Exchange) {
			var values []json.RawMessage
			if json.Unmarshal(page.Values, &values) == nil && len(values) > 5 {
				values[0], values[1] = values[1], values[0]
				page.Values, _ = json.Marshal(values)
			}
		})}, "values as they are spelled"},
		{"a wrong number", spoiledPager{read: changePage(func(page *protocol.Page, _ protocol.Exchange) { page.Count++ })}, "the number of values"},
		{"a page more", spoiledPager{read: changePage(func(page *protocol.Page, _ protocol.Exchange) { page.Next = json.RawMessage(`"c"`) })}, "this is the last page"},
		{"an empty page is the end", spoiledPager{read: changePage(func(page *protocol.Page, _ protocol.Exchange) {
			if page.Count == 0 {
				page.Next = nil
			}
		})}, "this is the last page"},
		{"a state that is no JSON", spoiledPager{read: changePage(func(page *protocol.Page, _ protocol.Exchange) {
			if page.Next != nil {
				page.Next = []byte("b")
			}
		})}, "is JSON"},
		{"a state that only its own process reads", spoiledPager{
			read: changePage(func(page *protocol.Page, _ protocol.Exchange) {
				if page.Next != nil {
					page.Next = json.RawMessage(`{"z":1, "below":"b"}`)
				}
			}),
			ask: func(p protocol.Paging, first protocol.Ask, next json.RawMessage) (protocol.Ask, error) {
				if next != nil && string(next) != `{"z":1, "below":"b"}` {
					return protocol.Ask{}, offTheShelf("lost")
				}
				return p.Ask(first, nil)
			},
		}, "the request"},
		{"a query that is lost", spoiledPager{ask: func(p protocol.Paging, first protocol.Ask, next json.RawMessage) (protocol.Ask, error) {
			if next != nil {
				first.URL, _, _ = strings.Cut(first.URL, "?")
			}
			return p.Ask(first, next)
		}}, "the request"},
		{"a first request that is written into", spoiledPager{ask: func(p protocol.Paging, first protocol.Ask, next json.RawMessage) (protocol.Ask, error) {
			if len(first.Body) > 0 {
				first.Body[0] = ' '
			}
			return p.Ask(first, next)
		}}, "changes what it is given"},
		{"a header that is the first request's own", spoiledPager{ask: func(p protocol.Paging, first protocol.Ask, next json.RawMessage) (protocol.Ask, error) {
			ask, err := p.Ask(first, next)
			ask.Header = first.Header
			return ask, err
		}}, "changes what it is given"},
		{"a method that remembers", spoiledPager{read: changePage(func(page *protocol.Page, _ protocol.Exchange) {
			page.Next, _ = json.Marshal(calls.Add(1))
		})}, "gives something else for the same input"},
		{"a panic on a hostile body", spoiledPager{read: func(p protocol.Paging, e protocol.Exchange) (protocol.Page, error) {
			_ = e.Body[0]
			return p.Read(e)
		}}, "Read panics"},
		{"an error of no known kind", spoiledPager{read: func(p protocol.Paging, e protocol.Exchange) (protocol.Page, error) {
			page, err := p.Read(e)
			if err != nil {
				err = errors.New("no")
			}
			return page, err
		}}, "an error is a *perdure.ProtocolError"},
		{"a page beside an error", spoiledPager{read: func(p protocol.Paging, e protocol.Exchange) (protocol.Page, error) {
			page, err := p.Read(e)
			if err != nil {
				page.Count = 1
			}
			return page, err
		}}, "the page beside the error"},
		{"an object for an empty page", spoiledPager{read: func(p protocol.Paging, e protocol.Exchange) (protocol.Page, error) {
			page, err := p.Read(e)
			if body, ok := e.Object(); err != nil && ok && body["shelf"] != nil {
				return protocol.Page{Values: []byte("[]")}, nil
			}
			return page, err
		}}, "an object in place of the values"},
		{"a request that names no host", spoiledPager{ask: func(protocol.Paging, protocol.Ask, json.RawMessage) (protocol.Ask, error) {
			return protocol.Ask{Method: "GET", URL: "ftp:x"}, nil
		}}, "the URL's scheme"},
		{"options that are not looked at", spoiledPager{bind: func(json.RawMessage) (protocol.Paging, error) { return Shelves{}.Bind(nil) }}, `the options {"noSuchOption": 1}`},
		{"an option in another case", spoiledPager{bind: func(raw json.RawMessage) (protocol.Paging, error) {
			return Shelves{}.Bind(json.RawMessage(strings.ReplaceAll(string(raw), `"Parameter"`, `"parameter"`)))
		}}, `the options {"Parameter":"s"}`},
	}
	scenarios := append([]protocoltest.PageScenario{{
		Name: "with a header and a body", First: protocol.Ask{Method: "POST", URL: "/books", Header: map[string][]string{"X-Tenant": {"a"}}, Body: []byte(`{"by":"title"}`)},
		Pages: []protocoltest.PageTurn{{Asks: "POST /books", Body: `{"shelf":[]}`}},
	}}, shelfScenarios...)
	scenarios[0].Recognized = true
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, strings.Join(protocoltest.PagerProblems(tt.fault, scenarios...), "\n"), tt.want)
		})
	}
}
