package jobservice

import (
	"fmt"
	"net/http"
	"strconv"
)

// start starts an operation, or finds the one that the idempotency key started.
func (s *Service) start(is style) func(call) answer {
	return func(c call) answer {
		key := c.request.Header.Get("Idempotency-Key")
		o, err := s.newOperation(is, c, key)
		if err != nil {
			return refuse(http.StatusBadRequest, "invalid_value", "", err.Error())
		}
		var a answer
		switch s.operations.start(o, func(o *operation) { a = is.started(c, o) }) {
		case startedNew:
		case startedBefore:
			a.repeated = true
			a.header.Set("Idempotency-Replayed", "true")
		case startedOther:
			return refuse(http.StatusUnprocessableEntity, "idempotency_key_reused", "",
				"the Idempotency-Key was used with another body")
		}
		return a
	}
}

func (s *Service) newOperation(is style, c call, key string) (*operation, error) {
	asked, p, err := is.parse(c.body)
	if err != nil {
		return nil, err
	}
	o := &operation{id: newID(is.idPrefix), kind: is.kind, plan: p, subject: asked, startedAt: c.at}
	if !s.options.NoIdempotency {
		o.replay = newReplay(c.route.path, key, string(c.body))
	}
	return o, nil
}

// operationFrom is the operation that the entry, a start, tells of.
func (s *Service) operationFrom(e Entry) (*operation, error) {
	is, ok := s.styles()[e.Kind]
	if !ok {
		return nil, fmt.Errorf("jobservice: books: entry %d: unknown kind %q", e.Number, e.Kind)
	}
	c := call{route: route{path: e.Path}, at: e.At, body: []byte(e.Body)}
	o, err := s.newOperation(is, c, e.Headers.Get("Idempotency-Key"))
	if err != nil {
		return nil, fmt.Errorf("jobservice: books: entry %d: %w", e.Number, err)
	}
	o.id = e.Operation
	return o, nil
}

// on answers for the operation that the path names.
func (s *Service) on(kind Kind, see func(call, *operation) answer) func(call) answer {
	return func(c call) answer {
		var a answer
		if !s.operations.look(kind, c.id, func(o *operation) { a = see(c, o) }) {
			return refuse(http.StatusNotFound, "not_found", "id", fmt.Sprintf("No such %s: %q", kind, c.id))
		}
		return a
	}
}

func (s *Service) poll(is style) func(call) answer {
	return s.on(is.kind, func(c call, o *operation) answer {
		o.step(c.at)
		return is.polled(c, o)
	})
}

// shown answers with the object as it is, in the OpenAI style.
func (s *Service) shown(is style) func(call, *operation) answer {
	return func(c call, o *operation) answer {
		view, state := is.view(o, c.at)
		return jsonAnswer(http.StatusOK, view).about(o, state, c.at).pollAfter(o.kind, s.options.PollAfter)
	}
}

func (s *Service) batchCanceled(c call, o *operation) answer {
	accepted := o.cancel(c.at)
	view, state := batchView(o, c.at)
	if !accepted {
		return refuse(http.StatusConflict, "not_cancellable", "",
			fmt.Sprintf("Cannot cancel a batch with status '%s'.", state)).about(o, state, c.at)
	}
	return jsonAnswer(http.StatusOK, view).about(o, state, c.at).pollAfter(Batch, s.options.PollAfter)
}

// page is one page of a list.
type page struct {
	Object  string  `json:"object"`
	Data    []any   `json:"data"`
	FirstID *string `json:"first_id"`
	LastID  *string `json:"last_id"`
	HasMore bool    `json:"has_more"`
}

// list answers with a page. To be listed is not a poll: no step is taken.
func (s *Service) list(is style) func(call) answer {
	return func(c call) answer {
		query := c.request.URL.Query()
		limit, err := listLimit(query.Get("limit"))
		if err != nil {
			return refuse(http.StatusBadRequest, "invalid_value", "limit", err.Error())
		}
		order := query.Get("order")
		if order != "" && order != "asc" && order != "desc" {
			return refuse(http.StatusBadRequest, "invalid_value", "order", "order: asc or desc")
		}
		listed := page{Object: "list", Data: []any{}}
		after := query.Get("after")
		known := s.operations.page(is.kind, order == "asc", after, func(o *operation) bool {
			return listed.add(o, is, c, limit, query.Get("tag"))
		})
		if !known {
			return refuse(http.StatusBadRequest, "invalid_value", "after", fmt.Sprintf("No such %s: %q", is.kind, after))
		}
		return jsonAnswer(http.StatusOK, listed)
	}
}

func listLimit(text string) (int, error) {
	const byDefault, most = 20, 100
	if text == "" {
		return byDefault, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > most {
		return 0, fmt.Errorf("limit: 1 to %d", most)
	}
	return limit, nil
}

// add returns false when the page is full, and o the first that is not on it.
func (p *page) add(o *operation, is style, c call, limit int, tag string) bool {
	if is.kind == Job && tag != "" && o.subject.job.Tag != tag {
		return true
	}
	if len(p.Data) == limit {
		p.HasMore = true
		return false
	}
	view, _ := is.view(o, c.at)
	p.Data = append(p.Data, view)
	if p.FirstID == nil {
		p.FirstID = &o.id
	}
	p.LastID = &o.id
	return true
}
