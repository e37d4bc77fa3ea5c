package perdure

import (
	"encoding/base64"
	"encoding/json"
)

// Body is the content of a request or a response: at most one of its fields is set.
type Body struct {
	JSON   json.RawMessage `json:"json,omitempty"`
	Text   *string         `json:"text,omitempty"`
	Base64 *string         `json:"base64,omitempty"` // standard base64, padded
}

// JSONBody returns a body that is sent, or was received, as JSON.
func JSONBody(raw json.RawMessage) *Body { return &Body{JSON: raw} }

// TextBody returns a body of plain text.
func TextBody(text string) *Body { return &Body{Text: &text} }

// BytesBody returns a body of arbitrary bytes.
func BytesBody(b []byte) *Body {
	s := base64.StdEncoding.EncodeToString(b)
	return &Body{Base64: &s}
}

// Bytes returns the content. It fails where base64 is not valid.
func (b *Body) Bytes() ([]byte, error) {
	switch {
	case b == nil:
		return nil, nil
	case b.JSON != nil:
		return b.JSON, nil
	case b.Text != nil:
		return []byte(*b.Text), nil
	case b.Base64 != nil:
		return base64.StdEncoding.DecodeString(*b.Base64)
	}
	return nil, nil
}

// ContentType returns the media type that goes with the body, or "" for none.
func (b *Body) ContentType() string {
	switch {
	case b == nil:
		return ""
	case b.JSON != nil:
		return "application/json"
	case b.Text != nil:
		return "text/plain; charset=utf-8"
	case b.Base64 != nil:
		return "application/octet-stream"
	}
	return ""
}

// kinds counts the fields that are set.
func (b *Body) kinds() int {
	n := 0
	if b.JSON != nil {
		n++
	}
	if b.Text != nil {
		n++
	}
	if b.Base64 != nil {
		n++
	}
	return n
}
