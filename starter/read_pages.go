package starter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
)

// maxLead bounds the pages that are fetched ahead of a caller who takes them as fast as
// they come.
const maxLead = 8

// reader reads a collection by index. Where the collection has closed itself because
// nobody asked for long, it goes on with one that starts at the next token, whose id is
// made of the first one's, so that all readers share it.
type reader struct {
	h *collection
	// max bounds the pages that are read at once; 0: as many as fit.
	max int
	// lead is how many pages are fetched ahead: more while the caller waits for us than
	// while it is busy with what it has.
	lead int
	base int // the index of h's first page
	// known is what the last answer said.
	known perdure.CollectionStatus
	// ahead are pages that came with another, the first of them at aheadIndex.
	ahead      []perdure.Page
	aheadIndex int
	// next is the token of the page after the one that was read last, whose index is
	// nextIndex.
	next      string
	nextIndex int
}

func newReader(h *collection) *reader { return &reader{h: h} }

// pages goes through the pages from an index on, one ahead of the caller.
func (r *reader) pages(ctx context.Context, from int) iter.Seq2[*perdure.Page, error] {
	return func(yield func(*perdure.Page, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		type result struct {
			page *perdure.Page
			err  error
		}
		ahead := make(chan result, 1)
		fetch := func(index int) {
			go func() {
				page, err := r.page(ctx, index)
				ahead <- result{page, err}
			}()
		}
		running := true
		defer func() {
			stop()
			if running {
				<-ahead
			}
		}()
		fetch(from)
		for index := from; ; index++ {
			var got result
			select {
			case got = <-ahead:
				r.lead /= 2
			default:
				got = <-ahead
				r.lead = min(2*max(1, r.lead), maxLead)
			}
			running = false
			if got.err != nil {
				if index == from || !errors.Is(got.err, ErrNoPage) {
					yield(nil, got.err)
				}
				return
			}
			if !got.page.Last {
				running = true
				fetch(index + 1)
			}
			if !yield(got.page, nil) || got.page.Last {
				return
			}
		}
	}
}

// page gives one page, and waits for it if need be.
func (r *reader) page(ctx context.Context, index int) (*perdure.Page, error) {
	if index < 0 {
		return nil, &perdure.InputError{Field: "index", Message: "is negative, want 0 for the first page, or more"}
	}
	for forgotten := false; ; forgotten = true {
		if p, ok := r.buffered(index); ok {
			return p, nil
		}
		if err := r.await(ctx, index); err != nil {
			return nil, err
		}
		p, err := r.read(ctx, index)
		if !forgotten && (isOf(err, perdure.ErrorNotFetched) || isOf(err, perdure.ErrorOtherRun)) {
			r.known = perdure.CollectionStatus{} // of a run that was reset, or has gone on
			continue
		}
		if err != nil {
			return nil, err
		}
		return r.delivered(p, index), nil
	}
}

// buffered is a page that came with another before it.
func (r *reader) buffered(index int) (*perdure.Page, bool) {
	i := index - r.aheadIndex
	if i < 0 || i >= len(r.ahead) {
		return nil, false
	}
	p := r.ahead[i]
	r.ahead, r.aheadIndex = r.ahead[i+1:], index+1
	return r.delivered(&p, index), true
}

func (r *reader) delivered(p *perdure.Page, index int) *perdure.Page {
	p.Index = index
	r.next, r.nextIndex = p.NextPageToken, index+1
	return p
}

// await returns when the page is there. Asking for it also has the one after it
// fetched; a reader that is two pages behind asks for nothing.
func (r *reader) await(ctx context.Context, index int) error {
	for wait := askAgainWait; ; wait = min(2*wait, askAgainMaxWait) {
		at := index - r.base
		if at+1 < r.known.Pages || r.known.Done && at < r.known.Pages {
			return nil
		}
		if r.known.Done {
			onward, err := r.onward(ctx, index)
			if err != nil || !onward {
				return err
			}
			continue
		}
		s, err := r.h.await(ctx, perdure.WaitRequest{Index: at, Ahead: max(1, r.lead)})
		if again(err) { // more wait than the engine takes at once, or a worker died with it
			s, err = r.h.Status(ctx)
		}
		switch {
		case err != nil && !again(err):
			return err
		case err != nil, s.Stale: // what is in the memo does not say how the collection goes on
		case at < s.Pages:
			r.known = s
			return nil
		case s.Done:
			r.known = s
			continue
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// waitBound bounds what a reader asks for at once, in seconds. It asks again; one that is
// gone must not keep the collection open.
const waitBound = 60.0

// errEarly is an answer that came before the page: it is asked for again.
var errEarly = errors.New("starter: answered before the page was there")

func bounded(r perdure.WaitRequest) perdure.WaitRequest {
	seconds := waitBound
	r.WaitSeconds = &seconds
	return r
}

// await is the update "wait", answered from the status where the workflow is closed.
func (h *collection) await(ctx context.Context, request perdure.WaitRequest) (perdure.CollectionStatus, error) {
	var s perdure.CollectionStatus
	u, err := h.client.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: h.id, UpdateName: perdure.UpdateWait, Args: []any{bounded(request)},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = u.Get(ctx, &s)
	}
	switch {
	case err == nil:
		return s, nil
	case isClosed(err), isAbandoned(err):
		return h.Status(ctx)
	}
	return s, h.called(ctx, err)
}

// onward deals with a collection that ended before the page. True: there is another
// that goes on, and the reader has moved there.
func (r *reader) onward(ctx context.Context, index int) (bool, error) {
	s := r.known
	if err := r.h.ended(s); err != nil {
		return false, err
	}
	in, err := r.h.input(ctx)
	if err != nil {
		return false, err
	}
	if in.MaxPages > 0 && s.Pages >= in.MaxPages {
		return false, fmt.Errorf("%w: it stops after maxPages, which is %d; asked for index %d", ErrNoPage, r.base+s.Pages, index)
	}
	if s.NextPageToken == "" {
		return false, r.noToken(ctx, index)
	}
	in.Token, in.Request, in.Protocol = s.NextPageToken, nil, nil
	if in.MaxPages > 0 {
		in.MaxPages -= s.Pages
	}
	next := r.h.client.collection(fmt.Sprintf("%s+%d", r.h.id, s.Pages))
	if err := next.start(ctx, in, CollectionOptions{}); err != nil {
		return false, err
	}
	r.base += s.Pages
	r.h, r.known = next, perdure.CollectionStatus{}
	return true, nil
}

// noToken says why nothing goes on with a collection that closed without a token: it
// has no more pages, or the state of the next makes none.
func (r *reader) noToken(ctx context.Context, index int) error {
	var none string
	err := r.h.query(ctx, "", perdure.QueryToken, &none)
	switch {
	case isOf(err, perdure.ErrorTokenTooLarge):
		return &perdure.CollectionError{
			Type:    perdure.ErrorTokenTooLarge,
			Message: fmt.Sprintf("the collection closed itself after %d pages, as nobody asked, and the next page's state is too large for a token to go on with", r.known.Pages),
			Status:  r.known,
		}
	case err != nil:
		return err
	}
	return fmt.Errorf("%w: it has %d, asked for index %d", ErrNoPage, r.base+r.known.Pages, index)
}

// input is what the collection was started with.
func (h *collection) input(ctx context.Context) (perdure.CollectionInput, error) {
	var in perdure.CollectionInput
	raw, err := h.firstInput(ctx)
	if err != nil {
		return in, err
	}
	return in, perdure.Decode(raw, &in)
}

// read reads a page that is there, from the run that holds it. Where that run is gone,
// the page is fetched again by the token that the page before it had.
func (r *reader) read(ctx context.Context, index int) (*perdure.Page, error) {
	run := r.runOf(index)
	p, err := r.readFrom(ctx, run, index)
	if other, elsewhere := otherRun(err); elsewhere {
		run = other.RunID
		p, err = r.readFrom(ctx, run, index)
	}
	if run == "" || !errors.Is(err, ErrNotFound) {
		return p, err
	}
	if r.next == "" || r.nextIndex != index {
		return nil, fmt.Errorf("starter: page %d: the run that held it, %s, is no longer kept; its token still gives it: %w", index, run, err)
	}
	in, err := r.h.input(ctx)
	if err != nil {
		return nil, err
	}
	return r.h.client.getPage(ctx, perdure.CollectionInput{Token: r.next, Type: in.Type, Audience: in.Audience}, nil)
}

// runOf is the run that holds a page; "", the current one, where that is not known. A
// query by the run is answered even if the workflow continues as new in between.
func (r *reader) runOf(index int) (runID string) {
	for _, s := range r.known.Segments {
		if s.FirstIndex > index-r.base {
			break
		}
		runID = s.RunID
	}
	return runID
}

// readFrom reads the page from a run, and keeps what comes with it.
func (r *reader) readFrom(ctx context.Context, runID string, index int) (*perdure.Page, error) {
	var got perdure.Pages
	request := perdure.PagesRequest{Index: index - r.base, Max: r.max}
	for wait := askAgainWait; ; wait = min(2*wait, askAgainMaxWait) {
		err := r.h.query(ctx, runID, perdure.QueryPages, &got, request)
		if err == nil {
			break
		}
		if !again(err) {
			return nil, err
		}
		if err := pause(ctx, wait); err != nil {
			return nil, err
		}
	}
	if len(got.Pages) == 0 {
		return nil, fmt.Errorf("starter: %q answered with no page", r.h.id)
	}
	r.ahead, r.aheadIndex = got.Pages[1:], index+1
	return &got.Pages[0], nil
}

// otherRun reports that a page is in an earlier run, and which.
func otherRun(err error) (perdure.Segment, bool) {
	if e, ok := errors.AsType[*otherRunError](err); ok {
		return e.segment, true
	}
	return perdure.Segment{}, false
}

// otherRunError is an answer that names the run which to ask.
type otherRunError struct{ segment perdure.Segment }

func (e *otherRunError) Error() string { return "starter: the page is in run " + e.segment.RunID }

// pageError reads an application error of a collection's workflow.
func pageError(app *temporal.ApplicationError) error {
	if app.Type() == perdure.ErrorOtherRun {
		e := &otherRunError{}
		if app.Details(&e.segment) == nil {
			return e
		}
	}
	return collectionError(app)
}

// isOf reports a *perdure.CollectionError of a type.
func isOf(err error, errorType string) bool {
	var bad *perdure.CollectionError
	return errors.As(err, &bad) && bad.Type == errorType
}

// decodeValues reads the array of a page's values.
func decodeValues[T any](raw json.RawMessage, into *[]T) error {
	if len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, into)
}
