package openai

import (
	"net/url"
	"strconv"

	"github.com/perdure-dev/perdure/starter"
)

// ListParams say what is listed, and how much of it a page has.
type ListParams struct {
	// Limit is the size of a page, 1 to 100; 0: the API's default, 20.
	Limit int
	// Order by the time of creation: "asc" or "desc"; "": the API's default, "desc".
	Order string
}

func (p ListParams) call() starter.Call {
	query := url.Values{}
	if p.Limit != 0 {
		query.Set("limit", strconv.Itoa(p.Limit))
	}
	if p.Order != "" {
		query.Set("order", p.Order)
	}
	return starter.Call{Query: query}
}
