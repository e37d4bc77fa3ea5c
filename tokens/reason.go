package tokens

import "errors"

// reasons are the errors by their words in docs/tokens.md.
var reasons = []struct {
	word string
	err  error
}{
	{"malformed", ErrMalformed},
	{"tooLarge", ErrTooLarge},
	{"notAuthentic", ErrNotAuthentic},
	{"keyRetired", ErrKeyRetired},
	{"kind", ErrKind},
	{"service", ErrService},
	{"type", ErrType},
	{"audience", ErrAudience},
	{"expired", ErrExpired},
}

// Reason is why a token is refused, in the word that stands for it in JSON: "audience"
// for [ErrAudience], "keyRetired" for [ErrKeyRetired], and so on. It is "" for an error
// that wraps none of them.
func Reason(err error) string {
	for _, r := range reasons {
		if errors.Is(err, r.err) {
			return r.word
		}
	}
	return ""
}

// Reasons are the words that [Reason] gives.
func Reasons() []string {
	out := make([]string, 0, len(reasons))
	for _, r := range reasons {
		out = append(out, r.word)
	}
	return out
}

// ReasonError is the error that a word of [Reason] stands for; nil for any other word.
func ReasonError(word string) error {
	for _, r := range reasons {
		if r.word == word {
			return r.err
		}
	}
	return nil
}
