package perduretest

import (
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/perdure-dev/perdure"
)

// pageRun is perdure.page.v1.
type pageRun struct {
	execution
	book
	is perdure.CollectionStatus
}

func (f *frontend) newPageRun(e execution) (run, error) {
	in, err := decode[perdure.CollectionInput](e.input)
	if err != nil {
		return nil, err
	}
	b, err := f.openBook(in)
	if err != nil {
		return nil, err
	}
	return &pageRun{execution: e, book: b, is: perdure.CollectionStatus{
		State: perdure.StateStarting, StartedAt: e.startedAt,
		Service: b.header.Service, Protocol: b.header.Protocol, Type: b.header.Type,
	}}, nil
}

func (r *pageRun) status() any { return r.is }

func (r *pageRun) shown() (state perdure.State, service string) { return r.is.State, r.is.Service }

func (r *pageRun) next() (g gate, since time.Time) {
	if r.is.Done {
		return gate{}, r.startedAt
	}
	return r.pages.at(r.first).gate, r.startedAt
}

func (r *pageRun) settle() bool {
	p := r.pages.at(r.first)
	if !p.gate.open(r.startedAt) {
		return false
	}
	r.is.Done, r.is.EndedAt = true, time.Now().UTC()
	if p.failed != nil {
		r.pages.told(r.first)
		r.is.State, r.is.ErrorType, r.is.Error = perdure.StateFailed, p.failed.errorType, p.failed.err
		r.fail(p.failed.errorType, p.failed.err, r.is)
		return true
	}
	page := r.page(p, r.first, 0)
	r.is.State, r.is.Pages, r.is.Items = perdure.StateSucceeded, 1, p.count
	r.is.PageToken, r.is.NextPageToken = page.PageToken, page.NextPageToken
	r.complete(page)
	return true
}

func (r *pageRun) advance() bool { return false }

func (r *pageRun) query(name string, _ *commonpb.Payloads) (any, error) {
	switch name {
	case perdure.QueryStatus:
		return r.is, nil
	case perdure.QueryToken:
		return r.is.NextPageToken, nil
	}
	return nil, unknown("query " + name)
}

func (r *pageRun) update(name string, _ *commonpb.Payloads) reply {
	return at(nil, unknown("update "+name))
}

func (r *pageRun) signal(name string, _ *commonpb.Payloads) {
	if name == perdure.SignalCancel {
		r.cancel("")
	}
}

func (r *pageRun) cancel(string) {
	r.is.State, r.is.Done, r.is.EndedAt = perdure.StateCanceled, true, time.Now().UTC()
	r.endCanceled(r.is)
}
