package perduretest

import (
	"fmt"
	"strings"

	"github.com/perdure-dev/perdure"
)

// Route is a request of which a script says what becomes of it.
type Route struct {
	frontend    *frontend
	method, url string
	adopt       *perdure.Adoption
}

// On is the route of the requests with the method and the URL: as the caller gives it,
// with or without the service's base. A segment {name} stands for any one, {name...} at
// the end for one or more. With a query in it, as in "/jobs?after=7", that very query is
// demanded; without one every query is taken.
//
// Where a route is scripted more than once, the first start plays the first script, the
// second the second, and every one after them the last.
func (c *Client) On(method, url string) *Route {
	return &Route{frontend: c.frontend, method: method, url: url}
}

// OnAdopt is the route of the operations that are taken over, by this adoption.
func (c *Client) OnAdopt(a perdure.Adoption) *Route {
	return &Route{frontend: c.frontend, adopt: &a}
}

// Operation scripts an operation that goes through the states. It is in the first one
// when its start is answered, and comes to the next whenever the service is asked: by
// UpdateStatus, by RequestPoll, and by Wait, which goes on to the end. Status asks nobody. A
// state that has a Hold or an After comes by itself.
//
// An operation that is left in a running state runs until its context ends or it is
// canceled.
func (r *Route) Operation(states ...OperationState) *Operation {
	o := &Operation{states: states, onCancel: []OperationState{Canceled()}}
	if len(states) == 0 {
		o.states = []OperationState{Pending("running")}
	}
	r.frontend.add(&scripted{route: r, kind: perdure.WorkflowOperation, operation: o})
	return o
}

// Pages scripts a collection of these pages, which may be read as a collection and one by
// one, by their tokens.
func (r *Route) Pages(pages ...Page) {
	r.frontend.add(&scripted{route: r, kind: perdure.WorkflowCollection, pages: newPages(pages)})
}

// Stream scripts a stream of these events. It ends well after the last one, unless that
// is a [BrokenStream].
func (r *Route) Stream(events ...Event) {
	r.frontend.add(&scripted{route: r, kind: perdure.WorkflowStream, events: events})
}

// String names the request, and the adoption where it is one.
func (r *Route) String() string {
	if r.adopt != nil {
		return fmt.Sprintf("adoption %+v", *r.adopt)
	}
	return r.method + " " + r.url
}

func (r *Route) takes(request *perdure.Request, adopt *perdure.Adoption) bool {
	if r.adopt != nil || adopt != nil {
		return r.adopt != nil && adopt != nil && *r.adopt == *adopt
	}
	return request != nil && r.method == request.Method && takesURL(r.url, request.URL)
}

func takesURL(pattern, raw string) bool {
	path, query, demanded := strings.Cut(pattern, "?")
	gotPath, gotQuery, _ := strings.Cut(raw, "?")
	return (!demanded || query == gotQuery) && takesSegments(strings.Split(path, "/"), strings.Split(gotPath, "/"))
}

func takesSegments(want, got []string) bool {
	for i, segment := range want {
		placeholder := strings.HasPrefix(segment, "{") && strings.HasSuffix(segment, "}")
		switch {
		case i >= len(got), placeholder && got[i] == "":
			return false
		case placeholder && strings.HasSuffix(segment, "...}"):
			return true
		case !placeholder && segment != got[i]:
			return false
		}
	}
	return len(want) == len(got)
}

// scripted is what a route's request leads to.
type scripted struct {
	route *Route
	kind  string // of the workflow; of a single page, that of a collection
	used  bool

	operation *Operation
	pages     *pages
	events    []Event
}

// add takes a script up. Its place is what tokens name it by.
func (f *frontend) add(s *scripted) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.scripts = append(f.scripts, s)
}

// script is the place of the script for a start.
func (f *frontend) script(kind string, request *perdure.Request, adopt *perdure.Adoption) (int, error) {
	last := -1
	for i, s := range f.scripts {
		if s.kind != kind || !s.route.takes(request, adopt) {
			continue
		}
		if last = i; !s.used {
			break
		}
	}
	if last < 0 {
		return last, f.unscripted(kind, request, adopt)
	}
	f.scripts[last].used = true
	return last, nil
}

func (f *frontend) unscripted(kind string, request *perdure.Request, adopt *perdure.Adoption) error {
	asked := &Route{adopt: adopt}
	if request != nil {
		asked.method, asked.url = request.Method, request.URL
	}
	known := make([]string, 0, len(f.scripts))
	for _, s := range f.scripts {
		known = append(known, scriptNames[s.kind]+" "+s.route.String())
	}
	if len(known) == 0 {
		known = []string{"nothing"}
	}
	return fmt.Errorf("perduretest: no %s is scripted for %s; scripted: %s", scriptNames[kind], asked, strings.Join(known, ", "))
}

// scriptNames are the methods of Route.
var scriptNames = map[string]string{
	perdure.WorkflowOperation:  "Operation",
	perdure.WorkflowCollection: "Pages",
	perdure.WorkflowStream:     "Stream",
}
