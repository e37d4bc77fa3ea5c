// Package s3 is a store in a bucket, of AWS or of a service that speaks its protocol. It
// is a package of its own because it links the AWS SDK.
//
//	driver, err := s3.Open(ctx, "s3://bucket/prefix?endpoint=https://minio.internal:9000&region=us-east-1")
//
// May import: storage, the SDK's S3 driver, and the AWS SDK.
package s3
