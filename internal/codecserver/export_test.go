package codecserver

import "encoding/json"

// Permitted reports whether the claims of a token that is verified let in.
func Permitted(token []byte, allow []string) (bool, error) {
	allowed, err := parsePermissions(allow)
	if err != nil {
		return false, err
	}
	var c claims
	if err := json.Unmarshal(token, &c); err != nil {
		return false, err
	}
	return c.permitted(allowed), nil
}
