package perduretest

import (
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
)

// URL is the service's address, as http://127.0.0.1:PORT; the first call begins
// to listen, and the end of the test stops it.
//
// Every request has a connection of its own: Go's client sends some requests
// again, unasked, when a connection that it has kept is dropped, and a script
// could not count on anything.
func (s *Service) URL() string {
	s.listen.Do(func() {
		server := httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
		server.Config.SetKeepAlivesEnabled(false)
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.Start()
		s.server = server
	})
	if s.server == nil {
		return ""
	}
	return s.server.URL
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	request := arrival(r)
	step := s.next(request)
	if step.answer.drop != dropUnread {
		body, err := io.ReadAll(r.Body)
		if err != nil { // the client broke off; nobody waits for the answer
			request.Body = body
			s.record(request, Step{})
			panic(http.ErrAbortHandler)
		}
		request.Body = body
	}
	s.record(request, step)

	if err := s.wait(r.Context(), step.answer); err != nil {
		panic(http.ErrAbortHandler)
	}
	switch step.answer.drop {
	case dropUnread, dropUnanswered:
		panic(http.ErrAbortHandler)
	case dropNever, dropInBody:
	}
	s.write(w, r, step.answer)
}

func (s *Service) write(w http.ResponseWriter, r *http.Request, a answer) {
	header := w.Header()
	header["Content-Type"] = nil // otherwise net/http guesses one
	maps.Copy(header, a.header)
	if length := a.length(); length > 0 {
		header.Set("Content-Length", strconv.FormatInt(length, 10))
	}
	w.WriteHeader(a.status)

	controller := http.NewResponseController(w)
	for i, part := range a.sent() {
		if i > 0 && s.pause(r.Context(), a.pace) != nil {
			panic(http.ErrAbortHandler)
		}
		_, err := io.WriteString(w, part)
		if err == nil && (a.stream || a.drop == dropInBody) {
			err = controller.Flush()
		}
		if err != nil {
			return // the client broke off
		}
	}
	if a.drop == dropInBody {
		_ = controller.Flush() // the headers, where there is no body at all
		panic(http.ErrAbortHandler)
	}
}
