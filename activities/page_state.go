package activities

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/tokens"
)

// pageState is all that is needed to fetch a page, in any process: what is sealed in
// its continuation token.
type pageState struct {
	Protocol string          `json:"protocol"`
	Options  json.RawMessage `json:"options,omitempty"`
	// Request is the collection's first, its service named.
	Request perdure.Request `json:"request"`
	// Next is where the page before said that this one is; empty: the first.
	Next json.RawMessage `json:"next,omitempty"`
}

// page is one whose state is open.
type page struct {
	a       *Activities
	service *Service
	paging  protocol.Paging
	header  tokens.Header
	state   pageState
	// sealed is the state as it was sealed before; empty: it was not.
	sealed string
	first  protocol.Ask
}

func (a *Activities) openPage(task perdure.PageTask) (*page, error) {
	p, err := a.findPage(task)
	if err != nil {
		return nil, err
	}
	p.paging, err = a.Pagers.Bind(p.state.Protocol, p.state.Options)
	switch {
	case err != nil && task.Input == nil:
		return nil, fmt.Errorf("bind the page's protocol: %v", err) //nolint:errorlint // not an end: another worker may have it
	case err != nil:
		return nil, err
	}
	return p, p.prepare()
}

func (a *Activities) findPage(task perdure.PageTask) (*page, error) {
	switch {
	case a.Pagers == nil:
		return nil, errNoPagers
	case task.Input == nil:
		return a.sealedPage(task.Sealed)
	}
	if err := task.Input.Check(); err != nil {
		return nil, err
	}
	if task.Input.Token != "" {
		return a.tokenPage(task.Input)
	}
	return a.firstPage(task.Input)
}

// firstPage is the page that a request asks for.
func (a *Activities) firstPage(in *perdure.CollectionInput) (*page, error) {
	found, err := transport.Find(a.transports(), in.ServiceName(), in.Request.URL)
	if err != nil {
		return nil, err
	}
	p := &page{a: a, service: a.Services[found.Name()]}
	p.header.Service, p.header.Type, p.header.Audience = found.Name(), in.Type, in.Audience
	p.state = pageState{Protocol: perdure.AutoProtocol, Request: *in.Request}
	p.state.Request.Service = found.Name()
	if in.Protocol != nil {
		p.state.Protocol, p.state.Options = cmp.Or(in.Protocol.Name, perdure.AutoProtocol), in.Protocol.Options
	}
	return p, nil
}

// tokenPage is the page that a caller's token names.
func (a *Activities) tokenPage(in *perdure.CollectionInput) (*page, error) {
	token, err := tokens.Parse(in.Token)
	if err != nil {
		return nil, err
	}
	opened, err := a.Keyset.Open(token, tokens.Expect{
		Kind: tokens.KindPage, Type: in.Type, Audience: in.Audience, Service: in.Service,
		Lifetime: a.TokenLifetime, Now: time.Now(),
	})
	if err != nil {
		return nil, err
	}
	if err := a.checkService(opened.Header.Service); err != nil {
		return nil, err
	}
	return a.pageOf(opened.Header, opened.State)
}

// sealedPage is the page that the workflow carries. Its errors end nothing: another
// worker may have the key, or the service's configuration.
func (a *Activities) sealedPage(sealed string) (*page, error) {
	h, plain, err := a.Keyset.OpenState(sealed)
	if err != nil {
		a.metrics.tokenRefused(err)
		return nil, fmt.Errorf("open the page's state: %v", err) //nolint:errorlint // not an end
	}
	if h.Kind != tokens.KindPage {
		return nil, fmt.Errorf("open the page's state: it is of kind %q", h.Kind)
	}
	p, err := a.pageOf(h, plain)
	if err == nil && !a.isOld(h) {
		p.sealed = sealed
	}
	return p, err
}

func (a *Activities) pageOf(h tokens.Header, plain []byte) (*page, error) {
	p := &page{a: a, header: h, service: a.Services[h.Service]}
	if p.service == nil {
		return nil, fmt.Errorf("service %q is not in this worker's configuration", h.Service)
	}
	if err := json.Unmarshal(plain, &p.state); err != nil {
		return nil, fmt.Errorf("read the page's state: %w", err)
	}
	return p, nil
}

// isOld reports what has to be sealed anew: it was sealed under a key that is no longer the
// primary one, or a quarter of the lifetime ago, or by a clock so far ahead that opening it
// is refused until that time has come.
func (a *Activities) isOld(h tokens.Header) bool {
	age := time.Since(h.IssuedAt)
	return h.KeyID != a.Keyset.PrimaryKeyID() || a.TokenLifetime > 0 && (age > a.TokenLifetime/4 || age < -tokens.MaxSkew)
}

// prepare makes the collection's first request, held against the configuration.
func (p *page) prepare() error {
	r := &p.state.Request
	target, err := p.service.Resolve(r.URL)
	if err != nil {
		return err
	}
	if err := p.service.CheckAllowed(r.Method, target); err != nil {
		return err
	}
	if err := p.service.CheckHeaders("request.headers", r.Headers); err != nil {
		return err
	}
	body, err := r.Body.Bytes()
	if err != nil {
		return &perdure.InputError{Field: "request.body.base64", Message: "is not base64"}
	}
	p.first = protocol.Ask{Method: r.Method, URL: target.String(), Header: http.Header{}, Body: body}
	return nil
}

// ask is the pager's request for a page, without the headers that all have.
func (p *page) ask(next json.RawMessage) (protocol.Ask, error) {
	first := p.first
	first.Header = first.Header.Clone()
	return p.paging.Ask(first, next)
}

// request is what is sent for a page: the collection's own headers and, over them,
// the pager's.
func (p *page) request(ask protocol.Ask) (transport.Request, error) {
	if err := p.checkHeaders(ask); err != nil {
		return transport.Request{}, err
	}
	target, err := p.service.Resolve(ask.URL)
	if err != nil {
		return transport.Request{}, err
	}
	// What the caller's options decide is the caller's asking: any method but the one
	// by which a link is followed is the caller's.
	if ask.Option != "" || ask.Method != http.MethodGet {
		if err := p.service.CheckChosen(ask.Method, target); err != nil {
			return transport.Request{}, err
		}
	}
	h := p.headers(ask)
	for name, values := range ask.Header {
		h[http.CanonicalHeaderKey(name)] = values
	}
	return transport.Request{Method: ask.Method, URL: target, Header: h, Body: ask.Body}, nil
}

// checkHeaders refuses a header that the caller's options may not name.
func (p *page) checkHeaders(ask protocol.Ask) error {
	return p.service.CheckHeaders("protocol.options.into.header", ask.Header)
}

// headers are the first request's: all of them on the first page, later the ones that
// go on later requests, and those that say what a repeated body is.
func (p *page) headers(ask protocol.Ask) http.Header {
	r := &p.state.Request
	h := http.Header{"Accept": {"application/json, */*;q=0.5"}}
	if kind := r.Body.ContentType(); kind != "" && ask.Body != nil {
		h.Set("Content-Type", kind)
	}
	given := r.Headers
	if len(p.state.Next) > 0 {
		given = laterHeaders(r, p.service)
		maps.Copy(h, p.contentHeaders(ask.Body))
	}
	for name, values := range given {
		h[http.CanonicalHeaderKey(name)] = values
	}
	return h
}

// contentHeaders are those of the first request that go with its body: all of them
// where that is repeated as it was, its type where it is changed.
func (p *page) contentHeaders(body []byte) http.Header {
	out := http.Header{}
	for name, values := range p.state.Request.Headers {
		n := http.CanonicalHeaderKey(name)
		same := strings.HasPrefix(n, "Content-") && bytes.Equal(body, p.first.Body)
		if body != nil && (same || n == "Content-Type") {
			out[n] = values
		}
	}
	return out
}

// sealBoth seals the state of this page, unless it is sealed already and not old, and that
// of the next. If the former does not fit, the page has no token; if the latter does not,
// there is no going on: tokens.ErrTooLarge.
func (p *page) sealBoth(ctx context.Context, out *perdure.PageAnswer, next json.RawMessage) error {
	if p.sealed == "" {
		sealed, err := p.seal(ctx, p.state)
		if err != nil && !errors.Is(err, tokens.ErrTooLarge) {
			return err
		}
		out.Sealed = sealed
	}
	if next == nil {
		return nil
	}
	state := p.state
	state.Next = next
	sealed, err := p.seal(ctx, state)
	out.Next = sealed
	return err
}

func (p *page) seal(ctx context.Context, state pageState) (string, error) {
	plain, err := json.Marshal(state)
	if err != nil {
		return "", err
	}
	info := activity.GetInfo(ctx)
	h := p.header
	h.Kind, h.WorkflowID, h.Namespace = tokens.KindPage, info.WorkflowExecution.ID, info.Namespace
	h.Protocol, h.IssuedAt, h.KeyID = state.Protocol, time.Now().UTC(), p.a.Keyset.PrimaryKeyID()
	sealed, err := p.a.Keyset.SealState(h, plain)
	if err != nil {
		return "", fmt.Errorf("seal the page's state: %w", err)
	}
	return sealed, nil
}
