// Package storage keeps payloads that are too large for Temporal outside of it, in a
// directory or, by package storage/s3, in a bucket. It gives the driver that the SDK's
// external storage asks for, and that package payloads takes.
//
// An object is named by its content and by the workflow that it belongs to, and never
// changes; what comes back is held against its digest. What a history says of an object is
// relative to the store, so that a store may be moved. When objects can be deleted is in
// docs/storage.md.
//
// May import: the SDK's converter package and its S3 driver, which knows no AWS; of this
// module nothing.
package storage
