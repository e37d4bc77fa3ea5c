package azure

import (
	"github.com/perdure-dev/perdure/activities/protocol"
)

// goOn: an answer may name a new URL by the same kind of header; from then on the
// operation is asked there. If it names none, it is asked where it was (AG, "the
// service may change the URL"; ARM RPC, "Location header"). azcore follows a new
// Location only (internal/pollers/loc: Poll).
func (b bound) goOn(s state, answer protocol.Exchange, out protocol.Step) (protocol.Step, error) {
	for _, header := range movingHeaders(s.Kind) {
		ref := answer.Header.Get(header)
		if ref == "" {
			continue
		}
		moved, err := b.find(answer, header, ref).must()
		if err != nil {
			return protocol.Step{}, err
		}
		s.Monitor = moved
		break
	}
	return s.step(out)
}

// movingHeaders in their order: the one that named the monitor goes first.
func movingHeaders(k kind) []string {
	switch k {
	case asyncOperation:
		return []string{headerAsync, headerOperation}
	case operationLocation:
		return []string{headerOperation, headerAsync}
	case location:
		return []string{headerLocation}
	case ownURL:
	}
	return nil
}
