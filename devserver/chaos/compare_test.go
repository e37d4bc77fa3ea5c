package chaos_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/perdure-dev/perdure"
)

// findings are what is wrong, a line each.
type findings []string

func (f *findings) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// compare holds what the callers got against the books and the script.
func (w *world) compare(all *callers) findings {
	var f findings
	for _, o := range all.operations {
		w.compareOperation(&f, o)
	}
	for _, c := range all.collections {
		w.compareCollection(&f, c)
	}
	for _, s := range all.streams {
		w.compareStream(&f, s)
	}
	return f
}

func (w *world) compareOperation(f *findings, o *operation) {
	executed := w.service.books.executed(o.name)
	switch {
	case o.err != nil:
		f.add("%s at %s: nobody could say how it ended: %v", o.name, o.service, o.err)
		return
	case len(executed) != 1:
		f.add("%s at %s: was started %d times: %v", o.name, o.service, len(executed), w.service.books.startsOf(o.name))
		return
	}
	if got, want := o.outcome(), w.size.operation(o.name).outcome(o.name, executed[0]); got != want {
		f.add("%s at %s: ended as %s, and the service says %s", o.name, o.service, got, want)
	}
}

// outcome is how an operation ended for its caller, in a line.
func (o *operation) outcome() string {
	if o.bad == nil {
		return fmt.Sprintf("Succeeded %+v", o.value)
	}
	s := o.bad.Status
	if o.bad.Type == perdure.ErrorOperationFailed && s.Error != nil {
		return "Failed " + s.Error.Code + " " + s.Error.Message
	}
	if o.bad.Type == perdure.ErrorCanceled && s.State == perdure.StateCanceled {
		return "Canceled"
	}
	return o.bad.Error() + " (" + string(s.State) + ")"
}

// outcome is how it has to end.
func (o operationScript) outcome(name, remote string) string {
	switch o.end {
	case "Failed":
		return "Failed Scripted " + strconv.FormatInt(o.answer, 10)
	case "Canceled":
		return "Canceled"
	}
	return fmt.Sprintf("Succeeded %+v", jobValue{name, remote, o.answer})
}

func (w *world) compareCollection(f *findings, c *collection) {
	if c.err != nil {
		f.add("%s: after %d pages: %v", c.name, len(c.pages), c.err)
		return
	}
	served := w.size.collection(c.name)
	if !slices.EqualFunc(c.pages, served, sameValues) {
		f.add("%s: its %d pages are not as they were served", c.name, len(c.pages))
	}
	for i, values := range c.byToken {
		if !sameValues(values, served[i]) {
			f.add("%s: page %d, by its token, is not as it was served", c.name, i)
		}
	}
}

func sameValues(a, b []json.RawMessage) bool {
	return slices.EqualFunc(a, b, func(a, b json.RawMessage) bool { return string(a) == string(b) })
}

func (w *world) compareStream(f *findings, s *stream) {
	if s.err != nil {
		f.add("%s: after %d events: %v", s.name, len(s.live), s.err)
		return
	}
	for what, got := range map[string][]string{"as it came": s.live, "read again": s.again} {
		if want := w.size.stream(s.name).events; !slices.Equal(got, want) {
			f.add("%s, %s: %d events, and the service sent %d, or they differ", s.name, what, len(got), len(want))
		}
	}
}
