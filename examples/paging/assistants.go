package paging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// Assistant is one value of the collection.
type Assistant struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Assistants is all that the program knows of paging.
type Assistants interface {
	// Pages goes through the pages, from the one that the token names; no token: from the
	// first. An error comes once, last, with a nil page.
	Pages(ctx context.Context, from tokens.Token) iter.Seq2[*starter.Page[Assistant], error]
	// Page gives the page that the token names; no token: the first.
	Page(ctx context.Context, token tokens.Token) (*starter.Page[Assistant], error)
}

// Print writes the assistants, one a line, from the page that the token names. The token
// that it returns is of the first page that it did not write to its end, none when it
// wrote all: after an error, print from there.
func Print(ctx context.Context, w io.Writer, all Assistants, from tokens.Token) (next tokens.Token, err error) {
	next = from
	for page, err := range all.Pages(ctx, from) {
		if err != nil {
			return next, err
		}
		for _, a := range page.Values {
			if _, err := fmt.Fprintln(w, a.ID, a.Name); err != nil {
				return next, err
			}
		}
		next = page.NextPageToken
	}
	return next, nil
}

// ErrNotFound says that no assistant has the name.
var ErrNotFound = errors.New("paging: no assistant has that name")

// Find gives the first assistant of the name, and the token of the page that it is on. It
// reads no page after that.
func Find(ctx context.Context, all Assistants, name string) (Assistant, tokens.Token, error) {
	for page, err := range all.Pages(ctx, tokens.Token{}) {
		if err != nil {
			return Assistant{}, tokens.Token{}, err
		}
		for _, a := range page.Values {
			if a.Name == name {
				return a, page.PageToken, nil
			}
		}
	}
	return Assistant{}, tokens.Token{}, ErrNotFound
}
