package perduretest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// place is the state that is sealed in a token: where in a script it goes on.
type place struct {
	Script int `json:"script"`
	// Next is the index of the state, the page or the event.
	Next int `json:"next"`
	// Canceling: of an operation, the states are those after a cancel.
	Canceling bool `json:"canceling,omitempty"`
}

func (f *frontend) seal(h tokens.Header, p place) (string, error) {
	state, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	h.IssuedAt = time.Now()
	token, err := f.keyset.Seal(h, state)
	return token.Text(), err
}

// unseal opens a token as a worker does.
func (f *frontend) unseal(text string, want tokens.Expect) (tokens.Header, place, error) {
	var p place
	token, err := tokens.Parse(text)
	if err != nil {
		return tokens.Header{}, p, err
	}
	opened, err := f.keyset.Open(token, want)
	if err != nil {
		return tokens.Header{}, p, err
	}
	if err := json.Unmarshal(opened.State, &p); err != nil || p.Script >= len(f.scripts) {
		return opened.Header, p, fmt.Errorf("perduretest: a token that this client has not made: %w", tokens.ErrMalformed)
	}
	return opened.Header, p, nil
}

// invalidToken is why a worker refuses a token.
func invalidToken(err error) *perdure.ServiceError {
	details, _ := json.Marshal(perdure.TokenRefusal{Reason: tokens.Reason(err)}) // a string: it cannot fail
	return &perdure.ServiceError{Code: perdure.ErrorInvalidToken, Message: perdure.Reason(err), Details: details}
}
