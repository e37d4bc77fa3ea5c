package tokens

import (
	"unique"
)

// binaryVersion begins the binary form.
const binaryVersion = 1

// Token is the text of a continuation token whose spelling has been checked and
// whose origin has not: [Keyset.Open] does that. The zero value is no token.
// Tokens are comparable, and equal when their texts are. A token prints as
// redacted; its text leaves through [Token.Text] and the Marshal methods only,
// so logging as JSON a value that contains one reveals it.
type Token struct {
	// A handle and not a string: fmt ignores the methods of values in unexported
	// fields, and then shows a pointer instead of the text.
	text unique.Handle[string]
}

// Parse takes a text of at most [MaxText] bytes for a token. It checks the
// spelling only: no key is needed, and nothing that the token says is verified.
// Errors: [ErrMalformed], also for the empty text; [ErrTooLarge].
func Parse(text string) (Token, error) {
	if _, err := split(text, MaxText); err != nil {
		return Token{}, err
	}
	return Token{text: unique.Make(text)}, nil
}

// IsZero reports whether t is no token.
func (t Token) IsZero() bool { return t == Token{} }

// Text returns the token's text, and "" for no token. Whoever has it can go on in
// the holder's place: store it as a secret.
func (t Token) Text() string {
	if t.IsZero() {
		return ""
	}
	return t.text.Value()
}

// Header returns what the token says about itself. It is NOT authenticated:
// anybody can write any header, so decide nothing on it that [Keyset.Open] has
// not confirmed. The error is [ErrMalformed], for no token.
func (t Token) Header() (Header, error) {
	p, err := t.split()
	return p.header, err
}

func (t Token) split() (parts, error) {
	if t.IsZero() {
		return parts{}, malformed("no token")
	}
	return split(t.Text(), MaxText)
}

// MarshalText returns the token's text, empty for no token.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.Text()), nil }

// UnmarshalText is [Parse], but that the empty text is no token. After an error
// t is no token.
func (t *Token) UnmarshalText(text []byte) error {
	*t = Token{}
	if len(text) == 0 {
		return nil
	}
	parsed, err := Parse(string(text))
	*t = parsed
	return err
}

// MarshalBinary returns the binary form, a quarter shorter than the text: the
// byte 1, then the bytes that the text has in base64url. It is empty for no token.
func (t Token) MarshalBinary() ([]byte, error) {
	if t.IsZero() {
		return []byte{}, nil
	}
	raw, err := encoding.DecodeString(t.Text()[len(prefix):])
	return append([]byte{binaryVersion}, raw...), err
}

// UnmarshalBinary takes the binary form, checked as [Parse] checks the text;
// empty is no token. After an error t is no token.
func (t *Token) UnmarshalBinary(data []byte) error {
	*t = Token{}
	if len(data) == 0 {
		return nil
	}
	if limit := 1 + encoding.DecodedLen(MaxText-len(prefix)); len(data) > limit {
		return tooLarge(len(data), limit)
	}
	if data[0] != binaryVersion {
		return malformed("the first byte of the binary form is not 1")
	}
	parsed, err := Parse(prefix + encoding.EncodeToString(data[1:]))
	*t = parsed
	return err
}
