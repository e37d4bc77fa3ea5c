// Package google plays the same operations to Google's client for Go and to Perdure.
package google
