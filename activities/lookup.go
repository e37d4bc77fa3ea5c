package activities

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/jmes"
	"github.com/perdure-dev/perdure/activities/transport"
)

// Lookup says how a start whose answer was lost is found again: a request to the
// service, and where in its answer the operation is named. In both, {key} stands for
// the start's idempotency key.
type Lookup struct {
	Method, URL string
	// Found is JMESPath on the answer: the remote id, or the status monitor's URL.
	// Null: the start did not arrive.
	Found string
	// Body is where the key goes in the start's JSON body, dotted, for services that
	// keep a tag and do not recognise repeats by it: "metadata.perdure".
	Body string
}

// keyPlace stands for the key in a Lookup.
const keyPlace = "{key}"

// lookupEvery is the wait between two look-ups.
const lookupEvery = 5 * time.Second

// Check reports the first field that is wrong, as a *perdure.InputError.
func (l *Lookup) Check() error {
	if l.Method != http.MethodGet && l.Method != http.MethodPost {
		return &perdure.InputError{Field: "request.method", Message: "want GET, or POST for a search"}
	}
	if l.Found == "" && l.URL != "" {
		return &perdure.InputError{Field: "found", Message: "is missing, want JMESPath on the answer"}
	}
	if err := perdure.CheckURL("request.url", strings.ReplaceAll(l.URL, keyPlace, "key")); err != nil {
		return err
	}
	if !strings.Contains(l.URL+l.Found, keyPlace) {
		return &perdure.InputError{Field: "request.url", Message: "has no {key}, nor has found: it could not tell one start from another"}
	}
	_, err := l.path("key")
	return err
}

// address is where a start with the key is looked up. A key that is made of dots would lead
// elsewhere.
func (l *Lookup) address(key string) (string, error) {
	address := strings.ReplaceAll(l.URL, keyPlace, url.QueryEscape(key))
	return address, perdure.CheckURL("idempotencyKey", address)
}

func (l *Lookup) path(key string) (*jmes.Path, error) {
	quoted := strings.ReplaceAll(key, `'`, `\'`) // the only escape of a JMESPath raw string
	return jmes.Compile("found", strings.ReplaceAll(l.Found, keyPlace, quoted))
}

// settle finds out what became of a request that may have been delivered and must not
// be sent again. Both nil: it did not arrive, and can be sent.
func (s *starting) settle(ctx context.Context) (*perdure.Answer, error) {
	if s.plan.service.Lookup == nil || !s.plan.tagged {
		return s.ambiguous(), nil
	}
	grace := pace{caller: s.task.Input.Polling, service: s.plan.service.Polling}.notFoundGrace()
	deadline := time.Now().Add(grace)
	for {
		asked := time.Now()
		found, why, again := s.lookUp(ctx)
		switch {
		case why != nil && !again:
			s.failed(why, 0)
			return s.ambiguous(), nil
		case why != nil:
			s.failed(why, 0)
		case found != "":
			return s.takeOver(ctx, found)
		case asked.After(deadline): // services are eventually consistent, and may still be at it
			s.maybeSent, s.reset, s.refusal, s.firstSent = false, false, nil, time.Time{}
			return nil, nil
		default:
			s.nextAt = time.Now().Add(min(lookupEvery, max(grace/4, 100*time.Millisecond)))
		}
		if !sleep(ctx, max(0, time.Until(s.nextAt))) {
			return s.later(), nil
		}
	}
}

// lookUp asks once. Why says that it could not be found out; again, that asking once
// more may help.
func (s *starting) lookUp(ctx context.Context) (found string, why *perdure.ServiceError, again bool) {
	l, p := s.plan.service.Lookup, s.plan
	address, err := l.address(p.key)
	if err != nil {
		return "", &perdure.ServiceError{Code: "LookupFailed", Message: perdure.Reason(err)}, false
	}
	target, err := p.service.Resolve(address)
	if err != nil {
		return "", &perdure.ServiceError{Code: "LookupFailed", Message: perdure.Reason(err)}, false
	}
	resp, err := s.withCookies(ctx, transport.Request{Method: l.Method, URL: target, Header: http.Header{"Accept": {"application/json"}}}, p.service.Do)
	if words, _, ok := unanswered(err); ok {
		return "", words, true
	}
	if err != nil {
		if _, words := endOf(err); words != nil {
			return "", words, false
		}
		return "", &perdure.ServiceError{Code: "LookupFailed", Message: perdure.Reason(err)}, true // never "not there"
	}
	e := exchange(resp)
	switch {
	case e.Success():
		return l.find(e, p.key)
	case e.Status == http.StatusNotFound:
		return "", nil, false
	}
	return "", protocol.ErrorOf(e), transient(e.Status)
}

// find reads the answer to a look-up.
func (l *Lookup) find(e protocol.Exchange, key string) (string, *perdure.ServiceError, bool) {
	unreadable := &perdure.ServiceError{Code: "LookupFailed", HTTPStatus: e.Status, Message: "the answer to the look-up cannot be read"}
	path, err := l.path(key)
	if err != nil {
		return "", unreadable, false
	}
	answer := jmes.Parse(e.Body)
	if answer == nil {
		return "", unreadable, false
	}
	if path.In(answer) == nil {
		return "", nil, false
	}
	found, ok := path.Text(answer)
	if !ok {
		return "", unreadable, false
	}
	return found, nil, false
}

// takeOver goes on with the operation that the look-up found, at the service that was
// asked, whatever host its URL has.
func (s *starting) takeOver(ctx context.Context, found string) (*perdure.Answer, error) {
	collection := *s.plan.target
	collection.RawQuery = ""
	adoption := perdure.Adoption{Operation: found, Collection: collection.String()}
	if strings.HasPrefix(found, "/") || strings.Contains(found, "://") {
		adoption = perdure.Adoption{StatusURL: found, Method: s.plan.method, Resource: collection.String()}
	}
	p := *s.plan
	if len(p.callerOps) > 0 { // the URL may be of their making
		p.callerOps = append(slices.Clone(p.callerOps), protocol.FromAdoption)
	}
	v, err := s.a.takeOver(ctx, &p, s.task, adoption, s.sealed)
	if err != nil {
		return nil, err
	}
	if v.ErrorType != "" { // it was started, and cannot be taken over: a person has to
		s.failed(v.Error, 0)
		return s.ambiguous(), nil
	}
	v.Tries, v.LastError = s.tries, nil
	return v, nil
}

// tag puts the key where the look-up finds it again.
func (p *plan) tag() error {
	l := p.service.Lookup
	if l == nil || l.Body == "" {
		return nil
	}
	body, err := withPath(p.body, strings.Split(l.Body, "."), p.key)
	if err != nil {
		return err
	}
	p.body = body
	return nil
}

// withPath sets a field below others of a JSON object, and leaves all else as it is.
func withPath(body []byte, path []string, value string) ([]byte, error) {
	if len(path) == 1 {
		return withField(body, path[0], value)
	}
	var o map[string]json.RawMessage
	if err := json.Unmarshal(body, &o); len(body) > 0 && (err != nil || o == nil) {
		return nil, &perdure.InputError{Field: "request.body", Message: "is no JSON object, and the service's lookup puts its key into " + strings.Join(path, ".")}
	}
	if o == nil {
		o = map[string]json.RawMessage{}
	}
	inner, err := withPath(o[path[0]], path[1:], value)
	if err != nil {
		return nil, err
	}
	o[path[0]] = inner
	return json.Marshal(o)
}
