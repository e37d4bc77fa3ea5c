package customprotocol

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
)

// Farm is the service: a render farm whose pictures take a few questions. The zero
// value is ready, and safe for concurrent use.
type Farm struct {
	mu      sync.Mutex
	renders []render
}

type render struct {
	asked   int
	stopped bool
}

// questions is after how many a picture is there.
const questions = 4

// Handler serves the farm.
func (f *Farm) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /renders", f.start)
	mux.HandleFunc("GET /renders/{id}", f.ask)
	mux.HandleFunc("DELETE /renders/{id}", f.stop)
	mux.HandleFunc("GET /pictures/{id}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/x-portable-bitmap")
		_, _ = fmt.Fprint(w, "P1 2 2 0 1 1 0\n")
	})
	return mux
}

func (f *Farm) start(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.renders = append(f.renders, render{})
	_, _ = fmt.Fprintf(w, "WAIT 0 /renders/%d\n", len(f.renders))
}

func (f *Farm) ask(w http.ResponseWriter, r *http.Request) {
	f.with(w, r, func(id int, one *render) {
		one.asked++
		switch {
		case one.stopped:
			_, _ = fmt.Fprintln(w, "STOPPED")
		case one.asked < questions:
			_, _ = fmt.Fprintf(w, "WAIT %d /renders/%d\n", 100*one.asked/questions, id)
		default:
			_, _ = fmt.Fprintf(w, "DONE /pictures/%d\n", id)
		}
	})
}

func (f *Farm) stop(w http.ResponseWriter, r *http.Request) {
	f.with(w, r, func(_ int, one *render) {
		one.stopped = true
		w.WriteHeader(http.StatusNoContent)
	})
}

// with finds the render that a request names.
func (f *Farm) with(w http.ResponseWriter, r *http.Request, do func(id int, one *render)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.renders {
		if r.PathValue("id") == strconv.Itoa(i+1) {
			do(i+1, &f.renders[i])
			return
		}
	}
	http.Error(w, "no such render", http.StatusNotFound)
}
