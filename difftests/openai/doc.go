// Package openai plays the same operations to OpenAI's SDK for Go and to Perdure.
package openai
