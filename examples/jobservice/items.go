package jobservice

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// ItemOptions says what the paged lists hold, and how they are split into
// pages. All lists hold the same items, each made when it is asked for: many or
// large ones take no memory.
type ItemOptions struct {
	// Count is how many items there are; default 1,000, negative: none.
	Count int
	// PerPage is how many items are on a page whose request does not say;
	// default 100.
	PerPage int
	// Padding is how many bytes of text an item has beside its name.
	Padding int

	// EmptyEvery, at least 2, makes every so manieth page an empty one: 3 makes
	// pages 2, 5, 8 and so on, as far as items come after it. Not in the OpenAI
	// style, where a page without an item is the last one.
	EmptyEvery int
	// Next says which page the page of an index names as its next, where that
	// is not the one after it: itself, or an earlier one, or one that is not
	// there. In the OpenAI style nothing can name page 0.
	Next map[int]int

	// KeepTokens, above 0, is how many page tokens of a list are taken, the
	// newest; those before them, and those of an earlier process, have expired.
	KeepTokens int
	// ExpiredStatus is what an expired one is answered with: 410 (the default)
	// or 400.
	ExpiredStatus int

	// RelativeLinks makes the links to next pages begin with their path.
	RelativeLinks bool
}

func (o ItemOptions) validated() (ItemOptions, error) {
	const count, perPage = 1000, 100
	o.Count = max(0, cmp.Or(o.Count, count))
	o.PerPage = cmp.Or(o.PerPage, perPage)
	o.ExpiredStatus = cmp.Or(o.ExpiredStatus, http.StatusGone)
	switch {
	case o.PerPage < 0 || o.Padding < 0 || o.KeepTokens < 0:
		return ItemOptions{}, errors.New("jobservice: Items.PerPage, Padding and KeepTokens must not be negative")
	case o.EmptyEvery < 0 || o.EmptyEvery == 1:
		return ItemOptions{}, errors.New("jobservice: Items.EmptyEvery: 0, or at least 2")
	case o.ExpiredStatus != http.StatusGone && o.ExpiredStatus != http.StatusBadRequest:
		return ItemOptions{}, errors.New("jobservice: Items.ExpiredStatus: 410 or 400")
	}
	for from, to := range o.Next {
		if from < 0 || to < 0 {
			return ItemOptions{}, errors.New("jobservice: Items.Next: indexes count from 0")
		}
	}
	return o, nil
}

// item is one of the items; all of it follows from its number.
type item struct {
	ID     string `json:"id"`
	Number int    `json:"number"`
	Text   string `json:"text"`
}

func itemID(number int) string { return fmt.Sprintf("item_%06d", number) }

// items gives those from first to before end.
func (o ItemOptions) items(first, end int) []item {
	padding := strings.Repeat("x", o.Padding)
	items := make([]item, 0, max(0, end-first))
	for number := first; number < end; number++ {
		items = append(items, item{ID: itemID(number), Number: number, Text: fmt.Sprintf("Item %d", number) + padding})
	}
	return items
}
