package storage_test

import (
	"context"
	"fmt"
	"io/fs"
	"log"

	"github.com/perdure-dev/perdure/payloads"
	"github.com/perdure-dev/perdure/storage"
)

// shelf keeps objects in memory.
type shelf map[string][]byte

func (s shelf) Put(_ context.Context, key string, data []byte) error {
	s[key] = data
	return nil
}

func (s shelf) Get(_ context.Context, key string) ([]byte, error) {
	data, ok := s[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return data, nil
}

func (s shelf) String() string { return "a shelf" }

// A store of one's own.
func ExampleNew() {
	var objects storage.Objects = shelf{}
	driver, err := storage.New(objects)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(payloads.New(payloads.Options{Store: driver}).Stored())
	// Output:
	// true
}

// What a store's URL says.
func ExampleParseURL() {
	for _, text := range []string{"file:///var/lib/perdure", "s3://orders/payloads?region=eu-central-1", "s3://"} {
		url, err := storage.ParseURL(text)
		fmt.Printf("%q %q %q %q %v\n", url.Directory, url.Bucket, url.Prefix, url.Region, err)
	}
	// Output:
	// "/var/lib/perdure" "" "" "" <nil>
	// "" "orders" "payloads/" "eu-central-1" <nil>
	// "" "" "" "" want s3://BUCKET/PREFIX?endpoint=URL&region=REGION
}
