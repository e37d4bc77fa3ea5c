package jobservice

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// MaxBodyBytes is the longest request body that the service takes; the books
// keep it whole.
const MaxBodyBytes = 64 << 10

// Service is the sample service, an http.Handler. It is safe for concurrent
// use.
type Service struct {
	options    Options
	routes     []route
	control    http.Handler
	operations *registry
	lists      []list
	issued     *issued
	books      *ledger
	faults     *faults
}

// New gives a service. It fails when an option is out of its bounds, or when
// the books' file cannot be opened or is no such file.
func New(options Options) (*Service, error) {
	options, err := options.validated()
	if err != nil {
		return nil, err
	}
	books, err := openLedger(options.BooksFile, options.MaxEntries)
	if err != nil {
		return nil, err
	}
	s := &Service{
		options:    options,
		operations: newRegistry(options.MaxOperations),
		lists:      lists(options.Items),
		issued:     newIssued(options.Items.KeepTokens),
		books:      books,
		faults:     newFaults(),
	}
	s.routes = s.table()
	s.control = s.controls()
	if err := s.operations.restore(s.Books(), s.operationFrom); err != nil {
		return nil, errors.Join(err, books.close())
	}
	return s, nil
}

// Close lets go what faults hold, and closes the books' file. Shut the server
// down first, or the requests that still come are not answered.
func (s *Service) Close() error {
	s.faults.clear()
	return s.books.close()
}

// Books gives a copy of the books.
func (s *Service) Books() Books {
	books, _ := s.books.read()
	return books
}

// WaitFor returns once the condition holds for the books, or with ctx's error.
// It looks with each change.
func (s *Service) WaitFor(ctx context.Context, condition func(Books) bool) error {
	return s.books.waitFor(ctx, condition)
}

// ServeHTTP answers a request, and books it unless it is about the books or the
// faults.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if isControl(r.URL.Path) {
		s.serveControl(w, r)
		return
	}
	called := s.route(r)
	called.page = s.pageRequest(called)
	fault := s.faults.take(called)
	body, err := readBody(r, fault)
	entry := s.entry(r, called, fault, body)
	number, bookErr := s.books.add(entry)
	if bookErr != nil {
		s.faults.leave(fault)
		_ = refuse(http.StatusInternalServerError, "books", "", bookErr.Error()).write(w)
		return
	}
	if fault.Drop == DropBeforeRead || fault.Drop == DropAfterRead {
		panic(http.ErrAbortHandler)
	}
	called.at, called.body = entry.At, body
	s.finish(w, r, number, fault, s.answer(called, fault, err))
}

// finish books the answer, and then gives it as far as the fault lets it.
func (s *Service) finish(w http.ResponseWriter, r *http.Request, number int, fault *activeFault, a answer) {
	err := s.books.update(number, func(e *Entry) {
		e.Operation, e.Repeated = a.operation, a.repeated
		e.Status, e.State, e.Done = a.status, a.state, a.done
	})
	held := s.faults.hold(r.Context(), fault)
	if err != nil || held != nil || fault.Drop == DropBeforeAnswer { // without books no answer
		panic(http.ErrAbortHandler)
	}
	if fault.Drop == DropInAnswer {
		a.writeHalf(w)
		panic(http.ErrAbortHandler)
	}
	if a.writeSlowly(r.Context(), w, fault.slow()) != nil {
		return // the client has gone; the books say so
	}
	_ = s.books.update(number, func(e *Entry) { // the answer is out: nobody is left to tell
		e.Written, e.WrittenAt = true, time.Now().UTC()
	})
}

var errTooLong = errors.New("the body is too long")

func readBody(r *http.Request, fault *activeFault) ([]byte, error) {
	if fault.Drop == DropBeforeRead {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBodyBytes+1))
	if len(body) > MaxBodyBytes {
		return nil, errTooLong
	}
	return body, err
}

func (s *Service) entry(r *http.Request, c call, fault *activeFault, body []byte) Entry {
	return Entry{
		At:      time.Now().UTC(),
		Method:  r.Method,
		Path:    r.URL.Path,
		Query:   s.redacted(r.URL.RawQuery),
		Headers: s.bookedHeaders(r.Header),
		Body:    s.redacted(string(body)),
		Kind:    c.route.kind,
		Action:  c.route.action,
		Page:    c.page.booked(),
		Fault:   fault.ID,
	}
}

// answer decides. What a fault answers without handling starts nothing.
func (s *Service) answer(c call, fault *activeFault, readError error) answer {
	switch {
	case errors.Is(readError, errTooLong):
		return refuse(http.StatusRequestEntityTooLarge, "too_long", "", readError.Error())
	case readError != nil:
		return refuse(http.StatusBadRequest, "unread", "", "the body could not be read")
	}
	if fault.Status != 0 && !fault.AfterHandling {
		return fault.answer()
	}
	if refused, ok := s.unauthorized(c.request); ok {
		return refused
	}
	handled := c.route.answer(c)
	if fault.Status == 0 {
		return handled
	}
	instead := fault.answer()
	instead.operation, instead.repeated = handled.operation, handled.repeated
	return instead
}

func isControl(path string) bool {
	for _, root := range []string{"/books", "/faults"} {
		if path == root || strings.HasPrefix(path, root+"/") {
			return true
		}
	}
	return false
}
