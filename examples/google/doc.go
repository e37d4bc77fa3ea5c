// Package google is an example of a typed client for a Google Cloud API: instances of
// Memorystore for Redis, whose methods give an [Operation] with a name and metadata.
//
// What the API refuses is an [Error]. The workers hold the credentials and know the
// service as "redis", with the base URL https://redis.googleapis.com.
//
// This package may import the root package, tokens and starter.
package google
