package waiter

import (
	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// Adopt takes over an operation by the URL that answers how it goes. Where the cancel
// request is made from the start's answer, it cannot be made.
func (b *bound) Adopt(a perdure.Adoption) (protocol.Step, error) {
	if a.StatusURL == "" {
		return protocol.Step{}, &perdure.InputError{Field: "adopt.statusURL", Message: "is missing: this protocol takes an operation over by its status URL only"}
	}
	target, err := protocol.AdoptedURL("adopt.statusURL", a.StatusURL, 0)
	if err != nil {
		return protocol.Step{}, err
	}
	s := state{URL: target, Adopted: true}
	if b.cancel != nil && b.cancel.url.fixed() {
		s.Cancel = b.cancel.url[0].literal
	}
	return step(s, protocol.Step{})
}
