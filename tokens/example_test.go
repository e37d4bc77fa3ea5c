package tokens_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/perdure-dev/perdure/tokens"
)

func Example() {
	keys, err := tokens.NewKeyset() // in production: tokens.LoadKeyset("keyset.json")
	if err != nil {
		panic(err)
	}

	token, err := keys.Seal(tokens.Header{
		Kind:       tokens.KindOperation,
		WorkflowID: "stores/7",
		Service:    "jobs",
		Type:       "CreateVectorStore",
		IssuedAt:   time.Now(),
	}, []byte(`{"monitor":"/v1/vector_stores/vs_1"}`))
	if err != nil {
		panic(err)
	}
	fmt.Println(token)
	stored := token.Text()

	// Later, elsewhere, with the same keyset.
	token, err = tokens.Parse(stored)
	if err != nil {
		panic(err)
	}
	opened, err := keys.Open(token, tokens.Expect{
		Kind:     tokens.KindOperation,
		Type:     "CreateVectorStore",
		Lifetime: 30 * 24 * time.Hour,
		Now:      time.Now(),
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(opened.Header.WorkflowID, string(opened.State))

	_, err = keys.Open(token, tokens.Expect{Kind: tokens.KindOperation, Type: "DeleteVectorStore"})
	fmt.Println(errors.Is(err, tokens.ErrType), err)

	// Output:
	// continuation token (redacted)
	// stores/7 {"monitor":"/v1/vector_stores/vs_1"}
	// true tokens: wrong type: the token is for type "CreateVectorStore", asked for type "DeleteVectorStore"
}
