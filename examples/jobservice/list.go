package jobservice

import (
	"errors"
	"net/http"
	"strconv"
)

// list is the paged list of one convention.
type list struct {
	options ItemOptions
	path    string
	methods []string
	// size is the query parameter that says how many items a page has.
	size   string
	naming naming
	// token is what the request says about where to go on; empty: nothing.
	token func(*http.Request) (string, error)
	// shown answers with a page; next is empty for the last one.
	shown func(c call, page itemPage, next string) answer
	// refused answers with an error, in the convention's own words.
	refused func(status int, code, message string) answer
}

// pageRequest is the page that a request asks a list for.
type pageRequest struct {
	place

	size  int
	token string
	err   error // there is no such page
}

// booked is the page's index; nil: the request asks for none that is there.
func (p *pageRequest) booked() *int {
	if p == nil || p.err != nil {
		return nil
	}
	return new(p.index)
}

func lists(options ItemOptions) []list {
	return []list{openaiList(options), nextLinkList(options), googleList(options), linkedList(options), cursorList(options)}
}

// itemRoutes serve the lists.
func (s *Service) itemRoutes() []route {
	var routes []route
	for _, l := range s.lists {
		for _, method := range l.methods {
			routes = append(routes, route{method, l.path, Item, List, s.items(l)})
		}
	}
	return routes
}

// pageRequest reads which page the call asks for; nil: it asks no list. It
// leaves the body to be read.
func (s *Service) pageRequest(c call) *pageRequest {
	if c.route.kind != Item {
		return nil
	}
	for _, l := range s.lists {
		if l.path == c.route.path {
			return l.request(c.request)
		}
	}
	return nil
}

func (l list) request(r *http.Request) *pageRequest {
	asked := &pageRequest{}
	if asked.size, asked.err = pageSize(r.URL.Query().Get(l.size), l.options.PerPage); asked.err != nil {
		asked.err = errors.New(l.size + ": " + asked.err.Error())
		return asked
	}
	if asked.token, asked.err = l.token(r); asked.err != nil || asked.token == "" {
		return asked
	}
	asked.place, asked.err = l.naming.place(paging{l.options, asked.size}, asked.token)
	return asked
}

func pageSize(text string, byDefault int) (int, error) {
	const most = 1000
	if text == "" {
		return byDefault, nil
	}
	size, err := strconv.Atoi(text)
	if err != nil || size < 1 || size > max(most, byDefault) {
		return 0, errors.New("1 to " + strconv.Itoa(max(most, byDefault)))
	}
	return size, nil
}

// items answers with the page that is asked for.
func (s *Service) items(l list) func(call) answer {
	return func(c call) answer {
		switch asked := c.page; {
		case asked.err != nil:
			return l.refused(http.StatusBadRequest, "invalid_value", asked.err.Error())
		case asked.token != "" && !s.issued.takes(l.path, asked.token):
			return l.refused(l.options.ExpiredStatus, "page_token_expired", "the page token has expired; begin again")
		}
		of := paging{l.options, c.page.size}
		page, next := of.page(c.page.place), ""
		if !page.last {
			next = l.naming.next(of, &page)
		}
		if next != "" {
			s.issued.add(l.path, next)
		}
		a := l.shown(c, page, next)
		a.done = next == ""
		return a
	}
}

// queryToken reads the token from a query parameter.
func queryToken(name string) func(*http.Request) (string, error) {
	return func(r *http.Request) (string, error) { return r.URL.Query().Get(name), nil }
}

// linkTo is the request's URL with the token in it.
func (c call) linkTo(token, name string, relative bool) string {
	query := c.request.URL.Query()
	query.Set(name, token)
	link := c.request.URL.Path + "?" + query.Encode()
	if relative {
		return link
	}
	return c.origin() + link
}
