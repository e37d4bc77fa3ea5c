package codecserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// permission is a claim that lets in.
type permission struct{ claim, value string }

// everybody allows whatever the claims are.
const everybody = "*"

// parsePermissions gives none for everybody.
func parsePermissions(allow []string) ([]permission, error) {
	if len(allow) == 0 {
		return nil, errors.New(`allow: is empty, want CLAIM=VALUE, such as groups=operators, or "*" for every token of this issuer and audience`)
	}
	if slices.Equal(allow, []string{everybody}) {
		return nil, nil
	}
	var all []permission
	for _, text := range allow {
		claim, value, _ := strings.Cut(text, "=")
		if claim == "" || value == "" {
			return nil, fmt.Errorf(`allow %q: want CLAIM=VALUE, such as groups=operators, or "*" alone`, text)
		}
		all = append(all, permission{claim, value})
	}
	return all, nil
}

// claims are those of a verified token.
type claims map[string]json.RawMessage

// permitted: one suffices. Without any, all are.
func (c claims) permitted(allowed []permission) bool {
	return len(allowed) == 0 || slices.ContainsFunc(allowed, func(p permission) bool {
		// Some issuers let users name any address as theirs.
		return c.has(p) && (p.claim != "email" || c.has(permission{"email_verified", "true"}))
	})
}

// has reports whether the claim is the value, or a list with the value in it.
func (c claims) has(p permission) bool {
	var list []json.RawMessage
	if json.Unmarshal(c[p.claim], &list) != nil {
		list = []json.RawMessage{c[p.claim]}
	}
	return slices.ContainsFunc(list, func(one json.RawMessage) bool {
		text := text(one)
		if p.claim == "scope" || p.claim == "scp" { // RFC 8693, section 4.2: separated by spaces
			return slices.Contains(strings.Fields(text), p.value)
		}
		return text == p.value
	})
}

// text is a string's content, and anything else as JSON has it.
func text(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) != nil {
		return string(value)
	}
	return s
}
