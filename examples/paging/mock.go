package paging

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// Mock is a collection in memory, for tests. Its tokens are sealed, so that another's are
// refused with the errors of package tokens, and its pages count as starter's do: from 0,
// wherever a reader begins. It is not safe for concurrent use.
type Mock[T any] struct {
	// Fail is what asking for a page fails with, by its index from the beginning. A test
	// may change it at any time.
	Fail map[int]error
	// Asked are the pages that were asked for, by that index, in order.
	Asked []int

	pages  [][]T
	keyset *tokens.Keyset
}

// NewMock makes a collection of the pages; of none, one that has an empty page.
func NewMock[T any](pages ...[]T) (*Mock[T], error) {
	if len(pages) == 0 {
		pages = [][]T{nil}
	}
	keyset, err := tokens.NewKeyset()
	return &Mock[T]{pages: pages, keyset: keyset}, err
}

// Pages goes through the pages as [starter.Pages] does, but fetches none ahead.
func (m *Mock[T]) Pages(ctx context.Context, from tokens.Token) iter.Seq2[*starter.Page[T], error] {
	return func(yield func(*starter.Page[T], error) bool) {
		first, err := m.open(from)
		if err != nil {
			yield(nil, err)
			return
		}
		for index := first; ; index++ {
			page, err := m.page(ctx, index)
			if err != nil {
				yield(nil, err)
				return
			}
			page.Index = index - first
			if !yield(page, nil) || page.Last {
				return
			}
		}
	}
}

// Page gives one page as [starter.GetPage] does.
func (m *Mock[T]) Page(ctx context.Context, token tokens.Token) (*starter.Page[T], error) {
	index, err := m.open(token)
	if err != nil {
		return nil, err
	}
	return m.page(ctx, index)
}

func (m *Mock[T]) page(ctx context.Context, index int) (*starter.Page[T], error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	m.Asked = append(m.Asked, index)
	if err := m.Fail[index]; err != nil {
		return nil, err
	}
	page := &starter.Page[T]{Values: m.pages[index], Last: index == len(m.pages)-1}
	var err error
	if page.PageToken, err = m.seal(index); err != nil || page.Last {
		return page, err
	}
	page.NextPageToken, err = m.seal(index + 1)
	return page, err
}

// seal makes the token of a page: its index is all the state that there is.
func (m *Mock[T]) seal(index int) (tokens.Token, error) {
	header := tokens.Header{Kind: tokens.KindPage, IssuedAt: time.Now()}
	return m.keyset.Seal(header, []byte(strconv.Itoa(index)))
}

func (m *Mock[T]) open(token tokens.Token) (index int, err error) {
	if token.IsZero() {
		return 0, nil
	}
	opened, err := m.keyset.Open(token, tokens.Expect{Kind: tokens.KindPage})
	if err != nil {
		return 0, fmt.Errorf("paging: %w", err)
	}
	return strconv.Atoi(string(opened.State))
}
