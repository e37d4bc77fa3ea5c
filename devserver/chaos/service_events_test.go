package chaos_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// stream sends the events of a stream after the last one that is there already, each at
// its time since the stream was first asked for.
func (v *service) stream(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	script, began := v.size.stream(name), v.beganAt(name)
	next := 0
	if last, err := strconv.Atoi(r.Header.Get("Last-Event-ID")); err == nil {
		next = last + 1
	}
	if next == len(script.events) && !script.mark {
		w.WriteHeader(http.StatusNoContent) // an empty answer would be an empty stream
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = io.WriteString(w, "retry: 300\n\n")
	for ; next < len(script.events); next++ {
		if !v.awaitEvent(w, r, began.Add(time.Duration(next)*script.every)) {
			return
		}
		_, _ = fmt.Fprintf(w, "id: %d\ndata: %s\n\n", next, strings.ReplaceAll(script.events[next], "\n", "\ndata: "))
	}
	if script.mark {
		_, _ = io.WriteString(w, "data: [DONE]\n\n")
	}
}

func (v *service) beganAt(stream string) time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.began[stream].IsZero() {
		v.began[stream] = time.Now()
	}
	return v.began[stream]
}

// awaitEvent returns when it is time. False: nobody listens any longer.
func (v *service) awaitEvent(w http.ResponseWriter, r *http.Request, at time.Time) bool {
	wait := time.Until(at)
	if wait <= 0 {
		return r.Context().Err() == nil
	}
	_ = http.NewResponseController(w).Flush()
	return pause(r.Context(), wait)
}
