package openai

import (
	"strings"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// object is what is known of one kind of object of the API.
type object struct {
	succeeded, failed, canceled []string
	cancel                      bool // POST {status URL}/cancel exists
}

// objects by the value of the field "object". Whatever word is not listed means
// running (OpenAPI document, enum of the status of each object).
var objects = map[string]object{
	"batch":                    {succeeded: words("completed"), failed: words("failed", "expired"), canceled: words("cancelled"), cancel: true},
	"fine_tuning.job":          {succeeded: words("succeeded"), failed: words("failed"), canceled: words("cancelled"), cancel: true},
	"response":                 {succeeded: words("completed"), failed: words("failed", "incomplete"), canceled: words("cancelled"), cancel: true},
	"vector_store":             {succeeded: words("completed"), failed: words("expired")},
	"vector_store.file":        {succeeded: words("completed"), failed: words("failed"), canceled: words("cancelled")},
	"vector_store.file_batch":  {succeeded: words("completed"), failed: words("failed"), canceled: words("cancelled"), cancel: true},
	"vector_store.files_batch": {succeeded: words("completed"), failed: words("failed"), canceled: words("cancelled"), cancel: true}, // the word that the API really sends
	"video":                    {succeeded: words("completed"), failed: words("failed")},
	"thread.run":               {succeeded: words("completed"), failed: words("failed", "incomplete", "expired"), canceled: words("cancelled"), cancel: true},
}

// unlisted is for objects that the table does not have: the words that end any of
// the others, and a cancel that is tried.
var unlisted = object{
	succeeded: words("completed", "succeeded"), failed: words("failed", "expired", "incomplete"),
	canceled: words("cancelled", "canceled"), cancel: true,
}

func words(w ...string) []string { return w }

func lookup(name string) object {
	if o, ok := objects[name]; ok {
		return o
	}
	return unlisted
}

func (o object) outcome(word string) protocol.Outcome {
	switch {
	case contains(o.succeeded, word):
		return protocol.Succeeded
	case contains(o.failed, word):
		return protocol.Failed
	case contains(o.canceled, word):
		return protocol.Canceled
	}
	return protocol.Running
}

func contains(list []string, word string) bool {
	for _, w := range list {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}
