package s3

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.temporal.io/sdk/contrib/aws/s3driver"
	"go.temporal.io/sdk/contrib/aws/s3driver/awssdkv2"
	"go.temporal.io/sdk/converter"

	"github.com/perdure-dev/perdure/storage"
)

// defaultRegion is what services that are not AWS's own call theirs.
const defaultRegion = "us-east-1"

// Open gives the driver for a store, as [storage.ParseURL] has it. Credentials, and the
// region where the URL has none, are what AWS's environment, files and roles say. It reads
// those, and does not ask the bucket.
func Open(ctx context.Context, url string) (converter.StorageDriver, error) {
	u, err := storage.ParseURL(url)
	switch {
	case err != nil:
		return nil, fmt.Errorf("s3: the URL %w", err)
	case u.Bucket == "":
		return nil, errors.New("s3: the URL is not of a bucket")
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		if u.Region != "" {
			o.Region = u.Region
		}
		if u.Endpoint == "" {
			return
		}
		o.BaseEndpoint, o.UsePathStyle = aws.String(u.Endpoint), true
		if o.Region == "" {
			o.Region = defaultRegion
		}
		// Not every service knows AWS's newer checksums. The driver has its own.
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
	if client.Options().Region == "" {
		return nil, errors.New("s3: no region: set it in the URL, or AWS_REGION")
	}
	return storage.New(bucket{client: awssdkv2.NewClient(client), name: u.Bucket, prefix: u.Prefix})
}

// bucket is one, below a prefix.
type bucket struct {
	client       s3driver.Client
	name, prefix string
}

// Put uploads.
func (b bucket) Put(ctx context.Context, key string, data []byte) error {
	return b.client.PutObject(ctx, b.name, b.prefix+key, data)
}

// Get downloads.
func (b bucket) Get(ctx context.Context, key string) ([]byte, error) {
	return b.client.GetObject(ctx, b.name, b.prefix+key)
}

// String is the URL without its query.
func (b bucket) String() string {
	return strings.TrimSuffix("s3://"+b.name+"/"+b.prefix, "/")
}
