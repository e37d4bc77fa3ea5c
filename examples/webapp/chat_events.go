package webapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

const (
	// maxListening is how long a browser is sent events before it is to come again, which
	// it does by itself: by then somebody else may be signed in.
	maxListening = 5 * time.Minute
	// maxWrite is how long a browser may take to receive an event.
	maxWrite = 10 * time.Second
	// comeAgain is how long a browser waits before it comes again.
	comeAgain = 500 * time.Millisecond
)

// sendAnswer sends the rest of an answer as server-sent events, whose ids are the offsets
// in its record. So a browser whose connection breaks says by itself where it was, and any
// instance goes on from there. After the last delta comes an event "end", with words;
// without it there is more.
func (a *app) sendAnswer(w http.ResponseWriter, r *http.Request, user User) {
	form := r.URL.Query().Get("answer")
	from, err := firstOffset(r)
	if err != nil || !formName.MatchString(form) {
		a.notFound(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), maxListening)
	defer cancel()
	deltas, err := a.answers.Read(ctx, user, form, from)
	if err != nil {
		a.refuse(w, r, user, err)
		return
	}
	out := events{w: w, to: http.NewResponseController(w)}
	if out.begin() != nil {
		return // the browser has gone
	}
	for delta, err := range deltas {
		if err != nil {
			a.endBadly(ctx, out, err)
			return
		}
		if out.send("id: "+strconv.Itoa(delta.Offset), delta.Text) != nil {
			return
		}
	}
	_ = out.end(perdure.StreamStatus{State: perdure.StateSucceeded})
}

// firstOffset is where to begin: after the event that the browser had last, or, where it
// comes for the first time, where the page ends.
func firstOffset(r *http.Request) (int, error) {
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		n, err := strconv.ParseUint(last, 10, 31)
		return int(n) + 1, err
	}
	n, err := strconv.ParseUint(r.URL.Query().Get("from"), 10, 31)
	return int(n), err
}

// endBadly tells the browser how the answer ended. Where it has not, but could not be
// read on, the browser is told nothing, and comes again.
func (a *app) endBadly(ctx context.Context, out events, err error) {
	bad, ok := errors.AsType[*perdure.StreamError](err)
	switch {
	case ok && bad.Status.Done:
		_ = out.end(bad.Status) // a browser that has gone needs no answer
	case errors.Is(err, starter.ErrTerminated):
		_ = out.end(perdure.StreamStatus{State: perdure.StateUnknown})
	case ctx.Err() == nil:
		a.log.WarnContext(ctx, "an answer cannot be read on", "error", err)
	}
}

// events are server-sent events to a browser.
type events struct {
	w  http.ResponseWriter
	to *http.ResponseController
}

func (e events) begin() error {
	e.w.Header().Set("Content-Type", "text/event-stream")
	e.w.Header().Set("X-Accel-Buffering", "no") // nginx keeps answers back until they are long
	return e.write(fmt.Sprintf("retry: %d\n\n", comeAgain.Milliseconds()))
}

// end is the last event.
func (e events) end(s perdure.StreamStatus) error { return e.send("event: end", wordsOf(s)) }

// send sends an event with text, as JSON, which has no line ends in it.
func (e events) send(field, text string) error {
	data, err := json.Marshal(text)
	if err != nil {
		return err
	}
	return e.write(field + "\ndata: " + string(data) + "\n\n")
}

// write has a deadline for each event, in place of the server's for the whole answer.
func (e events) write(text string) error {
	if err := e.to.SetWriteDeadline(time.Now().Add(maxWrite)); err != nil {
		return err
	}
	if _, err := e.w.Write([]byte(text)); err != nil {
		return err
	}
	return e.to.Flush()
}
