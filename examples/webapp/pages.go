package webapp

import (
	"context"
	"net/http"

	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// Item is one of the list.
type Item struct {
	ID     string `json:"id"`
	Number int    `json:"number"`
	Text   string `json:"text"`
}

// Items is the list.
type Items interface {
	// Page gives the page that the token names; no token: the first. A token that was
	// not made for the user is refused with [tokens.ErrAudience].
	Page(ctx context.Context, user User, token tokens.Token) (*starter.Page[Item], error)
}

// itemsView is what the page of items shows.
type itemsView struct {
	Items  []Item
	Number int
	// Addresses; "" where there is none.
	First, Previous, Next string
}

func (a *app) showItems(w http.ResponseWriter, r *http.Request, user User) {
	at, err := readPlace(r.URL.Query())
	if err != nil {
		a.refuse(w, r, user, err)
		return
	}
	page, err := a.items.Page(r.Context(), user, at.token)
	if err != nil {
		a.refuse(w, r, user, err)
		return
	}
	a.show(w, r, http.StatusOK, "items", view{Title: at.title(), User: user, Content: viewOf(at, page)})
}

func viewOf(at place, page *starter.Page[Item]) itemsView {
	v := itemsView{Items: page.Values, Number: at.number}
	if at.number > 1 {
		v.First = place{number: 1}.address()
	}
	if previous, ok := at.previous(); ok {
		v.Previous = previous.address()
	}
	if next, ok := at.next(page.PageToken, page.NextPageToken); ok {
		v.Next = next.address()
	}
	return v
}
