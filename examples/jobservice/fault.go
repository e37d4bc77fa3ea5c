package jobservice

import (
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"strings"
)

// Drop says where a connection is broken.
type Drop string

// The places.
const (
	// DropBeforeRead breaks it before the body is read; nothing is done.
	DropBeforeRead Drop = "beforeRead"
	// DropAfterRead breaks it when the request was read; nothing is done.
	DropAfterRead Drop = "afterRead"
	// DropBeforeAnswer breaks it when the request was handled: an operation
	// runs of which the client knows nothing.
	DropBeforeAnswer Drop = "beforeAnswer"
	// DropInAnswer breaks it in the middle of the answer's body.
	DropInAnswer Drop = "inAnswer"
)

// Fault is what goes wrong with the requests that it matches. The request is
// booked before anything of it shows. Go's HTTP client sends a GET, and any
// request with an Idempotency-Key, again by itself when a connection that it
// has kept breaks before the answer began; the books then show both.
type Fault struct {
	// ID names the fault; the service gives one where it is empty.
	ID string `json:"id,omitempty"`

	// Method and Action match when they are equal, or empty. Path matches when
	// it is equal, or empty; * in it is one segment, /** at its end any rest.
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`
	Action Action `json:"action,omitempty"`
	// Page, if set, matches requests for the page of that index of items.
	Page *int `json:"page,omitempty"`
	// Chance, above 0 and at most 1, matches that share of what else matches,
	// drawn in the order of arrival: the same Seed draws the same.
	Chance float64 `json:"chance,omitempty"`
	Seed   uint64  `json:"seed,omitempty"`
	// Skip lets this many matching requests through first: 2 means the third.
	Skip int `json:"skip,omitempty"`
	// Times is for how many requests it holds after that: default 1, -1 all.
	Times int `json:"times,omitempty"`

	// Drop breaks the connection. beforeAnswer and inAnswer may be held first.
	Drop Drop `json:"drop,omitempty"`
	// HoldMillis waits, with the answer decided and booked, that many
	// milliseconds; HoldUntilReleased until [Service.Release].
	HoldMillis        int  `json:"holdMs,omitempty"`
	HoldUntilReleased bool `json:"holdUntilReleased,omitempty"`
	// SlowMillis gives the answer in pieces, for that many milliseconds.
	SlowMillis int `json:"slowMs,omitempty"`

	// Status answers with that status, Headers and Body instead of handling the
	// request; with AfterHandling the request is handled all the same.
	Status        int               `json:"status,omitempty"`
	Headers       map[string]string `json:"headers,omitempty"`
	Body          json.RawMessage   `json:"body,omitempty"`
	AfterHandling bool              `json:"afterHandling,omitempty"`
}

func (f Fault) validate() error {
	if _, err := path.Match(f.Path, ""); err != nil {
		return errors.New("path: not a pattern")
	}
	switch f.Drop {
	case "", DropBeforeRead, DropAfterRead, DropBeforeAnswer, DropInAnswer:
	default:
		return errors.New("drop: beforeRead, afterRead, beforeAnswer or inAnswer")
	}
	switch {
	case f.Action != "" && f.Action != Start && f.Action != Poll && f.Action != Result && f.Action != Cancel && f.Action != List:
		return errors.New("action: start, poll, result, cancel or list")
	case f.holds() && (f.Drop == DropBeforeRead || f.Drop == DropAfterRead):
		return errors.New("drop: there is no answer to hold")
	case f.Page != nil && *f.Page < 0:
		return errors.New("page: not below 0")
	case f.Chance < 0 || f.Chance > 1:
		return errors.New("chance: 0 to 1")
	case f.Chance == 0 && f.Seed != 0:
		return errors.New("seed goes with chance")
	case f.Skip < 0:
		return errors.New("skip: not below 0")
	case f.Times < -1:
		return errors.New("times: -1 or more")
	case f.HoldMillis < 0 || f.SlowMillis < 0:
		return errors.New("holdMs and slowMs: not below 0")
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return errors.New("status: 200 to 599")
	case f.Drop == "" && f.HoldMillis == 0 && !f.HoldUntilReleased && f.SlowMillis == 0 && f.Status == 0:
		return errors.New("nothing goes wrong: give drop, holdMs, holdUntilReleased, slowMs or status")
	case f.Status == 0 && (len(f.Headers) > 0 || len(f.Body) > 0 || f.AfterHandling):
		return errors.New("headers, body and afterHandling go with status")
	}
	return nil
}

func (f Fault) matches(c call) bool {
	return (f.Method == "" || strings.EqualFold(f.Method, c.request.Method)) &&
		(f.Action == "" || f.Action == c.route.action) &&
		(f.Path == "" || f.matchesPath(c.request.URL.Path)) &&
		(f.Page == nil || f.matchesPage(c.page.booked()))
}

func (f Fault) matchesPage(asked *int) bool { return asked != nil && *asked == *f.Page }

func (f Fault) matchesPath(got string) bool {
	if root, below := strings.CutSuffix(f.Path, "/**"); below {
		return got == root || strings.HasPrefix(got, root+"/")
	}
	ok, err := path.Match(f.Path, got)
	return err == nil && ok
}

// answer is what is answered instead.
func (f Fault) answer() answer {
	a := refuse(f.Status, "fault", "", "answered by a fault")
	if len(f.Body) > 0 {
		a.body = f.Body
	}
	if f.Status == http.StatusNoContent || f.Status == http.StatusNotModified {
		a.body = nil
	}
	for key, value := range f.Headers {
		a.header.Set(key, value)
	}
	return a
}
