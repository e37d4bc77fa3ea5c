package starter_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// Assistant is a value of the collections in these examples.
type Assistant struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// assistants is a list that a service gives page by page.
func assistants() perdure.CollectionInput {
	return perdure.CollectionInput{
		Request: &perdure.Request{Service: "openai", Method: "GET", URL: "/assistants?limit=100"},
		Type:    "ListAssistants",
	}
}

// Go through the pages; what went wrong comes once, last.
func ExamplePages() {
	ctx, c := context.Background(), connect()
	var next tokens.Token
	for page, err := range starter.Pages[Assistant](ctx, c, assistants(), nil) {
		var bad *perdure.CollectionError
		switch {
		case errors.As(err, &bad):
			log.Fatalf("page after %v: %s", next, bad.Type)
		case err != nil:
			log.Fatal(err)
		}
		for _, a := range page.Values {
			fmt.Println(a.ID, a.Name)
		}
		next = page.NextPageToken // goes on from here, in any process
	}
}

// Go through the values, whatever page they are on.
func ExampleAll() {
	ctx, c := context.Background(), connect()
	for a, err := range starter.All[Assistant](ctx, c, assistants(), nil) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(a.ID)
	}
}

// One page for a web server that keeps nothing: the token is in the URL.
func ExampleGetPage() {
	ctx, c := context.Background(), connect()
	in := perdure.CollectionInput{Token: "perdure1_...", Type: "ListAssistants", Audience: "user-7"}
	// With an id: who reloads gets the same page, which the service is asked for once.
	page, err := starter.GetPage[Assistant](ctx, c, in, &starter.PageOptions{ID: "user-7/form-2"})
	switch {
	case errors.Is(err, tokens.ErrAudience), errors.Is(err, tokens.ErrExpired):
		fmt.Println("not yours, or too old:", err)
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println(len(page.Values), page.NextPageToken.Text())
	}
}

// The same collection for several readers: each page is fetched once.
func ExampleStartCollection() {
	ctx, c := context.Background(), connect()
	list, err := starter.StartCollection[Assistant](ctx, c, assistants(), &starter.CollectionOptions{ID: "assistants-2026-11"})
	if err != nil {
		log.Fatal(err)
	}
	for page, err := range list.Pages(ctx, &starter.PagesOptions{From: 40}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(page.Index, len(page.Values))
	}
}
