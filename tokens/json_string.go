package tokens

import "fmt"

// appendString writes s, which is valid UTF-8, as a JSON string the way
// ECMAScript's JSON.stringify and RFC 8785 (section 3.2.2.2) do: escapes only
// where JSON demands one, the short one where there is one, lower-case hex
// otherwise. encoding/json differs: it escapes U+2028 and U+2029.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		b = appendByte(b, s[i])
	}
	return append(b, '"')
}

func appendByte(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, `\b`...)
	case '\t':
		return append(b, `\t`...)
	case '\n':
		return append(b, `\n`...)
	case '\f':
		return append(b, `\f`...)
	case '\r':
		return append(b, `\r`...)
	}
	if c < ' ' {
		return fmt.Appendf(b, `\u%04x`, c)
	}
	return append(b, c)
}
