package tokens

import (
	"fmt"
	"io"
	"log/slog"
)

// String tells whether there is a token, and nothing of it.
func (t Token) String() string {
	if t.IsZero() {
		return "no continuation token"
	}
	return "continuation token (redacted)"
}

// GoString is [Token.String].
func (t Token) GoString() string { return t.String() }

// Format writes [Token.String] under every verb.
func (t Token) Format(f fmt.State, _ rune) { writeTo(f, t.String()) }

// LogValue is [Token.String].
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// String tells the kind of token and how long its state is.
func (o Opened) String() string {
	return fmt.Sprintf("opened %s token (state of %d bytes redacted)", o.Header.Kind, len(o.State))
}

// GoString is [Opened.String].
func (o Opened) GoString() string { return o.String() }

// Format writes [Opened.String] under every verb.
func (o Opened) Format(f fmt.State, _ rune) { writeTo(f, o.String()) }

// LogValue is [Opened.String].
func (o Opened) LogValue() slog.Value { return slog.StringValue(o.String()) }

// String tells how many keys there are and which one seals.
func (k *Keyset) String() string {
	r := k.current()
	return fmt.Sprintf("keyset of %d keys (redacted), key %d seals", len(r.keys), r.primary)
}

// GoString is [Keyset.String].
func (k *Keyset) GoString() string { return k.String() }

// Format writes [Keyset.String] under every verb.
func (k *Keyset) Format(f fmt.State, _ rune) { writeTo(f, k.String()) }

// LogValue is [Keyset.String].
func (k *Keyset) LogValue() slog.Value { return slog.StringValue(k.String()) }

func writeTo(f fmt.State, s string) { _, _ = io.WriteString(f, s) }
