package chaos_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// service is what the workers ask: operations, collections and streams as the script has
// them. It is always well; what lies between is not.
type service struct {
	size  size
	books *books
	mux   *http.ServeMux

	mu      sync.Mutex
	remotes map[string]remote    // by id
	keys    map[string]string    // idempotency key to id
	began   map[string]time.Time // streams
}

// remote is an operation of the service's.
type remote struct {
	name  string
	began time.Time
}

// The services of the configuration that start operations.
const (
	plain = "plain" // recognises no repeat
	keyed = "keyed" // recognises one by its key
)

const keyHeader = "Idempotency-Key"

func newService(s size) *service {
	v := &service{
		size: s, books: newBooks(), mux: http.NewServeMux(),
		remotes: map[string]remote{}, keys: map[string]string{}, began: map[string]time.Time{},
	}
	for pattern, answer := range map[string]http.HandlerFunc{
		"POST /{service}/jobs":           v.start,
		"GET /{service}/jobs/{remote}":   v.status,
		"GET /{service}/values/{remote}": v.value,
		"GET /lists/{name}":              v.page,
		"GET /streams/{name}":            v.stream,
	} {
		v.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			v.books.count(pattern)
			answer(w, r)
		})
	}
	return v
}

func (v *service) ServeHTTP(w http.ResponseWriter, r *http.Request) { v.mux.ServeHTTP(w, r) }

// write answers with JSON. False: nobody was there to get it.
func write(w http.ResponseWriter, r *http.Request, status int, body any) bool {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, err = w.Write(text)
	if err == nil {
		err = http.NewResponseController(w).Flush()
	}
	return err == nil && r.Context().Err() == nil
}
