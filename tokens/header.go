package tokens

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// MaxHeaderString is the most bytes that each string of a [Header] may have.
const MaxHeaderString = 1000

// Header is the part of a token that is readable without a key and sealed
// against change. Each string is valid UTF-8 of at most [MaxHeaderString] bytes;
// empty means none. Strings are compared byte for byte.
type Header struct {
	// Kind is required.
	Kind Kind `json:"kind"`
	// WorkflowID names the workflow to attach to.
	WorkflowID string `json:"workflowId,omitempty"`
	// Namespace is where that workflow ran: informative, never checked.
	Namespace string `json:"namespace,omitempty"`
	Service   string `json:"service,omitempty"`
	Protocol  string `json:"protocol,omitempty"`
	// Type is the caller's name for its method. A token that has one opens only
	// for callers that name it.
	Type string `json:"type,omitempty"`
	// Audience is for whom the token is: a tenant, a user. As strict as Type.
	Audience string `json:"audience,omitempty"`
	// IssuedAt is required, from 1970 to 9999. Sealing takes it to UTC and down
	// to the whole second.
	IssuedAt time.Time `json:"issuedAt"`
	// KeyID is the key that sealed. Sealing sets it, whatever is there.
	KeyID uint32 `json:"keyId"`
}

// encode gives the one spelling of the header, or why it has none.
func (h Header) encode() ([]byte, error) {
	if err := h.validate(); err != nil {
		return nil, err
	}
	b := appendString([]byte(`{"kind":`), string(h.Kind))
	for _, f := range h.optional() {
		if f.value != "" {
			b = append(b, `,"`+f.name+`":`...)
			b = appendString(b, f.value)
		}
	}
	b = append(b, `,"issuedAt":"`...)
	b = h.IssuedAt.UTC().AppendFormat(b, time.RFC3339)
	b = append(b, `","keyId":`...)
	b = strconv.AppendUint(b, uint64(h.KeyID), 10)
	return append(b, '}'), nil
}

// decodeHeader reads b and takes nothing but the spelling that encode gives:
// unknown, repeated and reordered keys, spaces, other escapes and other
// renderings of a number or a time all come out different.
func decodeHeader(b []byte) (Header, error) {
	var h Header
	if json.Unmarshal(b, &h) != nil { // its text could quote the input
		return Header{}, malformed("the header is not the JSON of a header")
	}
	again, err := h.encode()
	if err != nil {
		return Header{}, err
	}
	if !bytes.Equal(again, b) {
		return Header{}, malformed("the header is not in its one spelling")
	}
	return h, nil
}

func (h Header) validate() error {
	if !h.Kind.known() {
		return malformed("the header has no kind that is known")
	}
	for _, f := range h.optional() {
		if len(f.value) > MaxHeaderString {
			return malformed(fmt.Sprintf("the header's %s has %d bytes, at most %d", f.name, len(f.value), MaxHeaderString))
		}
		if !utf8.ValidString(f.value) {
			return malformed(fmt.Sprintf("the header's %s is not UTF-8", f.name))
		}
	}
	if h.IssuedAt.IsZero() {
		return malformed("the header has no time of issue")
	}
	if year := h.IssuedAt.UTC().Year(); year < 1970 || year > 9999 {
		return malformed("the header's time of issue is not from 1970 to 9999")
	}
	return nil
}

type headerString struct{ name, value string }

// optional lists the strings that are left out when empty, in their order.
func (h Header) optional() []headerString {
	return []headerString{
		{"workflowId", h.WorkflowID},
		{"namespace", h.Namespace},
		{"service", h.Service},
		{"protocol", h.Protocol},
		{"type", h.Type},
		{"audience", h.Audience},
	}
}
