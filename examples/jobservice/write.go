package jobservice

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// write gives the whole answer, or the error that kept it from being handed to
// the connection.
func (a answer) write(w http.ResponseWriter) error {
	a.writeHeader(w)
	if _, err := w.Write(a.body); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}

// writeHeader announces the length, so that a body that breaks off is seen.
func (a answer) writeHeader(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
}

func (a answer) writeHalf(w http.ResponseWriter) {
	a.writeHeader(w)
	_, _ = w.Write(a.body[:len(a.body)/2]) // it is broken off anyway
	_ = http.NewResponseController(w).Flush()
}

// writeSlowly gives the answer in pieces, for as long as d.
func (a answer) writeSlowly(ctx context.Context, w http.ResponseWriter, d time.Duration) error {
	const pieces = 10
	if d <= 0 {
		return a.write(w)
	}
	a.writeHeader(w)
	size := max(1, (len(a.body)+pieces-1)/pieces)
	for piece := range slices.Chunk(a.body, size) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			return err
		}
		if err := pause(ctx, d/pieces, nil); err != nil {
			return err
		}
		if _, err := w.Write(piece); err != nil {
			return err
		}
	}
	return http.NewResponseController(w).Flush()
}
