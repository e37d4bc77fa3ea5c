package perduretest

import (
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// book is the script of a collection as one workflow reads it.
type book struct {
	frontend *frontend
	header   tokens.Header
	script   int
	pages    *pages
	first    int // the place of the page with the index 0
	request  perdure.RequestLine
}

// openBook finds the script, or opens the token. One that is refused is a book of which no
// page can be had.
func (f *frontend) openBook(in perdure.CollectionInput) (book, error) {
	b := book{frontend: f, header: tokens.Header{
		Kind: tokens.KindPage, Namespace: "default",
		Service: in.ServiceName(), Protocol: protocolName(in.Protocol), Type: in.Type, Audience: in.Audience,
	}}
	if in.Token != "" {
		b.takeUp(in)
	} else {
		var err error
		if b.script, err = f.place(perdure.WorkflowCollection, in.Request, nil); err != nil {
			return b, err
		}
		b.pages = f.scripts[b.script].pages
		b.request = perdure.RequestLine{Method: in.Request.Method, URL: in.Request.URL}
	}
	f.inputs = append(f.inputs, in)
	return b, nil
}

func (b *book) takeUp(in perdure.CollectionInput) {
	header, at, err := b.frontend.unseal(in.Token, tokens.Expect{Kind: tokens.KindPage, Type: in.Type, Audience: in.Audience, Service: in.Service})
	if err != nil {
		b.pages = newPages([]Page{PageError(perdure.ErrorInvalidToken, *invalidToken(err))})
		return
	}
	b.header, b.script, b.first = header, at.Script, at.Next
	b.pages = b.frontend.scripts[at.Script].pages
}

// page is the one at a place, as a worker gives it.
func (b *book) page(p Page, at, index int) perdure.Page {
	out := perdure.Page{
		Values: p.values, Index: index, Last: b.pages.isLast(at),
		Response: response(p.response, 200, perdure.JSONBody(p.values), b.request),
	}
	out.PageToken = b.token(at)
	if !out.Last {
		out.NextPageToken = b.token(at + 1)
	}
	return out
}

func (b *book) token(at int) string {
	text, _ := b.frontend.seal(b.header, place{Script: b.script, Next: at}) // fails on a header that is too long: then there is none
	return text
}

// collectionRun is perdure.collection.v1.
type collectionRun struct {
	execution
	book
	maxPages int

	fetched  []perdure.Page
	asked    int // the highest index that somebody has waited for
	target   int // up to where it is fetched ahead
	failures int
	is       perdure.CollectionStatus
}

func (f *frontend) newCollectionRun(e execution) (run, error) {
	in, err := decode[perdure.CollectionInput](e.input)
	if err != nil {
		return nil, err
	}
	b, err := f.openBook(in)
	if err != nil {
		return nil, err
	}
	b.header.WorkflowID = e.id
	return &collectionRun{execution: e, book: b, maxPages: in.MaxPages, asked: -1, is: perdure.CollectionStatus{
		State: perdure.StateStarting, StartedAt: e.startedAt,
		Service: b.header.Service, Protocol: b.header.Protocol, Type: b.header.Type,
		Segments: []perdure.Segment{{RunID: e.runID}},
	}}, nil
}

func (r *collectionRun) status() any { return r.is }

func (r *collectionRun) shown() (state perdure.State, service string) {
	return r.is.State, r.is.Service
}

// upcoming is what is to be fetched next; false: nothing is wanted. An error is told to who
// asks for that page, and not spent on fetching ahead.
func (r *collectionRun) upcoming() (Page, bool) {
	n := len(r.fetched)
	if r.is.Done || n > r.target {
		return Page{}, false
	}
	p := r.pages.at(r.first + n)
	return p, p.failed == nil || n <= r.asked
}

func (r *collectionRun) next() (g gate, since time.Time) {
	if p, wanted := r.upcoming(); wanted {
		return p.gate, r.startedAt
	}
	return gate{}, r.startedAt
}

func (r *collectionRun) settle() bool {
	changed := false
	for {
		p, wanted := r.upcoming()
		if !wanted || !p.gate.open(r.startedAt) {
			return changed
		}
		changed = true
		r.take(p)
	}
}

func (r *collectionRun) advance() bool { return false }

func (r *collectionRun) take(p Page) {
	at := r.first + len(r.fetched)
	if p.failed != nil {
		r.pages.told(at)
		r.failPage(p.failed)
		return
	}
	page := r.page(p, at, len(r.fetched))
	r.fetched = append(r.fetched, page)
	s := &r.is
	s.State, s.ErrorType, s.Error = perdure.StateRunning, "", nil
	s.Pages, s.Items = len(r.fetched), s.Items+p.count
	s.PageToken, s.NextPageToken = page.PageToken, page.NextPageToken
	if page.Last || r.maxPages > 0 && s.Pages >= r.maxPages {
		r.finish(perdure.StateSucceeded)
		r.complete(perdure.CollectionResult{State: s.State, Pages: s.Pages, Items: s.Items, NextPageToken: s.NextPageToken})
	}
}

// failPage notes that a page could not be had; it is tried again when it is asked for again.
// Where not even a first one can come, the collection is over.
func (r *collectionRun) failPage(f *pageFailure) {
	r.is.ErrorType, r.is.Error = f.errorType, f.err
	r.failures++
	r.asked, r.target = len(r.fetched)-1, len(r.fetched)-1
	if len(r.fetched) > 0 {
		return
	}
	switch f.errorType {
	case perdure.ErrorInvalidInput, perdure.ErrorInvalidToken, perdure.ErrorEgressDenied:
		r.finish(perdure.StateFailed)
		r.fail(f.errorType, f.err, r.is)
	}
}

func (r *collectionRun) finish(state perdure.State) {
	r.is.State, r.is.Done, r.is.EndedAt = state, true, time.Now().UTC()
}

func (r *collectionRun) query(name string, args *commonpb.Payloads) (any, error) {
	switch name {
	case perdure.QueryStatus:
		return r.is, nil
	case perdure.QueryToken:
		return r.is.NextPageToken, nil
	case perdure.QueryPage:
		var request perdure.PageRequest
		err := argument(args, &request)
		if err == nil {
			err = r.holds(request.Index)
		}
		if err != nil {
			return nil, err
		}
		return r.fetched[request.Index], nil
	case perdure.QueryPages:
		var request perdure.PagesRequest
		err := argument(args, &request)
		if err == nil {
			err = r.holds(request.Index)
		}
		if err != nil {
			return nil, err
		}
		pages := r.fetched[request.Index:]
		if request.Max > 0 {
			pages = pages[:min(request.Max, len(pages))]
		}
		return perdure.Pages{Pages: pages}, nil
	}
	return nil, unknown("query " + name)
}

func (r *collectionRun) holds(index int) error {
	if index < 0 || index >= len(r.fetched) {
		return refused(perdure.ErrorNotFetched, "the page has not been fetched")
	}
	return nil
}

func (r *collectionRun) update(name string, args *commonpb.Payloads) reply {
	if name != perdure.UpdateWait {
		return at(nil, unknown("update "+name))
	}
	var request perdure.WaitRequest
	err := argument(args, &request)
	if err == nil {
		err = request.Check()
	}
	if err != nil {
		return at(nil, refused(perdure.ErrorInvalidInput, perdure.Reason(err)))
	}
	r.asked, r.target = max(r.asked, request.Index), max(r.target, request.Index+max(1, request.Ahead))
	failures := r.failures
	return func() (any, bool, error) {
		failed := r.failures > failures || r.is.State == perdure.StateFailed
		if failed && request.Index >= r.is.Pages {
			return nil, true, ended(r.is.ErrorType, r.is.Error, r.is)
		}
		return r.is, request.Index < r.is.Pages || r.is.Done, nil
	}
}

func (r *collectionRun) signal(name string, _ *commonpb.Payloads) {
	if name == perdure.SignalCancel {
		r.cancel("")
	}
}

func (r *collectionRun) cancel(string) {
	r.finish(perdure.StateCanceled)
	r.endCanceled(r.is)
}
