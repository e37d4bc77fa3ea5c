package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/tokens"
)

// FetchPage fetches one page of a collection. What is transient is the activity's
// error: it is tried again, after the wait that the service asks for.
func (a *Activities) FetchPage(ctx context.Context, task perdure.PageTask) (*perdure.PageAnswer, error) {
	p, err := a.openPage(task)
	if err != nil {
		return a.noPage(err)
	}
	stop := beat(ctx, func() any { return nil })
	defer stop()
	answer, err := p.fetch(ctx)
	if err != nil {
		none, err := a.noPage(err)
		p.count(none)
		return none, err
	}
	p.count(answer)
	answer.Service, answer.SearchAttributes = p.service.Name(), a.SearchAttributes()
	return answer, nil
}

// noPage is why there is no page, where asking again as it is would not help. Its error
// is one after which the activity is tried again.
func (a *Activities) noPage(err error) (*perdure.PageAnswer, error) {
	a.metrics.tokenRefused(err)
	errorType, words := endOf(err)
	switch errorType {
	case "":
		return nil, err
	case perdure.ErrorPollRejected:
		errorType = perdure.ErrorPageRejected
	}
	return &perdure.PageAnswer{ErrorType: errorType, Error: words, SearchAttributes: a.SearchAttributes()}, nil
}

// count counts a page by its answer; nil: it is asked for again.
func (p *page) count(a *perdure.PageAnswer) {
	outcome := askAnswered
	switch {
	case a == nil:
		outcome = askAgain
	case a.ErrorType != "":
		outcome = askRejected
	}
	p.a.metrics.of(p.service.Name()).pages[outcome].Inc(1)
}

// fetch asks for the page and reads it.
func (p *page) fetch(ctx context.Context) (*perdure.PageAnswer, error) {
	ask, err := p.ask(p.state.Next)
	if err != nil {
		return nil, err
	}
	request, err := p.request(ask)
	if err != nil {
		return nil, err
	}
	response, err := p.service.Do(ctx, request)
	if err != nil {
		return nil, p.unanswered(ctx, err)
	}
	e := exchange(response)
	if !e.Success() {
		return p.refused(ctx, e)
	}
	if err := p.decide(e); err != nil {
		return nil, err
	}
	read, err := p.paging.Read(e)
	if err != nil {
		return nil, err
	}
	return p.answer(ctx, ask, response, read)
}

// decide finds out, for "auto", which convention the first page follows.
func (p *page) decide(first protocol.Exchange) error {
	if p.state.Protocol != perdure.AutoProtocol {
		return nil
	}
	name, paging, ok := p.a.Pagers.Detect(first)
	if !ok {
		return &perdure.ProtocolError{Protocol: perdure.AutoProtocol, Message: "nothing in the first page says how collections go on here; name a protocol"}
	}
	p.state.Protocol, p.paging = name, paging
	return nil
}

// refused reads an answer that is no page.
func (p *page) refused(ctx context.Context, e protocol.Exchange) (*perdure.PageAnswer, error) {
	words := p.service.cappedError(protocol.ErrorOf(e))
	if transient(e.Status) {
		asked := protocol.RetryAfter(e.Header, e.At)
		if asked > 0 {
			p.a.metrics.of(p.service.Name()).retryAfter.Inc(1)
		}
		return nil, tryAgain(ctx, words, asked)
	}
	if p.isStale(e.Status) {
		words.Message = protocol.Cut("the service no longer takes this page's token, or never did: "+words.Message, 4096)
	}
	return p.without(perdure.ErrorPageRejected, words), nil
}

// without is an answer that has no page.
func (p *page) without(errorType string, words *perdure.ServiceError) *perdure.PageAnswer {
	return &perdure.PageAnswer{Protocol: p.state.Protocol, ErrorType: errorType, Error: words}
}

// isStale reports whether the status is one by which services refuse a page token that
// they do not take, as one that has expired: 400 (AIP-158: INVALID_ARGUMENT), 404, and
// 410 (Kubernetes).
func (p *page) isStale(status int) bool {
	return len(p.state.Next) > 0 && (status == http.StatusBadRequest || status == http.StatusNotFound || status == http.StatusGone)
}

func (p *page) unanswered(ctx context.Context, err error) error {
	words, _, ok := unanswered(err)
	switch {
	case !ok:
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return tryAgain(ctx, words, 0)
}

// tryAgain is the error after which the activity is tried again. Temporal keeps 4 KiB of
// it for those who look. What the service said is in its details only: the SDK logs the
// message, and the type is stored in clear where payloads are encrypted.
func tryAgain(ctx context.Context, words *perdure.ServiceError, asked time.Duration) error {
	wait := pace{}.afterFailure(int(activity.GetInfo(ctx).Attempt), asked)
	words.Message, words.Details = protocol.Cut(words.Message, 1024), nil
	message := "no answer"
	if words.HTTPStatus != 0 {
		message = fmt.Sprintf("HTTP %d", words.HTTPStatus)
	}
	return temporal.NewApplicationErrorWithOptions(message, notYet, temporal.ApplicationErrorOptions{
		NextRetryDelay: wait, Category: temporal.ApplicationErrorCategoryBenign, Details: []any{words},
	})
}

// notYet is the type of the error after which a page is asked for again.
const notYet = "NotYet"

// answer makes the verdict on a page that was read.
func (p *page) answer(ctx context.Context, ask protocol.Ask, response *transport.Response, read protocol.Page) (*perdure.PageAnswer, error) {
	out := &perdure.PageAnswer{Protocol: p.state.Protocol, Values: read.Values, Count: read.Count, Print: printOf(ask)}
	err := p.sealBoth(ctx, out, read.Next)
	switch {
	case errors.Is(err, tokens.ErrTooLarge):
		return p.without(perdure.ErrorTokenTooLarge, &perdure.ServiceError{
			Code: perdure.ErrorTokenTooLarge, Message: "the request is too large to be repeated for the pages after: " + perdure.Reason(err),
		}), nil
	case err != nil:
		return nil, err
	}
	if read.Next != nil {
		if out.NextPrint, err = p.printOfNext(read.Next); err != nil {
			return nil, err
		}
	}
	if out.NextPrint == out.Print {
		return nil, &perdure.ProtocolError{Protocol: p.state.Protocol, Message: "the page names itself as the next one"}
	}
	out.Response = p.service.Capture(response)
	putAround(out, p.service)
	if p.a.Stored {
		return out, nil
	}
	return fitPage(out)
}

// printOfNext is the fingerprint of the request for the next page. Where the options do not
// let that be sent, the page before it is the one that fails.
func (p *page) printOfNext(next json.RawMessage) (string, error) {
	ask, err := p.ask(next)
	if err != nil {
		return "", &perdure.ProtocolError{Protocol: p.state.Protocol, Message: "names a next page that cannot be asked for: " + perdure.Reason(err)}
	}
	return printOf(ask), p.checkHeaders(ask)
}

var errNoPagers = errors.New("activities: Pagers is missing")
