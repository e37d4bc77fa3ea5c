package jobservice

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// controls answers about books and faults.
func (s *Service) controls() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, handler func(*http.Request) answer) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			_ = handler(r).write(w) // a client that has gone needs no answer
		})
	}
	handle("GET /books", func(*http.Request) answer { return jsonAnswer(http.StatusOK, orNone(s.Books())) })
	handle("GET /books/summary", func(*http.Request) answer { return jsonAnswer(http.StatusOK, s.Books().Summary()) })
	handle("POST /faults", s.postFault)
	handle("GET /faults", func(*http.Request) answer { return jsonAnswer(http.StatusOK, s.Faults()) })
	handle("POST /faults/{id}/release", s.releaseFault)
	handle("DELETE /faults", func(*http.Request) answer {
		s.ClearFaults()
		return noContent()
	})
	return mux
}

func (s *Service) serveControl(w http.ResponseWriter, r *http.Request) {
	if refused, ok := s.unauthorized(r); ok {
		_ = refused.write(w) // a client that has gone needs no answer
		return
	}
	s.control.ServeHTTP(w, r)
}

func (s *Service) postFault(r *http.Request) answer {
	var fault Fault
	if err := decodeStrictly(r.Body, &fault); err != nil {
		return refuse(http.StatusBadRequest, "invalid_value", "", err.Error())
	}
	id, err := s.Inject(fault)
	if err != nil {
		return refuse(http.StatusBadRequest, "invalid_value", "", err.Error())
	}
	return jsonAnswer(http.StatusCreated, map[string]string{"id": id})
}

func (s *Service) releaseFault(r *http.Request) answer {
	if !s.Release(r.PathValue("id")) {
		return refuse(http.StatusNotFound, "not_found", "id", "No such fault: "+r.PathValue("id"))
	}
	return noContent()
}

// decodeStrictly takes one JSON value without unknown fields: a typo must be
// seen.
func decodeStrictly(from io.Reader, into any) error {
	body, err := io.ReadAll(io.LimitReader(from, MaxBodyBytes))
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if decoder.More() {
		return errors.New("more than one JSON value")
	}
	return nil
}

func orNone(b Books) Books {
	if b == nil {
		return Books{}
	}
	return b
}

func noContent() answer { return answer{status: http.StatusNoContent, header: http.Header{}} }
