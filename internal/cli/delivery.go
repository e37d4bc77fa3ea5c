package cli

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"syscall"

	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// delivery prints the pages of a collection, and knows where to go on after them.
type delivery struct {
	a        *app
	id       string
	values   bool
	maxPages int // 0: all

	pages, items int
	// next is the token of what was not printed; none where there is no more, or no
	// token.
	next tokens.Token
}

// errSeenEnough: nobody reads any further.
var errSeenEnough = errors.New("standard output is closed")

// deliver prints page after page, to the last one or to an error.
func (d *delivery) deliver(ctx context.Context, c collection) error {
	for p, err := range c.Pages(ctx, nil) {
		if err == nil {
			err = d.print(p)
		}
		switch {
		case isClosedPipe(err):
			return errSeenEnough
		case err != nil:
			return d.brokenOff(ctx, err)
		}
	}
	return nil
}

func (d *delivery) print(p *page) error {
	d.next = p.PageToken
	if err := d.a.printPage(p, d.values); err != nil {
		return err
	}
	d.pages, d.items, d.next = d.pages+1, d.items+len(p.Values), p.NextPageToken
	return nil
}

// isClosedPipe: nobody reads standard output any more. Most processes have ended by
// SIGPIPE before they see it.
func isClosedPipe(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}

// brokenOff says why there are no more pages, and where to go on.
func (d *delivery) brokenOff(ctx context.Context, err error) error {
	switch {
	case ctx.Err() == nil && d.pages == 0:
		return about(d.id, ofCollection(err))
	case ctx.Err() == nil:
		err = ofCollection(err)
	case d.next.IsZero():
		err = &typedError{kind: typeStopped, message: "stopped; the collection stays, and this reads it: perdure pages --id " + shellWord(d.id)}
	default:
		err = &typedError{kind: typeStopped, message: "stopped after " + count(d.pages, "page") + "; the collection stays"}
	}
	return about(d.id, &leftOffError{err: err, token: d.next, command: d.goOn()})
}

// ofCollection words what is worded for operations elsewhere.
func ofCollection(err error) error {
	switch {
	case errors.Is(err, starter.ErrTerminated):
		return &typedError{kind: typeTerminated, message: withoutPackage(err.Error()) + "; the tokens of its pages still go on"}
	case errors.Is(err, starter.ErrNotFound):
		return &typedError{kind: typeNotFound, message: withoutPackage(err.Error())}
	}
	return err
}

// goOn is the command line that prints the rest; "" where no token does.
func (d *delivery) goOn() string {
	if d.next.IsZero() {
		return ""
	}
	words := append([]string{"perdure pages --from", d.next.Text()}, tokenWants(d.next)...)
	if d.maxPages > d.pages {
		words = append(words, "--max-pages", strconv.Itoa(d.maxPages-d.pages))
	}
	if d.values {
		words = append(words, "--values")
	}
	return strings.Join(words, " ")
}

// tokenWants are the flags without which a token is refused.
func tokenWants(t tokens.Token) []string {
	h, err := t.Header()
	if err != nil {
		return nil
	}
	var words []string
	if h.Type != "" {
		words = append(words, "--type", shellWord(h.Type))
	}
	if h.Audience != "" {
		words = append(words, "--audience", shellWord(h.Audience))
	}
	return words
}
