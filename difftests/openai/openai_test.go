package openai_test

import (
	"testing"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/difftests/internal/compare"
)

// explained has every difference there is.
var explained = map[string]compare.Difference{
	"over with the start":          {Why: "the SDK's helper asks once more for an object that was over when it was created; Perdure has its value already"},
	"a word that nobody has":       {Theirs: compare.Unreadable, Why: "the SDK ends on a word that it does not know; for Perdure that means running"},
	"a word in capitals":           {Theirs: compare.Unreadable, Why: "the SDK compares words as they are spelled, Perdure without case"},
	"three errors in a row":        {Theirs: compare.Refused, Why: "the SDK gives up after two retries; what is transient never ends an operation of Perdure's"},
	"advised against":              {Theirs: compare.Refused, Why: "x-should-retry: false ends the SDK's polling after a 5xx or 429; for Perdure they stay transient"},
	"advised for, three times":     {Theirs: compare.Refused, Why: "as three errors in a row"},
	"the start is answered by 500": {Theirs: compare.Succeeded, Ours: perdure.ErrorStartAmbiguous, Why: "the SDK sends the start again, which may create a second object; Perdure cannot know whether the first one was created, and says so"},
}

//rule:openai 5
func TestOpenAI(t *testing.T) {
	t.Parallel()
	compare.Run(t, exchanges(), explained)
}
