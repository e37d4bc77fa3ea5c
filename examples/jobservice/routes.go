package jobservice

import (
	"net/http"
	"strings"
	"time"
)

// route is what the service does for a method and a path; {id} in the path is
// one segment.
type route struct {
	method, path string
	kind         Kind
	action       Action
	answer       func(call) answer
}

// call is a request on its route.
type call struct {
	request *http.Request
	route   route
	id      string
	at      time.Time
	body    []byte
	page    *pageRequest // nil: it asks for no page of the items
}

// origin is where the request went, as scheme://host.
func (c call) origin() string {
	if c.request.TLS != nil {
		return "https://" + c.request.Host
	}
	return "http://" + c.request.Host
}

// style is how the service speaks about operations of one kind.
type style struct {
	kind     Kind
	idPrefix string
	parse    func(body []byte) (subject, plan, error)
	view     func(*operation, time.Time) (body any, state string)
	started  func(call, *operation) answer
	polled   func(call, *operation) answer
}

func (s *Service) styles() map[Kind]style {
	vectorStores := style{kind: VectorStore, idPrefix: "vs", parse: s.parseVectorStore, view: vectorStoreView}
	vectorStores.started, vectorStores.polled = s.shown(vectorStores), s.shown(vectorStores)
	batches := style{kind: Batch, idPrefix: "batch", parse: s.parseBatch, view: batchView}
	batches.started, batches.polled = s.shown(batches), s.shown(batches)
	jobs := style{kind: Job, idPrefix: "job", parse: s.parseJob, view: jobView, started: s.jobStarted, polled: s.jobPolled}
	return map[Kind]style{VectorStore: vectorStores, Batch: batches, Job: jobs}
}

func (s *Service) table() []route {
	styles := s.styles()
	vectorStores, batches, jobs := styles[VectorStore], styles[Batch], styles[Job]
	return append(s.itemRoutes(), []route{
		{"POST", "/v1/vector_stores", VectorStore, Start, s.start(vectorStores)},
		{"GET", "/v1/vector_stores", VectorStore, List, s.list(vectorStores)},
		{"GET", "/v1/vector_stores/{id}", VectorStore, Poll, s.poll(vectorStores)},

		{"POST", "/v1/batches", Batch, Start, s.start(batches)},
		{"GET", "/v1/batches", Batch, List, s.list(batches)},
		{"GET", "/v1/batches/{id}", Batch, Poll, s.poll(batches)},
		{"POST", "/v1/batches/{id}/cancel", Batch, Cancel, s.on(Batch, s.batchCanceled)},

		{"POST", "/jobs", Job, Start, s.start(jobs)},
		{"GET", "/jobs", Job, List, s.list(jobs)},
		{"GET", "/jobs/{id}", Job, Poll, s.poll(jobs)},
		{"DELETE", "/jobs/{id}", Job, Cancel, s.on(Job, s.jobCanceled)},
		{"GET", "/jobs/{id}/result", Job, Result, s.on(Job, s.jobResulted)},
	}...)
}

// route finds the request's route; one that is not there answers with an error.
func (s *Service) route(r *http.Request) call {
	var allowed []string
	for _, candidate := range s.routes {
		id, ok := match(candidate.path, r.URL.Path)
		if !ok {
			continue
		}
		if candidate.method == r.Method {
			return call{request: r, route: candidate, id: id}
		}
		allowed = append(allowed, candidate.method)
	}
	return call{request: r, route: route{answer: func(call) answer { return noRoute(r, allowed) }}}
}

func noRoute(r *http.Request, allowed []string) answer {
	if len(allowed) == 0 {
		return refuse(http.StatusNotFound, "unknown_url", "", "Unknown request URL: "+r.Method+" "+r.URL.Path)
	}
	a := refuse(http.StatusMethodNotAllowed, "method_not_supported", "", "Not allowed: "+r.Method+" "+r.URL.Path)
	a.header.Set("Allow", strings.Join(allowed, ", "))
	return a
}

func match(pattern, path string) (id string, ok bool) {
	before, after, hasID := strings.Cut(pattern, "{id}")
	if !hasID {
		return "", pattern == path
	}
	id, found := strings.CutPrefix(path, before)
	id, ended := strings.CutSuffix(id, after)
	return id, found && ended && id != "" && !strings.Contains(id, "/")
}
