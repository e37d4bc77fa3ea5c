package webapp

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/perdure-dev/perdure/tokens"
)

// maxAddress bounds an address by the way back in it. Servers and proxies that are set up
// as they come take 8 KiB.
const maxAddress = 7 << 10

// place is where in the list a reader is, all of it in the address:
//
//	/items?page=TOKEN&number=4&back=TOKEN&back=TOKEN
//
// A list that goes on by tokens has no way back: a page names the next one and not the
// one before. So the address carries the tokens of the pages that the reader came by.
// It cannot carry all of them, so it carries the newest, as many as fit; who goes back
// further than that begins again at the first page. Whatever instance answers, the way
// back is there, in every tab its own, and without a session that remembers it.
//
// The tokens on the way back are carried and not opened: each is verified when it is
// followed. The number is what the reader sees, and decides nothing.
type place struct {
	token  tokens.Token // none: the first page
	number int          // counted from 1
	back   []tokens.Token
}

// readPlace reads what address wrote. Errors are those of [tokens.Parse].
func readPlace(query url.Values) (place, error) {
	p := place{number: 1}
	if !query.Has("page") {
		return p, nil
	}
	var err error
	if p.token, err = tokens.Parse(query.Get("page")); err != nil {
		return place{}, err
	}
	for _, text := range query["back"] {
		token, err := tokens.Parse(text)
		if err != nil {
			return place{}, err
		}
		p.back = append(p.back, token)
	}
	if number, err := strconv.Atoi(query.Get("number")); err == nil && number > 1 {
		p.number = number
	}
	return p.fitting(), nil
}

func (p place) address() string {
	if p.token.IsZero() {
		return "/items"
	}
	// A token is made of letters that stand in an address for themselves. The page comes
	// first: of an address that is cut short, no more than the way back is lost unseen.
	var query strings.Builder
	query.WriteString("page=" + p.token.Text() + "&number=" + strconv.Itoa(p.number))
	for _, token := range p.back {
		query.WriteString("&back=" + token.Text())
	}
	return "/items?" + query.String()
}

func (p place) title() string {
	if p.number == 1 {
		return "Items"
	}
	return fmt.Sprintf("Items, page %d", p.number)
}

// next is the place after this one, whose page has such tokens. False: it is the last.
func (p place) next(own, next tokens.Token) (place, bool) {
	if next.IsZero() {
		return place{}, false
	}
	to := place{token: next, number: p.number + 1}
	if !own.IsZero() { // as a page has none whose token would be too long
		to.back = append(slices.Clone(p.back), own)
	}
	return to.fitting(), true
}

// previous is the place before this one. False: the address does not know it.
func (p place) previous() (place, bool) {
	last := len(p.back) - 1
	if last < 0 {
		return place{}, false
	}
	return place{token: p.back[last], number: max(1, p.number-1), back: p.back[:last]}, true
}

// fitting is the place without the oldest part of the way back, as far as its address
// would be too long.
func (p place) fitting() place {
	for len(p.back) > 0 && len(p.address()) > maxAddress {
		p.back = p.back[1:]
	}
	return p
}
