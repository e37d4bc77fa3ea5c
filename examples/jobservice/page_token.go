package jobservice

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// naming is how a list names a page.
type naming interface {
	// place is where the token leads to.
	place(of paging, token string) (place, error)
	// next is the token that the page gives away, empty if it has nothing to name
	// a page by; it may change the page for it.
	next(of paging, page *itemPage) string
}

// byPage names a page by a token of its own.
type byPage struct{}

// Around a token's index is what a client that does not encode it, or encodes
// it twice, gets wrong.
const tokenHead, tokenTail = "page:", "+/=="

func (byPage) place(of paging, token string) (place, error) {
	index, headed := strings.CutPrefix(token, tokenHead)
	index, tailed := strings.CutSuffix(index, tokenTail)
	if n, err := strconv.Atoi(index); headed && tailed && err == nil && n > 0 {
		if at, there := of.at(n); there {
			return at, nil
		}
	}
	return place{}, errors.New("the page token is none of this list's")
}

func (byPage) next(_ paging, page *itemPage) string {
	return tokenHead + strconv.Itoa(page.next) + tokenTail
}

// byItem names a page by the item before it.
type byItem struct{}

func (byItem) place(of paging, token string) (place, error) {
	number, err := strconv.Atoi(strings.TrimPrefix(token, "item_"))
	if err != nil || number < 0 || number >= of.Count || token != itemID(number) {
		return place{}, errors.New("No such item: " + strconv.Quote(token))
	}
	return place{index: (number + 1) / of.size, first: number + 1}, nil
}

// next puts the item before a page that is not the one after at the page's end.
func (byItem) next(of paging, page *itemPage) string {
	last := len(page.items) - 1
	if last < 0 {
		return ""
	}
	if before := page.next*of.size - 1; page.next != page.index+1 && before >= 0 {
		page.items[last] = of.items(before, before+1)[0]
	}
	return page.items[last].ID
}

// issued are the newest tokens that lists have given away. It is safe for
// concurrent use.
type issued struct {
	keep int // 0: all tokens are taken

	mu     sync.Mutex
	byPath map[string][]string // the newest last
}

func newIssued(keep int) *issued { return &issued{keep: keep, byPath: map[string][]string{}} }

func (i *issued) add(path, token string) {
	if i.keep == 0 {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	tokens := slices.DeleteFunc(i.byPath[path], func(known string) bool { return known == token })
	tokens = append(tokens, token)
	i.byPath[path] = tokens[max(0, len(tokens)-i.keep):]
}

// takes reports whether the token has not expired.
func (i *issued) takes(path, token string) bool {
	if i.keep == 0 {
		return true
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Contains(i.byPath[path], token)
}
