package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol/jmes"
)

// eventFlags say which events are printed, and what of them.
type eventFlags struct {
	from int
	text string
}

func (e *eventFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&e.from, "from", 0, "begin at this `offset` (default the first that is recorded)")
	f.StringVar(&e.text, "text", "", "print what this JMESPath `expression` gives of each event's data, without line breaks between")
}

func (e *eventFlags) delivery(a *app, cmd *cobra.Command) (*eventDelivery, error) {
	switch {
	case e.from < 0:
		return nil, usagef("--from: is %d, want 0 for the first event, or more", e.from)
	case e.text != "" && a.json():
		return nil, usagef("--text prints text, and --output json prints events: want one of them")
	}
	d := &eventDelivery{a: a, next: e.from, anywhere: !cmd.Flags().Changed("from"), expression: e.text}
	if e.text != "" {
		var err error
		if d.path, err = jmes.Compile("--text", e.text); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// eventDelivery prints the events of a stream, and knows where to go on after them.
type eventDelivery struct {
	a  *app
	id string
	// path picks the text of an event; nil: all of it is printed.
	path       *jmes.Path
	expression string // of path
	// anywhere: it begins where the record does.
	anywhere bool

	// next is the offset of what was not printed.
	next    int
	printed int
	// inLine: what was printed last has no line end.
	inLine bool
}

// deliver prints event after event, to the last one or to an error.
func (d *eventDelivery) deliver(ctx context.Context, s stream) error {
	err := d.printAll(ctx, s)
	if d.anywhere && isNotRecorded(err) {
		if err = d.skip(ctx, s); err == nil {
			err = d.printAll(ctx, s)
		}
	}
	switch {
	case isClosedPipe(err):
		return errSeenEnough
	case d.inLine && isTerminal(d.a.Stdout):
		fmt.Fprintln(d.a.Stdout)
	}
	if err != nil {
		return d.brokenOff(ctx, err)
	}
	return nil
}

func (d *eventDelivery) printAll(ctx context.Context, s stream) error {
	for e, err := range s.Events(ctx, d.next) {
		if err == nil {
			err = d.print(e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *eventDelivery) print(e *event) error {
	if d.path == nil {
		if err := d.a.printEvent(e); err != nil {
			return err
		}
	} else if err := d.printPicked(e); err != nil {
		return err
	}
	d.printed, d.next = d.printed+1, e.Offset+1
	return nil
}

func (d *eventDelivery) printPicked(e *event) error {
	text := picked(d.path, e.Data)
	if text == "" {
		return nil
	}
	d.inLine = !strings.HasSuffix(text, "\n")
	return d.a.printText(text)
}

// isNotRecorded: the event came before the token from which the stream was taken up.
func isNotRecorded(err error) bool {
	bad, ok := errors.AsType[*perdure.StreamError](err)
	return ok && bad.Type == perdure.ErrorNotFetched
}

// skip goes to where the record begins, once a worker says where: what was recorded last
// does not.
func (d *eventDelivery) skip(ctx context.Context, s stream) error {
	for {
		status, err := s.Status(ctx)
		switch {
		case err != nil:
			return err
		case len(status.Segments) > 0:
			d.next = status.Segments[0].FirstOffset
			return nil
		case !status.Stale:
			return nil
		}
		if err := pause(ctx, followEvery); err != nil {
			return err
		}
	}
}

// brokenOff says why there are no more events, and where to go on.
func (d *eventDelivery) brokenOff(ctx context.Context, err error) error {
	stopped := ctx.Err() != nil
	switch _, over := errors.AsType[*perdure.StreamError](err); {
	case stopped && d.printed == 0:
		err = &typedError{kind: typeStopped, message: "stopped before an event came"}
	case stopped:
		err = &typedError{kind: typeStopped, message: "stopped after " + count(d.printed, "event") + "; the stream goes on"}
	case over:
		return about(d.id, err)
	default:
		err = inStreamWords(err)
	}
	if !stopped && d.printed == 0 {
		return about(d.id, err)
	}
	return about(d.id, &leftOffError{err: err, next: &d.next, command: d.goOn()})
}

// goOn is the command line that prints the rest.
func (d *eventDelivery) goOn() string {
	words := []string{"perdure stream --id", shellWord(d.id), "--from", strconv.Itoa(d.next)}
	if d.expression != "" {
		words = append(words, "--text", shellWord(d.expression))
	}
	return strings.Join(words, " ")
}
