package tokens_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/perdure-dev/perdure/tokens"
)

// A rotation takes two steps: first all have the new key, and then it seals.
func ExamplePromoteKey() {
	folder, err := os.MkdirTemp("", "keys")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	file := filepath.Join(folder, "keyset.json")
	first, err := tokens.Create(file)
	if err != nil {
		panic(err)
	}
	show := func(keyset *tokens.Keyset, err error) {
		if err != nil {
			panic(err)
		}
		for i, key := range keyset.Keys() {
			fmt.Printf("key %d: primary %t, pending %t, %s\n", i, key.Primary, key.Pending, key.Status)
		}
	}
	show(tokens.AddKey(file))     // then give the file to all who have the keyset
	show(tokens.PromoteKey(file)) // what the first has sealed still opens
	show(tokens.RetireKey(file, first.PrimaryKeyID()))
	// Output:
	// key 0: primary true, pending false, enabled
	// key 1: primary false, pending true, enabled
	// key 0: primary false, pending false, enabled
	// key 1: primary true, pending false, enabled
	// key 0: primary false, pending false, disabled
	// key 1: primary true, pending false, enabled
}
